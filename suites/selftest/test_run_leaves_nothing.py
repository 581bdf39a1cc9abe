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
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.judge.verdict import Verdict
from suites.selftest.runs import (
    AS_IN_A_TERMINAL,
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


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A temporary folder for a run; its path is short, as that of a Unix socket must be."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        yield Path(folder)


def test_normal_run_leaves_its_report_alone(tmp_path: Path, temporary: Path) -> None:
    """Not even a cache is left in the folder where it was started."""
    mark = Mark.new()

    ended = play(tmp_path, [], TMPDIR=str(temporary), **mark.variables)

    assert ended.status == 0, ended
    assert list(living(mark)) == []
    assert list(temporary.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


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


def module_told(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What the module ``told`` of the folder printed, run as in a terminal."""
    return subprocess.run(
        [sys.executable, "-c", AS_IN_A_TERMINAL, sys.executable, "-m", "told"],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )


INTERRUPTED_IN_A_SOURCE_TEXT = """
import os, signal, sys
import sockproof.__main__, sockproof.commands.cli, sockproof.commands.run

def make_plan(*_arguments, **_options):
    os.kill(os.getpid(), signal.{signal})

sockproof.commands.run.make_plan = lambda *_: exec("make_plan()")
sys.argv[1:] = ["run"]
sockproof.__main__.main()
"""


INTERRUPTED_IN_A_DESTRUCTOR = """
import os, signal, sys
import sockproof.__main__
from {module} import {owner}

class Interrupting:
    def __del__(self):
        os.kill(os.getpid(), signal.{signal})
        for _ in range(9): pass

def interrupting(*arguments, **options):
    Interrupting()
    open("lost", "a").close()
    return original(*arguments, **options)

original = {owner}.{name}
{owner}.{name} = interrupting
sys.argv[1:] = {arguments}
sockproof.__main__.main()
"""
LIST = ["list"]
RUN = ["run", f"-k{REFUSED}", "--spec", "TCP/*", "--report-dir", "out"]
PROOF = ["selftest", "--named", "-k", "timeout", "-n", "2", "--report-dir", "out"]


def interrupted_in_a_destructor(
    folder: Path, arguments: list[str], place: str, number: str
) -> subprocess.CompletedProcess[str]:
    """The command, interrupted where Python drops it, in a call of ``place``: what it printed."""
    module, owner, name = place.split()
    (folder / "told.py").write_text(
        INTERRUPTED_IN_A_DESTRUCTOR.format(
            module=module, owner=owner, name=name, signal=number, arguments=arguments
        )
    )
    ended = module_told(folder)
    assert (folder / "lost").exists(), ended
    return ended


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        pytest.param(LIST, "sockproof.commands output open_console", id="at-the-end"),
        pytest.param([*RUN, "-n0"], "sockproof.commands run make_plan", id="before-collecting"),
        pytest.param([*RUN, "-n1"], "sockproof.commands run make_plan", id="before-its-worker"),
        pytest.param(PROOF, "sockproof.mutation.crew Crew __enter__", id="before-a-proof"),
    ],
)
def test_interrupt_in_a_destructor_is_one_line(
    tmp_path: Path, arguments: list[str], place: str, number: str
) -> None:
    """The command ends as interrupted all the same, at the next step."""
    ended = interrupted_in_a_destructor(tmp_path, arguments, place, number)

    assert ended.returncode == 3
    assert ended.stderr.splitlines()[-1] == "sockproof: error: interrupted"
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_interrupt_in_a_destructor_ends_the_run(tmp_path: Path, workers: str) -> None:
    """No further case is played, and the record says so."""
    take = "sockproof.run.monitor RunMonitor _take"
    ended = interrupted_in_a_destructor(tmp_path, [*RUN, workers], take, "SIGTERM")

    assert ended.returncode == 3
    [record] = records_in(tmp_path).values()
    assert record.incomplete_reason == "interrupted; only 1 of 2 cases were played"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupt_in_a_source_text_is_one_line(tmp_path: Path, name: str) -> None:
    """Of a KeyboardInterrupt that left ``exec()`` of one, CPython dies even if it was handled."""
    (tmp_path / "told.py").write_text(INTERRUPTED_IN_A_SOURCE_TEXT.format(signal=name))

    ended = module_told(tmp_path)

    assert ended.returncode == 3
    assert ended.stderr.splitlines()[-1] == "sockproof: error: interrupted"
    assert "Traceback" not in ended.stderr


INTERRUPTED_IN_THREAD_START = """
import os, signal, sys, threading, time
import sockproof.__main__
from sockproof.mutation.crew import _Worker

def starting(thread):
    start(thread)
    if thread.name.startswith("sockproof crew"):
        begun.wait(30)
        os.kill(os.getpid(), signal.SIGTERM)

def making(worker, *arguments):
    begun.set()
    limit_s = time.monotonic() + 2
    while os.listdir(os.environ["TMPDIR"]) and time.monotonic() < limit_s:
        time.sleep(0.01)
    make(worker, *arguments)

if __name__ == "__main__":  # not in a worker, which imports this as well
    begun = threading.Event()
    start, threading.Thread.start = threading.Thread.start, starting
    make, _Worker.__init__ = _Worker.__init__, making
    sys.argv[1:] = {arguments}
    sockproof.__main__.main()
"""


def test_proof_interrupted_in_the_start_of_a_thread_waits_for_it(
    tmp_path: Path, temporary: Path
) -> None:
    """The thread goes on to start a worker, which must not find the folder of the run gone."""
    (tmp_path / "told.py").write_text(INTERRUPTED_IN_THREAD_START.format(arguments=PROOF))

    ended = module_told(tmp_path, TMPDIR=str(temporary))

    assert ended.returncode == 3, ended
    assert ended.stderr.split() == ["sockproof:", "error:", "interrupted"]
    assert list(temporary.iterdir()) == []
