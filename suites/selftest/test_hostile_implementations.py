"""What an implementation leaves behind is told and ended, and nobody's death leaves anything.

The table is in ``hostile_implementations``; here are the moments, and who dies first. After each
command no process of its lives, be it that it has cleared its environment, and no folder is left.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sockproof.judge.verdict import TeardownVerdict, Verdict
from suites.selftest.hostile_implementations import ENDS, LEAVES, RIGHT, written
from suites.selftest.runs import (
    DEADLINE_S,
    HANDLED,
    SPEC,
    Mark,
    case_of,
    play,
    records_in,
    sockproof_,
    started_command,
    started_into,
    wait_until,
)

ANSWERED_WITHIN_S = 10.0
"""A second is promised, where nobody else computes; what hangs here hangs for minutes."""
HANGS = {"SOCKPROOF_TIMEOUT_SCALE": "20"}
"""Nothing is given up by itself."""


NOT_AT_CLOSE = ("daemon-with-the-port",)
"""There is none any more."""


def remaining(mark: Mark) -> list[str]:
    """The processes of a command that live: by their environment, or by what they were told."""
    word, found = mark.value.encode("ascii"), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            told = (folder / "cmdline").read_bytes()
            if word in told or word in (folder / "environ").read_bytes():
                found.append(f"{folder.name} {told!r}")
    return found


def segments() -> list[str]:
    """The shared memory of this machine."""
    return Path("/proc/sysvipc/shm").read_text("ascii").splitlines()[1:]


def written_all(folder: Path, mark: Mark, moment: str) -> dict[str, str]:
    """What every row of LEAVES does at a moment: a pattern of what is told of it, by the file."""
    return {
        written(folder, name, text, moment, mark.value): pattern
        for name, (text, pattern) in LEAVES.items()
        if moment == "handler" or name not in NOT_AT_CLOSE
    }


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("moment", ["handler", "close"])
def test_whatever_is_left_is_a_leak_and_is_ended(
    tmp_path: Path, temporary: Path, moment: str
) -> None:
    """Of each its own case has a leak in words, and no process or shared memory outlives it."""
    mark, before = Mark.new(), segments()
    expected = written_all(tmp_path, mark, moment)
    variables = {"TMPDIR": str(temporary), "SOCKPROOF_TIMEOUT_SCALE": "0.2", **mark.variables}

    ended = play(tmp_path, list(expected), HANDLED, **variables)

    assert remaining(mark) == []
    assert ended.status == 1, ended
    cases = {name: case_of(record, HANDLED) for name, record in records_in(tmp_path).items()}
    told = {Path(file).stem: pattern for file, pattern in expected.items()}
    assert {
        name: cases[name].teardown
        for name, pattern in told.items()
        if cases[name].verdict is not Verdict.PASS
        or cases[name].teardown.verdict is not TeardownVerdict.LEAKED
        or not any(re.match(pattern, leak) for leak in cases[name].teardown.leaks)
    } == {}
    assert list(temporary.iterdir()) == []
    assert segments() == before


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("moment", ["handler", "close"])
def test_what_has_ended_is_no_leak(tmp_path: Path, moment: str) -> None:
    """Servers with other insides, which leave nothing, are clean."""
    mark = Mark.new()
    files = [written(tmp_path, name, text, moment) for name, text in RIGHT.items()]

    ended = play(tmp_path, files, HANDLED, **mark.variables)

    assert ended.status == 0, ended
    assert [case_of(one, HANDLED).teardown.leaks for one in records_in(tmp_path).values()] == [
        () for _ in files
    ]
    assert remaining(mark) == []


@pytest.mark.by_turns(5)
def test_what_is_left_by_an_import_ends_with_the_run(tmp_path: Path, temporary: Path) -> None:
    """It is no leak of a case, which has not made it."""
    mark = Mark.new()
    names = ("daemon", "deaf-daemon", "grandchild-of-a-program", "child")
    files = [written(tmp_path, one, LEAVES[one][0], "import", mark.value) for one in names]

    ended = play(tmp_path, files, HANDLED, TMPDIR=str(temporary), **mark.variables)

    assert ended.status == 0, ended
    assert remaining(mark) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.by_turns(5)
def test_who_ends_or_hangs_while_imported_is_told_in_one_line(
    tmp_path: Path, temporary: Path
) -> None:
    """The others are played, the run ends with 3, and nothing lives on: not what was stopped, nor
    what has lost its guard."""
    mark = Mark.new()
    files = {
        written(tmp_path, name, text, "import", mark.value): pattern
        for name, (text, pattern) in ENDS.items()
    }
    variables = {"TMPDIR": str(temporary), "SOCKPROOF_TIMEOUT_SCALE": "0.1", **mark.variables}

    ended = play(tmp_path, [*files, sys.executable], HANDLED, options=("-n0",), **variables)

    assert remaining(mark) == []
    assert ended.status == 3, ended
    assert "Traceback" not in ended.stderr
    missing = [f for f, told in files.items() if not re.search(f"{f}: {told}", ended.stderr)]
    assert missing == [], ended.stderr
    assert list(temporary.iterdir()) == []


# Whoever dies first

HANGING = """signal.alarm(600)
open(os.environ['HELD_FILE'], 'a').write('held\\n')
while True: signal.pause()"""
DAEMON = LEAVES["daemon"][0]
KILLS_COMMAND = """
import re
guard = os.getppid()
command = int(re.search(r"\\d+ \\(.*\\) \\w (\\d+)", open("/proc/%d/stat" % guard).read()).group(1))
open(os.environ["HELD_FILE"], "a").write("held\\n")
os.kill(command, signal.SIGKILL)
"""
HANGING_LATER = """
held = os.environ["HELD_FILE"]
open(held, "a").write("held\\n")
while open(held).read().count("held") > 1: signal.pause()
"""
NO_PYTHON = """#!/bin/sh
echo held >>"$HELD_FILE"
exec sleep 1000
"""


LACKING = """
name = "lacking"
command = ["{python}"]
env = {{ PYTHONPATH = "{folder}" }}
"""


@contextmanager
def held(
    folder: Path, temporary: Path, mark: Mark, arguments: Sequence[str], times: int = 1
) -> Iterator[subprocess.Popen[bytes]]:
    """A command once an implementation of its has written to the file so many times."""
    file = folder / "held"
    variables = {"HELD_FILE": str(file), "TMPDIR": str(temporary), **HANGS, **mark.variables}
    with started_command(folder, *arguments, **variables) as command:
        wait_until(lambda: file.exists() and file.read_text().count("held") >= times)
        yield command


def run_of(iut: str, *options: str) -> list[str]:
    return ["run", f"--iut={iut}", "-k", HANDLED, "--spec", SPEC, "--report-dir", "out", *options]


def in_import(folder: Path, mark: Mark) -> list[str]:
    return run_of(written(folder, "hangs", DAEMON + HANGING, "import", mark.value))


def stopped_in_import(folder: Path, mark: Mark) -> list[str]:
    stops = "os.kill(os.getppid(), signal.SIGSTOP)\n" + HANGING
    return run_of(written(folder, "hangs", stops, "import", mark.value))


def killed_by_import(folder: Path, mark: Mark) -> list[str]:
    return run_of(written(folder, "kills", DAEMON + KILLS_COMMAND + HANGING, "import", mark.value))


def before_the_first_word(folder: Path, _mark: Mark) -> list[str]:
    (folder / "python").write_text(NO_PYTHON)
    (folder / "python").chmod(0o755)
    return run_of(str(folder / "python"))


def in_import_of_a_worker(folder: Path, mark: Mark) -> list[str]:
    return run_of(written(folder, "hangs", DAEMON + HANGING_LATER, "import", mark.value), "-n1")


def in_handler(folder: Path, mark: Mark) -> list[str]:
    return run_of(written(folder, "hangs", DAEMON + HANGING, "handler", mark.value), "-n1")


def in_handler_here(folder: Path, mark: Mark) -> list[str]:
    return run_of(written(folder, "hangs", DAEMON + HANGING, "handler", mark.value), "-n0")


def in_handler_with_a_stopped_agent(folder: Path, mark: Mark) -> list[str]:
    stops = "os.kill(os.getppid(), signal.SIGSTOP)\n"
    return run_of(written(folder, "stops", DAEMON + stops + HANGING, "handler", mark.value), "-n1")


def in_doctor(folder: Path, mark: Mark) -> list[str]:
    return ["doctor", f"--iut={written(folder, 'hangs', HANGING, 'import', mark.value)}"]


Moment = Callable[[Path, Mark], list[str]]
AT_WORK = (in_import, stopped_in_import, in_import_of_a_worker, in_handler, in_handler_here)
KILLED = (*AT_WORK, killed_by_import, before_the_first_word, in_handler_with_a_stopped_agent)
TWICE = (in_import_of_a_worker,)


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("moment", KILLED)
def test_killed_command_leaves_nothing(tmp_path: Path, temporary: Path, moment: Moment) -> None:
    """Neither a process, which may have a session and an environment of its own, nor a folder."""
    mark = Mark.new()
    arguments = moment(tmp_path, mark)
    with held(tmp_path, temporary, mark, arguments, 1 + (moment in TWICE)) as command:
        command.kill()
        command.wait(DEADLINE_S)

    wait_until(lambda: not remaining(mark))
    wait_until(lambda: not list(temporary.iterdir()))


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("number", "to_group"),
    [
        pytest.param(signal.SIGINT, True, id="ctrl-c"),
        pytest.param(signal.SIGTERM, False, id="terminated"),
    ],
)
@pytest.mark.parametrize("moment", [*AT_WORK, before_the_first_word, in_doctor])
def test_interrupt_waits_for_nobody(
    tmp_path: Path, temporary: Path, moment: Moment, number: int, to_group: bool
) -> None:
    """Status 3 and one line, however long the other would take; and nothing is left."""
    mark = Mark.new()
    arguments = moment(tmp_path, mark)
    with held(tmp_path, temporary, mark, arguments, 1 + (moment in TWICE)) as command:
        began_s = time.monotonic()
        (os.killpg if to_group else os.kill)(command.pid, number)
        assert command.wait(DEADLINE_S) == 3
        took_s = time.monotonic() - began_s

    assert took_s < ANSWERED_WITHIN_S
    printed = (tmp_path / "printed").read_text("utf-8")
    assert "interrupted" in printed
    assert "Traceback" not in printed
    assert remaining(mark) == []
    assert list(temporary.iterdir()) == []


@contextmanager
def full_pipe() -> Iterator[int]:
    """An end to write to: whoever does waits for ever."""
    unread, full = os.pipe()
    try:
        os.set_blocking(full, False)
        with suppress(BlockingIOError):
            while True:
                os.write(full, bytes(4096))
        os.set_blocking(full, True)
        yield full
    finally:
        os.close(unread)
        os.close(full)


@pytest.mark.by_turns(5)
@pytest.mark.parametrize(
    ("number", "status", "written_by_then"),
    [
        pytest.param(signal.SIGKILL, -signal.SIGKILL, "*.jsonl", id="killed"),
        pytest.param(signal.SIGTERM, 3, "report.html", id="terminated"),
    ],
)
def test_end_after_the_last_case_leaves_nothing(
    tmp_path: Path, temporary: Path, number: int, status: int, written_by_then: str
) -> None:
    """Also while it tells of its reports, to a pipe that is full and that nobody reads."""
    mark, arguments = Mark.new(), run_of(sys.executable, "-n1")
    variables = {"TMPDIR": str(temporary), **mark.variables}
    with (
        full_pipe() as full,
        started_into(full, tmp_path, *arguments, **variables) as command,
    ):
        wait_until(lambda: any(record.footer for record in records_in(tmp_path).values()))
        wait_until(lambda: list((tmp_path / "out").glob(written_by_then)))
        began_s = time.monotonic()
        command.send_signal(number)
        assert command.wait(DEADLINE_S) == status
        assert time.monotonic() - began_s < ANSWERED_WITHIN_S

    wait_until(lambda: not remaining(mark))
    wait_until(lambda: not list(temporary.iterdir()))


@pytest.mark.by_turns(3)
def test_what_a_teardown_cannot_see_is_said(tmp_path: Path) -> None:
    """At the start of a run and by doctor: an interpreter without ctypes has no guard that adopts.
    What shows the mark of its agent is ended all the same."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ctypes'] = None")
    lacking = tmp_path / "lacking.toml"
    lacking.write_text(LACKING.format(python=sys.executable, folder=tmp_path))

    ended = play(tmp_path, [str(lacking)], HANDLED, options=("-n0", "--spec", SPEC))
    asked = sockproof_(tmp_path, "doctor", "--iut", str(lacking))

    assert ended.status == 0, ended
    said = "a teardown does not see processes that outlive their parents"
    assert f"lacking: {said}" in ended.stderr
    assert said in asked.stdout
    assert said not in sockproof_(tmp_path, "doctor", "--iut", sys.executable).stdout
