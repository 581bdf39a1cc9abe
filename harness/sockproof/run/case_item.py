"""One case under pytest: its fixtures, and how it becomes a row of the record. PYTEST_DONT_REWRITE

The row travels with the last report of the case, from whatever worker, to ``row_of()``.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from sockproof.case.case_run import CaseRun
from sockproof.errors import AgentDied, AgentHeld
from sockproof.generate.options import Generating
from sockproof.iut.addresses import Addresses
from sockproof.iut.pool import AgentPool
from sockproof.judge.checks import NotApplicable, verdict_of
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import Teardown
from sockproof.run.collecting import CaseParameter, is_of_a_requirement
from sockproof.run.monitor import ROW_PROPERTY
from sockproof.run.plugin import plan_of, plan_path
from sockproof.visible_text import visible

__all__ = ["agent_pool", "is_played_again", "make_ready", "play_again", "told_reports"]


@dataclass
class _Course:
    """How a case has gone so far: what was wrong first, and whether a report has failed of it."""

    run: CaseRun | None = None
    problem: BaseException | None = None
    teardown: Teardown = field(default_factory=Teardown)
    failed: bool = False


_COURSE = pytest.StashKey[_Course]()
_AGENTS = pytest.StashKey[AgentPool]()
_GENERATING = pytest.StashKey[Generating]()
_AGAIN = pytest.StashKey[bool]()


def agent_pool(config: pytest.Config) -> AgentPool:
    """The warm agents of this process."""
    return config.stash.setdefault(_AGENTS, AgentPool())


def play_again(item: pytest.Function) -> None:
    """Play a case that was made ready. Session fixtures stay."""
    item.stash[_AGAIN] = True
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=item.session)


def make_ready(item: pytest.Function, parameter: CaseParameter, generating: Generating) -> None:
    """Have a collected case played once more, as often as one likes, on the implementation that
    ``parameter`` names, with plans generated as ``generating`` says."""
    item.config.stash[_GENERATING] = generating
    item.callspec.params["case"] = parameter
    item.stash = pytest.Stash()
    item._initrequest()


def is_played_again(item: pytest.Item) -> bool:
    """Whether whoever asked for it waits for its end."""
    return item.stash.get(_AGAIN, False)


@pytest.fixture
def generating(pytestconfig: pytest.Config) -> Generating:
    """How this run generates plans."""
    return pytestconfig.stash.get(_GENERATING, plan_of(pytestconfig).generating)


@pytest.fixture(scope="session")
def agents(pytestconfig: pytest.Config) -> Iterator[AgentPool]:
    """The warm agents of this worker."""
    pool = agent_pool(pytestconfig)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def addresses(pytestconfig: pytest.Config) -> Iterator[Addresses]:
    """The addresses of this worker. Its folder lies beside the plan: whoever removes the one
    removes the other, even if this worker dies."""
    own = Addresses(plan_path(pytestconfig).parent)
    yield own
    own.close()


@pytest.fixture
def case(
    request: pytest.FixtureRequest, agents: AgentPool, addresses: Addresses
) -> Iterator[CaseRun]:
    """The case that a test function plays: ended, and its teardown judged, after it."""
    parameter: CaseParameter = request.param
    run = CaseRun(
        str(parameter.case),
        parameter.requirement,
        parameter.iut,
        parameter.spec,
        lambda: agents.channel(parameter.iut.implementation),
        addresses,
        parameter.variant[1] if parameter.variant else None,
        plan_of(request.config).expected(parameter.iut.id, str(parameter.case)),
    )
    course = _course_of(request.node)
    course.run = run
    if parameter.iut.is_another_user:
        addresses.open_to_others()
    run.refuse_inapplicable()
    yield run
    course.teardown = run.end(course.problem)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Where rows are all that is wanted, one report of a case is made known, the last: three, with
    a beginning and an end, cost more than the case has to tell."""
    if not item.config.option.sockproof_rows_only or not is_of_a_requirement(item):
        return None
    for report in told_reports(item, nextitem):
        item.ihook.pytest_runtest_logreport(report=report)
    return True


def told_reports(item: pytest.Item, nextitem: Any) -> list[pytest.TestReport]:
    """Play a case: the reports of it that are to be made known, which is up to the caller. What
    ``nextitem`` needs as well is not torn down."""
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if not item.config.option.sockproof_rows_only:
        return reports
    whole = reports[-1]
    whole.keywords = {}
    if any(report.failed for report in reports):
        whole.outcome = "failed"
    return [whole]


def _course_of(item: pytest.Item) -> _Course:
    return item.stash.setdefault(_COURSE, _Course())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Remember an interrupt, of which no report is made: it ends the case without more ado."""
    try:
        return (yield)
    except KeyboardInterrupt as problem:
        _course_of(item).problem = problem
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not is_of_a_requirement(item) or not hasattr(item, "callspec"):
        return report
    problem = call.excinfo.value if call.excinfo else None
    course = _course_of(item)
    if course.problem is None or _explains(problem, course.problem):
        course.problem = problem
    if isinstance(problem, NotApplicable):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, visible(f"not applicable: {problem}"))
    elif course.run and (problem is not None or call.when == "call"):
        _allow_known(course.run, problem, report)
    if course.run and call.when == "teardown":
        _judge(course, course.run, plan_of(item.config).options.keep, report)
    course.failed = course.failed or report.failed
    if report.failed and not item.config.option.sockproof_rows_only:
        _make_visible(report)
    return report


def _explains(later: BaseException | None, first: BaseException) -> bool:
    """Whether a case's problem may well have come of another that was noticed after it: with the
    agent dies the server, of which a client sees no more than a reset."""
    has_died = isinstance(later, AgentDied) and not isinstance(later, AgentHeld)
    return has_died and not isinstance(first, KeyboardInterrupt)


def _make_visible(report: pytest.TestReport) -> None:
    """pytest prints what an implementation has said as it is, and so may a terminal take it."""
    told = report.longreprtext
    if (seen := visible(told)) != told:
        report.longrepr = seen
    report.sections = [(title, visible(text)) for title, text in report.sections]


def _allow_known(run: CaseRun, problem: BaseException | None, report: pytest.TestReport) -> None:
    """What ended as was expected is no failure; what was to deviate and did not, is one."""
    verdict, told = verdict_of(problem, "")
    words = "\n".join(told.values())
    for one in run.expected:
        if one.verdict is Verdict.PASS:  # of a teardown, which is judged later
            continue
        stale = one.problem(verdict, words, one.teardown)
        if problem is not None and not stale:
            report.outcome = "skipped"
            report.wasxfail = one.reason
            return
        if problem is None and not one.intermittent:
            report.outcome = "failed"
            report.longrepr = f"stale expectation in {one.file}: {stale}"
            return


def _judge(course: _Course, run: CaseRun, keep: str, report: pytest.TestReport) -> None:
    """Attach the case's row to its last report, which fails if no earlier one says what is wrong,
    as of a leak."""
    problem, teardown = course.problem, course.teardown
    trace = "".join(traceback.format_exception(problem)[-6:]) if problem else ""
    try:
        row = run.row(problem, teardown, keep, trace)
    except Exception as fault:  # of a case alone, which tells what nobody can put into a record
        row = run.row(fault, teardown, "none", "".join(traceback.format_exception(fault)[-6:]))
    report.user_properties.append((ROW_PROPERTY, json.dumps(row.to_json())))
    if row.needs_attention and not course.failed and report.passed:
        stale = f"stale expectation: {row.known.stale}" if row.known and row.known.stale else ""
        report.outcome = "failed"
        report.longrepr = stale or f"teardown {teardown.verdict}: {'; '.join(teardown.leaks)}"
