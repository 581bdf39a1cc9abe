"""After a run, however it ended, none of its processes lives and none of its files lies about.

A process that has ended holds no socket either, so that ports and socket names are free again.
What a run by itself in one process (``-n 0``) leaves when it is killed by SIGKILL is its folder
below the temporary one: nobody is left to remove it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.judge.verdict import Verdict
from suites.selftest.runs import (
    DEADLINE_S,
    HANDLED,
    REFUSED,
    REPORTS,
    Mark,
    case_of,
    environment,
    living,
    play,
    records_in,
    started,
    started_command,
    wait_until,
)


@pytest.mark.by_turns(24)
def test_normal_run_leaves_its_report_alone(tmp_path: Path, temporary: Path) -> None:
    """Not even a cache is left in the folder where it was started."""
    mark = Mark.new()

    ended = play(tmp_path, [], TMPDIR=str(temporary), **mark.variables)

    assert ended.status == 0, ended
    assert list(living(mark)) == []
    assert list(temporary.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("number", "to_group", "workers"),
    [
        pytest.param(signal.SIGINT, True, 2, id="ctrl-c-in-a-terminal"),
        pytest.param(signal.SIGTERM, False, 2, id="terminated"),
        pytest.param(signal.SIGTERM, True, 0, id="terminated-without-workers"),
    ],
)
def test_interrupted_run_closes_its_record(
    tmp_path: Path, temporary: Path, number: int, to_group: bool, workers: int
) -> None:
    """An interrupt while a handler hangs: status 3, a readable record that says so, reports."""
    held, mark = tmp_path / "held", Mark.new()
    variables = {"HELD_FILE": str(held), "TMPDIR": str(temporary), **mark.variables}
    iuts = [sys.executable, partner("hangs_in_handler")]
    with started(tmp_path, iuts, "-n", str(workers), **variables) as run:
        wait_until(lambda: held.exists() and recorded(tmp_path, REFUSED) == len(iuts))
        (os.killpg if to_group else os.kill)(run.pid, number)
        assert run.wait(DEADLINE_S) == 3

    printed = (tmp_path / "printed").read_text("utf-8")
    assert "Traceback" not in printed
    assert "sockproof: interrupted" in printed
    records = records_in(tmp_path)
    for record in records.values():
        assert re.fullmatch(
            r"interrupted; only \d of 4 cases were played", record.incomplete_reason
        )
    assert case_of(records["hangs_in_handler"], REFUSED).verdict is Verdict.PASS
    assert {path.name for path in (tmp_path / "out").iterdir()} >= REPORTS
    assert list(living(mark)) == []
    assert list(temporary.iterdir()) == []


def recorded(folder: Path, requirement: str, iut_id: str = "*") -> int:
    """How many records, of all implementations or of one, hold a case of the requirement by now."""
    texts = [path.read_text("utf-8") for path in (folder / "out").glob(f"{iut_id}.jsonl")]
    return sum(f'"id":"{requirement}[' in text for text in texts)


@pytest.mark.by_turns(12)
def test_killed_run_takes_everything_with_it(tmp_path: Path, temporary: Path) -> None:
    """After SIGKILL the record is readable as far as it came, and nobody lives on in secret: not
    even a process in a session of its own, which one implementation starts."""
    held, mark = tmp_path / "held", Mark.new()
    variables = {"HELD_FILE": str(held), "TMPDIR": str(temporary), **mark.variables}
    iuts = [partner("leaves_a_daemon"), partner("hangs_in_handler")]
    with started(tmp_path, iuts, **variables) as run:
        wait_until(lambda: held.exists() and recorded(tmp_path, HANDLED, "leaves_a_daemon"))
        run.kill()
        run.wait(DEADLINE_S)
        wait_until(lambda: not list(living(mark)))

    wait_until(lambda: not list(temporary.iterdir()))
    record = records_in(tmp_path)["leaves_a_daemon"]
    assert case_of(record, HANDLED).verdict is Verdict.PASS
    assert record.footer is None
    assert not record.complete


COMMAND = """
import subprocess, sys
from pathlib import Path
from sockproof.run.keeper import kept

with kept(Path(sys.argv[2])):
    workers = [subprocess.Popen([sys.executable, "-c", *sys.argv[1:]]) for _ in range(3)]
    workers[0].wait()
"""
"""Starts three workers, and is killed."""

BUSY_WORKER = """
import itertools, os, sys
from pathlib import Path

for number in itertools.count():
    try:
        Path(sys.argv[1], f"{os.getpid()}-{number % 500}").touch()
    except FileNotFoundError:  # the folder is gone
        pass
"""
"""Makes files in the folder of the run for as long as it lives."""


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_folder_goes_with_those_who_make_files_in_it(temporary: Path, number: int) -> None:
    """When the command is killed its workers are ended first, and then their folder is removed."""
    folder, mark = temporary / "run", Mark.new()
    folder.mkdir()
    arguments = [sys.executable, "-c", COMMAND, BUSY_WORKER, str(folder)]
    with subprocess.Popen(arguments, env={**os.environ, **mark.variables}) as command:
        wait_until(lambda: len({path.name.partition("-")[0] for path in folder.iterdir()}) == 3)
        command.send_signal(number)

    wait_until(lambda: not list(living(mark)))
    assert list(temporary.iterdir()) == []


def of_the_plan(_mark: Mark, temporary: Path) -> bool:
    """The run has its plan."""
    return bool(list(temporary.glob("sockproof-*")))


def of_a_worker(mark: Mark, temporary: Path) -> bool:
    """One of its workers has begun to start."""
    return (
        of_the_plan(mark, temporary) and len(list(living(mark))) > 2
    )  # beside the command, its keeper


@pytest.mark.by_turns(5)
@pytest.mark.parametrize(
    ("beginning", "number", "to_group"),
    [
        pytest.param(of_the_plan, signal.SIGTERM, False, id="terminated"),
        pytest.param(of_a_worker, signal.SIGTERM, False, id="terminated-with-half-a-worker"),
        pytest.param(of_a_worker, signal.SIGINT, True, id="ctrl-c-with-half-a-worker"),
    ],
)
def test_interrupt_before_the_first_case_is_one_line(
    tmp_path: Path,
    temporary: Path,
    beginning: Callable[[Mark, Path], bool],
    number: int,
    to_group: bool,
) -> None:
    """A run that is told to end while it collects its cases ends with 3, and writes nothing."""
    mark = Mark.new()
    variables = {"TMPDIR": str(temporary), **mark.variables}
    with started(tmp_path, [sys.executable], **variables) as run:
        wait_until(lambda: beginning(mark, temporary))
        (os.killpg if to_group else os.kill)(run.pid, number)
        assert run.wait(DEADLINE_S) == 3

    printed = (tmp_path / "printed").read_text("utf-8")
    assert "Traceback" not in printed
    assert "interrupted" in printed
    assert not (tmp_path / "out").exists()
    assert list(living(mark)) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("number", "to_group"),
    [
        pytest.param(signal.SIGTERM, False, id="terminated"),
        pytest.param(signal.SIGINT, True, id="ctrl-c"),
    ],
)
def test_interrupted_proof_is_one_line(
    tmp_path: Path, temporary: Path, number: int, to_group: bool
) -> None:
    """So does a proof, told while its first worker starts."""
    mark = Mark.new()
    arguments = ["selftest", "--named", "-k", "shutdown", "-n", "2", "--report-dir", "out"]
    variables = {"TMPDIR": str(temporary), **mark.variables}
    with started_command(tmp_path, *arguments, **variables) as run:
        wait_until(lambda: of_a_worker(mark, temporary))
        (os.killpg if to_group else os.kill)(run.pid, number)
        assert run.wait(DEADLINE_S) == 3

    printed = (tmp_path / "printed").read_text("utf-8")
    assert "Traceback" not in printed
    assert printed.splitlines()[-1] == "sockproof: error: interrupted"
    assert not (tmp_path / "out").exists()
    assert list(living(mark)) == []
    assert list(temporary.iterdir()) == []


AT_ONCE = """
import threading
from sockproof.iut.survivor import survivor
meet, found = threading.Barrier(8), set()
def ask():
    meet.wait()
    found.add(id(survivor()))
threads = [threading.Thread(target=ask) for _ in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
print(len(found))
"""


def test_threads_that_start_something_at_once_are_survived_by_one() -> None:
    """Of two, one would end the other before it has removed anything."""
    words = [sys.executable, "-c", AT_ONCE]

    ended = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True)

    assert ended.stdout == "1\n"
