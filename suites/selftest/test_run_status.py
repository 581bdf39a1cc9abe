"""What a run ends with: its exit status, its message, and what it has written by then."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.judge.verdict import TeardownVerdict, Verdict
from suites.selftest.runs import (
    DEADLINE_S,
    HANDLED,
    REFUSED,
    REPORTS,
    SPEC,
    Ended,
    case_of,
    command,
    environment,
    play,
    records_in,
    sockproof_,
)

IN_PROCESS = ("-n", "0", "--spec", "ThreadingTCP/inet")


@pytest.mark.by_turns(5)
def test_untouched_interpreter_ends_with_0(tmp_path: Path) -> None:
    """A run in which all is well: status 0, a complete record, three reports."""
    ended = play(tmp_path, [])

    assert ended.status == 0, ended
    (record,) = records_in(tmp_path).values()
    assert record.complete
    assert [case.verdict for case in record.cases] == [Verdict.PASS] * 2
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*REPORTS, record.path.name}
    assert "nothing needs attention" in ended.stdout


@pytest.mark.by_turns(16)
@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("name", ["sérver", "сервер", "サーバー", "two words", "it's-[x]"])
def test_file_may_have_any_name(tmp_path: Path, name: str, workers: str) -> None:
    """In any script, with blanks, quotes and brackets; and so may a .toml file's ``name``."""
    (tmp_path / f"{name}.py").write_text("from socketserver import *\n")
    where = ("-k", REFUSED, "--spec", SPEC, "-n", workers, "--report-dir", "out")

    ended = sockproof_(tmp_path, "run", "--iut", f"./{name}.py", *where)

    assert ended.status == 0, ended
    assert "error" not in ended.stderr
    assert list(records_in(tmp_path)) == [name]


@pytest.mark.by_turns(6)
def test_failure_and_leak_each_end_with_1(tmp_path: Path) -> None:
    """A FAIL and a leak both are deviations; a leak alone leaves the verdict as it is."""
    failing = play(tmp_path, [partner("keeps_refused")], REFUSED, options=IN_PROCESS)
    failed = case_of(records_in(tmp_path)["keeps_refused"], REFUSED)
    leaking = play(
        tmp_path, [partner("leaks")], REFUSED, options=IN_PROCESS, SOCKPROOF_TIMEOUT_SCALE="0.4"
    )
    leaked = case_of(records_in(tmp_path)["leaks"], REFUSED)

    assert (failing.status, leaking.status) == (1, 1)
    assert failed.verdict is Verdict.FAIL
    assert "end of stream" in failed.expected
    assert (leaked.verdict, leaked.teardown.verdict) == (Verdict.PASS, TeardownVerdict.LEAKED)
    assert "1 leak" in leaking.stdout


PROBLEMS = {
    "dies_at_start.py": "ended with status 3",
    "never_answers.py": "no answer",
    "fails_to_import.py": "failed: RuntimeError: the licence has expired",
    "has_everything.py": "which cannot exist; its answers cannot be believed",
    "forgets_requests.py": "the smoke exchange failed: expected an echo",
    "./relocated": "/elsewhere/socketserver.py, outside its own library",
    "no_such_module": "ModuleNotFoundError: No module named 'no_such_module'",
}
"""What cannot be judged, and what is said of it."""


def write_interpreter(path: Path, preparation: str) -> None:
    path.write_text(f'#!/bin/sh\n{preparation}\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)


@pytest.mark.by_turns(12)
def test_the_others_are_judged_when_some_cannot_be(tmp_path: Path) -> None:
    """Each that cannot be judged is named with its reason; the others are, and the run is
    incomplete in status, terminal, records and reports."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "socketserver.py").write_text("class TCPServer: ...\n")
    write_interpreter(tmp_path / "relocated", f"export PYTHONPATH={tmp_path}/elsewhere")
    broken = [partner(name[:-3]) if name.endswith(".py") else name for name in PROBLEMS]
    iuts = [*broken, partner("prints_at_start"), sys.executable]

    ended = play(tmp_path, iuts, REFUSED, options=IN_PROCESS, SOCKPROOF_TIMEOUT_SCALE="0.5")

    assert ended.status == 3
    assert "Traceback" not in ended.stderr
    assert_named_with_reasons(ended)
    assert_others_judged(tmp_path, ended)


def assert_named_with_reasons(ended: Ended) -> None:
    lines = [line for line in ended.stderr.splitlines() if line.startswith("sockproof: ")]
    for given, problem in PROBLEMS.items():
        assert [line for line in lines if f"{given}:" in line and problem in line], (given, lines)


def assert_others_judged(folder: Path, ended: Ended) -> None:
    records = records_in(folder)
    assert "INCOMPLETE RUN" in ended.stdout
    assert len(records) == 2
    assert "prints_at_start" in records
    for record in records.values():
        assert case_of(record, REFUSED).verdict is Verdict.PASS
        assert not record.complete
        assert "the licence has expired" in record.incomplete_reason
    for name in ("summary.md", "junit.xml"):
        assert "incomplete" in (folder / "out" / name).read_text("utf-8").lower(), name


@pytest.mark.by_turns(5)
def test_no_implementation_at_all_ends_with_3(tmp_path: Path) -> None:
    """When none can be started there is no record, and no report."""
    ended = play(tmp_path, [partner("fails_to_import")])

    assert ended.status == 3
    assert "no implementation could be started" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.by_turns(16)
def test_nothing_selected_leaves_an_earlier_record_alone(tmp_path: Path) -> None:
    """A run that selects nothing ends with 4, and what an earlier run wrote stays."""
    assert play(tmp_path, [], REFUSED, options=IN_PROCESS).status == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    ended = play(tmp_path, [], "no-such-requirement", options=IN_PROCESS)
    never = play(tmp_path, [], HANDLED, options=("-n", "2", "--spec", "UDP/inet"))

    assert (ended.status, never.status) == (4, 4)
    assert ended.error == "no case is selected; see 'sockproof list --cases'"
    assert never.error == ended.error
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


@pytest.mark.by_turns(12)
def test_record_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A file is in the way of the report folder (4); a folder is in the way of the record (3)."""
    (tmp_path / "file").touch()
    (tmp_path / "out" / f"cpython-{sys.version.split()[0]}.jsonl").mkdir(parents=True)

    itself = sockproof_(tmp_path, "run", "--report-dir", "file")
    below = sockproof_(tmp_path, "run", "--report-dir", "file/below")
    occupied = play(tmp_path, [], REFUSED)

    assert (itself.status, below.status, occupied.status) == (4, 4, 3)
    assert "'file' is a file" in itself.error
    assert f"cannot write in {tmp_path / 'file'}" in below.error
    assert "no case was played: cannot write out" in occupied.error


@pytest.mark.by_turns(12)
def test_disk_full_in_mid_run_is_one_line(tmp_path: Path) -> None:
    """The record stays readable as far as it came, incomplete, and the status is 3."""
    ended = subprocess.run(
        command("run", "-k", "dispatch/", "-n", "2", "--keep", "all", "--report-dir", "out"),
        cwd=tmp_path,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        timeout=150,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000)),
    )

    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
    assert "File too large" in ended.stderr
    (record,) = records_in(tmp_path).values()
    assert not record.complete
    assert record.cases


def test_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    """Where the current folder was removed, every command says so."""
    gone = "mkdir gone; cd gone; rmdir ../gone; exec "
    for words in (("list",), ("run", "-k", REFUSED)):
        ended = subprocess.run(
            ["/bin/sh", "-c", f'{gone} "$@"', "sh", *command(*words)],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )

        told = Ended(ended.returncode, ended.stdout, ended.stderr)
        assert (told.status, told.error[:18]) == (4, "the current folder")


@pytest.mark.by_turns(5)
def test_no_room_for_temporary_files_is_one_line(tmp_path: Path) -> None:
    """As where TMPDIR is on a disk that is full."""
    ended = subprocess.run(
        command("run", "-k", REFUSED),
        cwd=tmp_path,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )

    told = Ended(ended.returncode, ended.stdout, ended.stderr)
    assert told.status == 3
    assert told.error.startswith("cannot write temporary files: File too large; set TMPDIR")
    assert not list(tmp_path.iterdir())


@pytest.mark.by_turns(5)
def test_folder_whose_name_is_no_text_is_one_line(tmp_path: Path) -> None:
    """Workers cannot be told of it; without them it is a folder like any other."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\377"))
    folder.mkdir()
    chosen = ("-k", REFUSED, "--spec", "TCP/inet")

    refused = sockproof_(folder, "run", *chosen, "-n", "2")
    played = sockproof_(folder, "run", *chosen, "-n", "0")

    assert (refused.status, played.status) == (4, 0)
    assert "is no UTF-8; go to another, set TMPDIR to another, or use -n 0" in refused.error
