"""What an implementation does to itself and to its surroundings costs it a case, and nobody else.

The record of a hostile implementation has a verdict for each of its cases, and those that it does
not disturb keep theirs. All of them are played in one run, beside an implementation that is right.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from fixtures.partners import partner
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.report.record import Record
from suites.selftest.runs import (
    DEADLINE_S,
    HANDLED,
    REFUSED,
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
    """What the case with handlers comes to, and what it says; whether the other one passes."""

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
    "kills_its_parent": Expected("interpreter was killed by SIGKILL", Verdict.ERROR),
    "stops_its_parent": Expected("nothing for 2 s"),
    "kills_its_worker": Expected("the worker that ran the case died", Verdict.ERROR),
    "floods_stderr": Expected("nothing for 2 s"),
    "scribbles": Expected("it wrote to the control channel: 'scribble"),
    "closes_descriptors": Expected(""),
}
"""Played with a hang bound of 2 s."""
RIGHT = {
    "is_slow": TeardownVerdict.CLEAN,
    "prints_at_start": TeardownVerdict.CLEAN,
    "hangs_in_shutdown": TeardownVerdict.STILL_RUNNING,
    "leaves_a_daemon": TeardownVerdict.LEAKED,
}
"""Their handlers are right; how they end."""


def test_each_hostile_implementation_costs_its_own_case_alone(tmp_path: Path) -> None:
    """A hang, a crash, or worse is the verdict of the case in which it happens, in words; every
    other case is played and keeps its verdict, and nothing outlives the run."""
    mark = Mark.new()
    iuts = [*map(partner, [*HOSTILE, *RIGHT]), sys.executable]

    ended = play(tmp_path, iuts, SOCKPROOF_TIMEOUT_SCALE="0.4", **mark.variables)

    assert ended.status == 3, ended
    assert "Traceback" not in ended.stderr
    assert "a worker died while it ran" in ended.stderr
    assert list(living(mark)) == []
    records = records_in(tmp_path)
    assert len(records) == len(iuts)
    assert {name: seen for name in HOSTILE if (seen := differs(records[name]))} == {}
    assert {name: teardown_of(records[name]) for name in RIGHT} == RIGHT
    for record in records.values():
        assert not record.complete


def differs(record: Record) -> str:
    """What is not as expected of a hostile implementation; empty when all is."""
    expected, case = HOSTILE[record.iut_id], case_of(record, HANDLED)
    text = case.actual or case.reason
    if case.verdict is not expected.verdict or expected.says not in text:
        return f"{case.verdict} {text}"
    if expected.stacks not in case.stacks:
        return f"stacks: {case.stacks}"
    other = case_of(record, REFUSED).verdict
    return "" if (other is Verdict.PASS) is expected.spares_others else f"the other case: {other}"


def teardown_of(record: Record) -> TeardownVerdict:
    case = case_of(record, HANDLED)
    assert case.verdict is Verdict.PASS, case
    return case.teardown.verdict


def test_worker_killed_from_outside_costs_its_case_alone(tmp_path: Path) -> None:
    """Its case becomes an ERROR, everything else is played, and the run is incomplete."""
    held, mark = tmp_path / "held", Mark.new()
    iuts = [partner("hangs_in_handler"), sys.executable]
    with started(tmp_path, iuts, HELD_FILE=str(held), **mark.variables) as run:
        wait_until(lambda: held.exists() and held.read_text("ascii").endswith("\n"))
        agent = parent_of(int(held.read_text("ascii")))
        os.kill(parent_of(agent), signal.SIGKILL)
        assert run.wait(DEADLINE_S) == 3

    records = records_in(tmp_path)
    case = case_of(records["hangs_in_handler"], HANDLED)
    assert case.verdict is Verdict.ERROR
    assert "the worker that ran the case died" in case.reason
    assert case_of(records["hangs_in_handler"], REFUSED).verdict is Verdict.PASS
    assert [len(record.cases) for record in records.values()] == [2, 2]
    assert not any(record.complete for record in records.values())
    assert list(living(mark)) == []
