"""``make reference``: what is there is made anew, the rest stays, nothing is written in vain."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sockproof.commands import refresh as refreshing
from sockproof.commands.refresh import refresh
from sockproof.errors import HarnessError, IutUnavailable
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import read_record
from sockproof.record.reference_form import reference_octets
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.record.writer import RecordWriter
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.spec.levels import Level
from suites.selftest.runs import environment

ABSENT = "python3.99"
CASE = CaseRow("names/a", "names/a", "", Verdict.PASS, observations={"n": 1}, duration_s=0.5)
PAGES = {"report.html", "summary.md", "atlas.html"}


class Players:
    """Stand in for interpreters that are there: what each of them is seen to do."""

    def __init__(self, seen: Mapping[str, CaseRow | str]) -> None:
        self.seen = seen

    def __call__(self, given: str, folder: Path) -> Path:
        """Play one: a case is seen, or a text says what cuts the run short."""
        seen = self.seen[given]
        if seen == "nothing":
            raise HarnessError("no case was played")
        header = {
            "suite_version": "0.1.0",
            "implementation": {"id": f"cpython-{given}", "given": given, "level": given[:4]},
        }
        with RecordWriter(folder / f"cpython-{given}.jsonl", header) as writer:
            writer.requirement(
                RequirementRow("names/a", "names", "It is.", Level.MUST, "https://x")
            )
            writer.case(seen if isinstance(seen, CaseRow) else CASE)
            if isinstance(seen, str):
                writer.close(False, seen)
        return writer.path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of references; every implementation is there but one."""

    def probed(given: str, _module: str) -> None:
        if given == ABSENT:
            raise IutUnavailable(f"no interpreter {given!r} here")

    monkeypatch.setattr(refreshing, "_probe", probed)
    (tmp_path / "reference").mkdir()
    return tmp_path / "reference"


def contents(folder: Path) -> Mapping[str, tuple[bytes, int]]:
    """Every file: what it holds, and when that was written."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.mark.by_turns(3)
def test_what_is_there_is_written_in_the_form_of_a_reference(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each that is not there is told in a line, which is no failure."""
    status = refresh(["3.12.1", ABSENT], folder, Players({"3.12.1": CASE}))

    shown = capsys.readouterr().out
    path = folder / "cpython-3.12.1.jsonl"
    assert status == 0
    assert reference_octets(read_record(path)) == path.read_bytes()
    assert {file.name for file in folder.iterdir()} >= PAGES
    (line,) = (line for line in shown.splitlines() if ABSENT in line)
    assert "is not there, its record stays as it is" in line
    assert "cpython-3.12.1: written anew" in shown


@pytest.mark.by_turns(3)
def test_the_same_seen_again_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No record and no page is touched, whatever the clock says."""
    refresh(["3.12.1"], folder, Players({"3.12.1": CASE}))
    before = contents(folder)

    later = dataclasses.replace(CASE, duration_s=7.5)
    assert refresh(["3.12.1"], folder, Players({"3.12.1": later})) == 0

    assert contents(folder) == before
    assert "cpython-3.12.1: the same, not touched" in capsys.readouterr().out


def test_a_record_that_is_not_made_anew_stays(folder: Path) -> None:
    """Only what was played and seen to be another is written; the pages are of all of them."""
    both = ["3.11.7", "3.12.1", "3.13.0"]
    refresh(both, folder, Players(dict.fromkeys(both, CASE)))
    before = contents(folder)

    other = dataclasses.replace(CASE, observations={"n": 2})
    refresh(both[:2], folder, Players({"3.11.7": CASE, "3.12.1": other}))

    after = contents(folder)
    changed = {name for name in after if after[name] != before[name] and name.endswith(".jsonl")}
    assert changed == {"cpython-3.12.1.jsonl"}
    assert "cpython-3.13.0" in (folder / "summary.md").read_text("utf-8")


@pytest.mark.parametrize("what", ["interrupted half-way", "nothing"])
def test_one_that_fails_is_told_and_its_record_stays(
    folder: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    """A run that is not whole is no reference; those after it are made all the same."""
    refresh(["3.12.1"], folder, Players({"3.12.1": CASE}))
    before = contents(folder)["cpython-3.12.1.jsonl"]

    status = refresh(["3.12.1", "3.13.0"], folder, Players({"3.12.1": what, "3.13.0": CASE}))

    assert status == HarnessError.exit_status
    assert contents(folder)["cpython-3.12.1.jsonl"] == before
    assert (folder / "cpython-3.13.0.jsonl").is_file()
    assert "3.12.1 failed, its record stays as it is" in capsys.readouterr().err


def test_what_is_seen_to_deviate_is_written_and_told(folder: Path) -> None:
    """A reference says what was seen; the status is that of a run."""
    failed = dataclasses.replace(CASE, verdict=Verdict.FAIL, expected="a", actual="b")

    assert refresh(["3.12.1"], folder, Players({"3.12.1": failed})) == 1
    (case,) = read_record(folder / "cpython-3.12.1.jsonl").cases
    assert case.verdict is Verdict.FAIL


def test_other_module_may_be_nowhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Python 2 has no socket module that is judged: its socketserver has a record all the same."""
    assert refresh([ABSENT], folder / SOCKETS, Players({}), SOCKETS) == 0

    assert f"socket of {ABSENT} is not there" in capsys.readouterr().out
    assert contents(folder) == {}


def test_nothing_is_there(folder: Path) -> None:
    """To have made none anew is no success."""
    with pytest.raises(HarnessError, match="none of the interpreters is on this machine"):
        refresh([ABSENT], folder, Players({}))

    assert contents(folder) == {}


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(
    ("module", "keyword"),
    [(SERVERS, "names/poll-interval-default"), (SOCKETS, "socket/default-family-and-type")],
)
def test_an_interpreter_is_played_as_a_run_does(tmp_path: Path, module: str, keyword: str) -> None:
    """From end to end, of one case of a module: this Python, and one that is nowhere."""
    script = (
        "import sys; from functools import partial; from pathlib import Path\n"
        "from sockproof.commands.refresh import play_whole, refresh\n"
        f"play = partial(play_whole, workers=0, module={module!r}, keyword={keyword!r})\n"
        f"sys.exit(refresh(sys.argv[1:], Path('reference'), play, {module!r}))\n"
    )
    command = [sys.executable, "-c", script, sys.executable, ABSENT]
    (tmp_path / "reference").mkdir()

    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ended.returncode == 0, ended
    assert f"{module} of {ABSENT} is not there" in ended.stdout
    (path,) = (tmp_path / "reference").glob("*.jsonl")
    record = read_record(path)
    assert [case.verdict for case in record.cases] == [Verdict.PASS]
    assert record.implementation.judged == (module if module == SOCKETS else "")
    assert reference_octets(record) == path.read_bytes()
