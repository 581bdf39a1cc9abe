"""What an implementation does to itself and to its surroundings costs it a case, and nobody else.

The record of a hostile implementation has a verdict for each of its cases, and those that it does
not disturb keep theirs. They are played together, beside an implementation that is right.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.reader import Record
from suites.selftest.runs import (
    DEADLINE_S,
    HANDLED,
    REFUSED,
    Ended,
    Mark,
    case_of,
    living,
    parent_of,
    play,
    records_in,
    started,
    wait_until,
)


@dataclass(frozen=True)
class Expected:
    """What the case with handlers comes to, and a pattern of what it says; whether the other one
    passes."""

    says: str
    verdict: Verdict = Verdict.FAIL
    stacks: str = ""
    spares_others: bool = True


HOSTILE = {
    "hangs_in_handler": Expected("nothing for 2 s", stacks="in wait_for_ever"),
    "hangs_in_constructor": Expected(
        "nothing for 2 s", stacks="in server_bind", spares_others=False
    ),
    "exits_in_handler": Expected("the process ended with exit status 9"),
    "crashes_in_handler": Expected("the process was killed by SIGSEGV"),
    "crashes_in_constructor": Expected("the process was killed by SIGSEGV", spares_others=False),
    "stops_its_parent": Expected("nothing for 2 s"),
    "floods_stderr": Expected("nothing for 2 s"),
    "scribbles": Expected("it wrote to the control channel: 'scribble"),
    "closes_descriptors": Expected(
        "exit status 70: OSError: .*Bad file descriptor|nothing for 2 s"
    ),
}
"""Played with a hang bound of 2 s."""
DEADLY = {
    "kills_its_parent": Expected("interpreter was killed by SIGKILL", Verdict.ERROR),
    "kills_its_worker": Expected("the worker that ran the case died", Verdict.ERROR),
}
"""They end what belongs to the run, so that nothing is known of their case."""
UNCLEAN = {
    "hangs_in_shutdown": TeardownVerdict.STILL_RUNNING,
    "leaves_a_daemon": TeardownVerdict.LEAKED,
}
"""Their handlers are right; how they end."""
RIGHT = ("is_slow", "prints_at_start")


@pytest.mark.by_turns(5)
def test_each_hostile_implementation_costs_its_own_case_alone(tmp_path: Path) -> None:
    """A hang, a crash, or worse is a FAIL of the case in which it happens, in words; every other
    case keeps its verdict, the run is complete and ends with 1, and nothing outlives it."""
    ended, records = played([*HOSTILE, *UNCLEAN], tmp_path)

    assert ended.status == 1, ended
    assert "sockproof: " not in ended.stderr
    assert {name: seen for name in HOSTILE if (seen := differs(records[name]))} == {}
    assert {name: teardown_of(records[name]) for name in UNCLEAN} == UNCLEAN
    assert all(record.complete for record in records.values())


@pytest.mark.by_turns(12)
def test_what_ends_a_part_of_the_run_makes_it_incomplete(tmp_path: Path) -> None:
    """Whose worker or agent is killed has an ERROR that says so, and the run ends with 3."""
    ended, records = played(list(DEADLY), tmp_path)

    assert ended.status == 3, ended
    assert "a worker died while it ran" in ended.stderr
    assert {name: seen for name in DEADLY if (seen := differs(records[name]))} == {}
    assert not any(record.complete for record in records.values())


@pytest.mark.by_turns(6)
def test_the_slow_and_the_talkative_pass(tmp_path: Path) -> None:
    """Who takes its time, and who prints while it is imported, does nothing wrong: status 0."""
    ended, records = played(list(RIGHT), tmp_path)

    assert ended.status == 0, ended
    assert "sockproof: " not in ended.stderr
    assert [teardown_of(records[name]) for name in RIGHT] == [TeardownVerdict.CLEAN] * 2


def played(names: Sequence[str], folder: Path) -> tuple[Ended, Mapping[str, Record]]:
    """A run of partners, and of the own interpreter beside them, which passes as ever; nothing
    that it started is left."""
    mark = Mark.new()
    iuts = [*map(partner, names), sys.executable]

    ended = play(folder, iuts, SOCKPROOF_TIMEOUT_SCALE="0.4", **mark.variables)

    assert "Traceback" not in ended.stderr
    assert list(living(mark)) == []
    records = records_in(folder)
    (own,) = records.keys() - set(names)
    assert [case.verdict for case in records[own].cases] == [Verdict.PASS] * 2
    return ended, records


def differs(record: Record) -> str:
    """What is not as expected of a hostile implementation; empty when all is."""
    expected = (HOSTILE | DEADLY)[record.iut_id]
    case = case_of(record, HANDLED)
    text = case.actual or case.reason
    if case.verdict is not expected.verdict or not re.search(expected.says, text):
        return f"{case.verdict} {text}"
    if expected.stacks not in case.stacks:
        return f"stacks: {case.stacks}"
    other = case_of(record, REFUSED).verdict
    return "" if (other is Verdict.PASS) is expected.spares_others else f"the other case: {other}"


def teardown_of(record: Record) -> TeardownVerdict:
    case = case_of(record, HANDLED)
    assert case.verdict is Verdict.PASS, case
    return case.teardown.verdict


@pytest.mark.by_turns(5)
def test_worker_killed_from_outside_costs_its_case_alone(tmp_path: Path) -> None:
    """Its case becomes an ERROR, everything else is played, and the run is incomplete."""
    held, mark = tmp_path / "held", Mark.new()
    iuts = [partner("hangs_in_handler"), sys.executable]
    with started(tmp_path, iuts, HELD_FILE=str(held), **mark.variables) as run:
        wait_until(lambda: held.exists() and held.read_text("ascii").endswith("\n"))
        agent = parent_of(int(held.read_text("ascii")))
        os.kill(parent_of(parent_of(agent)), signal.SIGKILL)  # beyond its guard
        assert run.wait(DEADLINE_S) == 3

    records = records_in(tmp_path)
    case = case_of(records["hangs_in_handler"], HANDLED)
    assert case.verdict is Verdict.ERROR
    assert "the worker that ran the case died" in case.reason
    assert case_of(records["hangs_in_handler"], REFUSED).verdict is Verdict.PASS
    assert [len(record.cases) for record in records.values()] == [2, 2]
    assert not any(record.complete for record in records.values())
    assert list(living(mark)) == []


@pytest.mark.by_turns(5)
def test_what_a_client_sees_of_a_dead_agent_is_no_failure(tmp_path: Path) -> None:
    """The server dies with its agent, and a client sees a reset: an ERROR, which says why."""
    echo = "streams/whole-message-echo"

    ended = play(tmp_path, [partner("kills_its_parent")], echo)

    case = case_of(records_in(tmp_path)["kills_its_parent"], echo)
    assert ended.status == 3, ended
    assert case.verdict is Verdict.ERROR, case
    assert "the agent's interpreter was killed by SIGKILL" in case.reason
