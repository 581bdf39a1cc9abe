"""A run or a proof that is interrupted at a chosen place ends as any other, in one line.

A place is where Python drops what a signal handler raises, or where something is half made.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from suites.selftest.runs import AS_IN_A_TERMINAL, DEADLINE_S, REFUSED, environment, records_in


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
REWRITES = ["selftest", "--rewrites", "-n", "2", "--report-dir", "out"]


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


@pytest.mark.by_turns(16)
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        pytest.param(LIST, "sockproof.commands output open_console", id="at-the-end"),
        pytest.param([*RUN, "-n0"], "sockproof.commands run make_plan", id="before-collecting"),
        pytest.param([*RUN, "-n1"], "sockproof.commands run make_plan", id="before-its-worker"),
        pytest.param(PROOF, "sockproof.mutation.crew Crew __enter__", id="before-a-proof"),
        pytest.param(REWRITES, "sockproof.mutation.crew Crew __enter__", id="before-rewrites"),
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


@pytest.mark.by_turns(3)
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


@pytest.mark.by_turns(16)
def test_proof_interrupted_in_the_start_of_a_thread_waits_for_it(
    tmp_path: Path, temporary: Path
) -> None:
    """The thread goes on to start a worker, which must not find the folder of the run gone."""
    (tmp_path / "told.py").write_text(INTERRUPTED_IN_THREAD_START.format(arguments=PROOF))

    ended = module_told(tmp_path, TMPDIR=str(temporary))

    assert ended.returncode == 3, ended
    assert ended.stderr.split() == ["sockproof:", "error:", "interrupted"]
    assert list(temporary.iterdir()) == []


INTERRUPTED_AT_THE_FOLDER = """
import os, signal, sys
import sockproof.__main__
import {module} as module

def interrupting(*arguments, **options):
    {early}
    result = original(*arguments, **options)
    {late}
    return result

original = module.{name}
module.{name} = interrupting
sys.argv[1:] = {arguments}
sockproof.__main__.main()
"""
KILL = "os.kill(os.getpid(), signal.SIGTERM)"


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("module", "name", "early", "late"),
    [
        pytest.param("sockproof.run.plan", "_written", "pass", KILL, id="made"),
        pytest.param("sockproof.run.keeper", "survivor", KILL, "pass", id="not-yet-kept"),
        pytest.param("sockproof.run.keeper", "end_run", KILL, "pass", id="not-yet-removed"),
    ],
)
def test_run_interrupted_at_its_folder_removes_it(
    tmp_path: Path, temporary: Path, module: str, name: str, early: str, late: str
) -> None:
    """Just when it is made, before anybody keeps it, and just before it is removed."""
    text = INTERRUPTED_AT_THE_FOLDER.format(
        module=module, name=name, early=early, late=late, arguments=[*RUN, "-n0"]
    )
    (tmp_path / "told.py").write_text(text)

    ended = module_told(tmp_path, TMPDIR=str(temporary))

    assert ended.returncode == 3, ended
    assert ended.stderr.splitlines()[-1] == "sockproof: error: interrupted"
    assert "Traceback" not in ended.stderr
    assert list(temporary.iterdir()) == []
