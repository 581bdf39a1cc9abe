"""replay, repro and pcap of a check's record, as their user sees them; and its scripts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sockproof.check.scripts.confirming import SCRIPT, SHOWN
from sockproof.record.reader import read_record
from suites.selftest.runs import sockproof_

LISTENER = str(Path(__file__).with_name("one_fault_listener.py"))
CASE = "invariants/stop-ends-in-time[TCP/inet,idle]"
AS_STORED, OTHERWISE, FAULT, USAGE = 0, 1, 3, 4
WRONG, RIGHT = (
    ("--", sys.executable, LISTENER, "{port}", fault) for fault in ("hears no interrupt", "none")
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of a check of one case, which fails."""
    place = tmp_path_factory.mktemp("checked")
    ended = sockproof_(
        place, "check", "--patience", "1", "-k", CASE, "--report-dir", "report", *WRONG
    )
    assert ended.status == 1, ended.stdout + ended.stderr
    (record,) = (place / "report").glob("*.jsonl")
    shutil.copy(record, place / "wrong.jsonl")
    return place


@pytest.mark.by_turns(5)
def test_failure_is_confirmed_by_its_script(folder: Path) -> None:
    """The record says so, and is intact; the script is in the report folder and runs by itself."""
    (case,) = read_record(folder / "wrong.jsonl").cases
    script = folder / "report/scripts/stop-ends-in-time-idle.py"

    assert (case.observations[SCRIPT], case.cause) == (f"scripts/{script.name} {SHOWN}", "")
    assert sockproof_(folder, "verify", "wrong.jsonl").status == 0
    ended = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True)
    assert ended.returncode == 1, ended.stdout
    assert ended.stdout == "After an interrupt the program still runs 1 s later, with no client.\n"


@pytest.mark.by_turns(5)
def test_case_ends_again_as_stored(folder: Path) -> None:
    """Played on the program that is named."""
    ended = sockproof_(folder, "replay", "wrong.jsonl", CASE, *WRONG)

    assert ended.status == AS_STORED, ended.stdout + ended.stderr
    assert "1 of 1 ended as stored" in ended.stdout


@pytest.mark.by_turns(3)
def test_case_ends_otherwise_where_the_fault_is_gone(folder: Path) -> None:
    """And a record of that can be kept."""
    ended = sockproof_(folder, "replay", "wrong.jsonl", CASE, "-o", "right.jsonl", *RIGHT)

    assert ended.status == OTHERWISE, ended.stdout + ended.stderr
    assert "0 of 1 ended as stored" in ended.stdout
    assert [case.id for case in read_record(folder / "right.jsonl").cases] == [CASE]


@pytest.mark.by_turns(5)
def test_script_is_written_again(folder: Path) -> None:
    """And tried: there it shows it, on a right program it does not, and says so."""
    for program, told in ((WRONG, "it shows it"), (RIGHT, "it does not show it")):
        ended = sockproof_(folder, "repro", "wrong.jsonl", CASE, "-o", "x.py", *program)

        assert (ended.status, told in ended.stdout) == (0, True), ended.stdout + ended.stderr
        text = (folder / "x.py").read_text("utf-8")
        assert ("Seen once: when it was tried" in text) == (program is RIGHT)


def test_record_is_a_capture(folder: Path) -> None:
    """Of what its peers did and saw; nothing is played."""
    ended = sockproof_(folder, "pcap", "wrong.jsonl", CASE, "-o", "wrong.pcapng")

    assert ended.status == 0, ended.stderr
    assert (folder / "wrong.pcapng").stat().st_size


@pytest.mark.by_turns(12)
def test_record_names_nothing_to_start(folder: Path) -> None:
    """Unless its user trusts it, in this call; then it is told first."""
    for command in (("replay",), ("repro", "-o", "y.py")):
        refused = sockproof_(folder, *command, "wrong.jsonl", CASE)
        trusted = sockproof_(folder, *command, "wrong.jsonl", CASE, "--trust-record")

        assert (refused.status, refused.stdout) == (USAGE, "")
        assert "what a record names is not used by itself" in refused.stderr
        assert trusted.status == AS_STORED, trusted.stderr
        assert trusted.stderr.startswith("sockproof: uses what wrong.jsonl names: ")


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("replay", CASE), USAGE, "nothing says what is checked"),
        (("replay", CASE, "127.0.0.1"), USAGE, "it has no port; type 127.0.0.1:PORT"),
        (("replay", CASE, "10.0.0.1:1"), USAGE, "is not this machine's loopback"),
        (("replay", CASE, "unix:/tmp/a"), USAGE, "is not played on unix:/tmp/a"),
        (("replay", CASE, "--capture", "x", "127.0.0.1:1"), USAGE, "is for cases of a run"),
        (("repro", CASE, "--report", "x.md", "127.0.0.1:1"), USAGE, "--report is of a module"),
        (("repro", CASE, "127.0.0.1:1"), FAULT, "nobody can be reached"),
        (("repro", CASE, *RIGHT), FAULT, "passes there"),
        (
            ("repro", "invariants/reached-by-families[TCP/inet,IPv4]", "127.0.0.1:1"),
            FAULT,
            "is only seen",
        ),
        (("replay", "invariants/none[TCP/inet]", "127.0.0.1:1"), USAGE, "no requirement"),
    ],
)
def test_what_cannot_be_played_is_one_line(
    folder: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    """With the status of its kind."""
    ended = sockproof_(folder, *words)

    assert (ended.status, ended.stdout) == (status, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
