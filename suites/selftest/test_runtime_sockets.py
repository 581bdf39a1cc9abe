"""The sockets of green runtimes are played over them, with what is known of them and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof.errors import UsageError
from sockproof.iut.implementation import GREEN_RUNTIMES, parse_iut
from sockproof.iut.judged_module import judged_as
from sockproof.judge.expectations import known_expectations
from sockproof.judge.verdict import TeardownVerdict
from sockproof.run.plan import make_plan
from sockproof.run.run_options import RunOptions
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.spec.case_id import requirement_of
from sockproof.spec.catalogue import load_modules
from suites.selftest.runs import play, records_in

MODULES = {"gevent": "gevent.socket", "eventlet": "eventlet.green.socket"}
# What wakes its caller once more later, what is over as soon as it has begun, and what a handler
# does that runs in the hub.
AT_ONCE = "readiness-is-that or recvmsg or interrupted-call"
# Of each runtime what is known, and is no hang, beside what is right.
KEYWORD = "recv-waitall or connect-in-each-state or accept-in-each-state"
N_KNOWN = 9


@pytest.mark.parametrize("runtime", MODULES)
def test_module_of_a_runtime_is_played_over_it(runtime: str) -> None:
    """Where it is judged as a socket module; what is loaded before it by a user's word stays."""
    parsed = parse_iut(MODULES[runtime])

    assert judged_as(SOCKETS, parsed).preload == GREEN_RUNTIMES[runtime]
    assert judged_as(SERVERS, parsed).preload == ""


def test_file_is_of_no_runtime(tmp_path: Path) -> None:
    """Whatever it is called."""
    (tmp_path / "gevent.py").touch()

    assert judged_as(SOCKETS, parse_iut(str(tmp_path / "gevent.py"))).preload == ""
    with pytest.raises(UsageError, match="whatever imports socket would get this file"):
        judged_as(SOCKETS, parse_iut(str(_touched(tmp_path / "socket.py"))))


def _touched(path: Path) -> Path:
    path.touch()
    return path


@pytest.mark.parametrize("runtime", MODULES)
def test_what_is_known_of_a_runtime_is_known_of_its_module(runtime: str) -> None:
    """And nothing of any other."""
    plan = make_plan(RunOptions((MODULES[runtime],), areas=(SOCKETS,)))

    (iut,) = plan.iuts
    of_sockets = [one for one in plan.expectations[iut.id] if one.case.startswith("socket/")]
    assert iut.hello["green_stacks"] is True
    assert {one.runtime for one in of_sockets} == {runtime}


def test_each_known_deviation_is_of_a_case_that_there_is() -> None:
    """Of a requirement of today, with a reason and upstream's view of it."""
    known = [one for one in known_expectations() if one.case.startswith("socket/")]

    assert {one.runtime for one in known} >= set(MODULES)
    assert all(requirement_of(one.case) in load_modules() for one in known)
    assert all(one.link.startswith("https://") for one in known)


@pytest.mark.by_turns(24)
@pytest.mark.parametrize("given", [*MODULES, *MODULES.values()])
def test_what_a_runtime_does_is_known(tmp_path: Path, given: str) -> None:
    """Nothing needs attention: what is not right is known, by its module's name as well."""
    ended = play(tmp_path, [given], KEYWORD, options=("--area", SOCKETS, "-n", "0"))

    assert ended.status == 0, ended
    (record,) = records_in(tmp_path).values()
    cases = record.cases
    assert sum(case.as_known for case in cases) == N_KNOWN
    assert len(cases) > 3 * N_KNOWN


@pytest.mark.by_turns(24)
def test_what_eventlet_does_at_once_is_seen_so(tmp_path: Path) -> None:
    """Each time nothing hangs, and no call is taken to wait that has ended."""
    ended = play(tmp_path, ["eventlet"], AT_ONCE, options=("--area", SOCKETS, "-n", "0"))

    assert ended.status == 0, ended
    (record,) = records_in(tmp_path).values()
    assert {case.teardown.verdict for case in record.cases if case.as_known} == {
        TeardownVerdict.CLEAN
    }
