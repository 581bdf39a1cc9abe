"""The pytest glue: options, the marker, collection by matrix, verdicts, records.

The only module that imports pytest. A test function marked with a requirement becomes one case per
implementation and server spec that the requirement applies to. The node id ends with the case id
and the implementation's, ``[dispatch/handled-request-is-shut-down[TCP/inet]@cpython-3.13.0]``.

The command imports this module before it starts pytest, which is in order: PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import traceback
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sockproof.case.case_run import CaseRun
from sockproof.errors import HarnessError, UsageError
from sockproof.generate.options import EXAMPLES, SEED, Generating
from sockproof.iut.addresses import Addresses
from sockproof.iut.pool import AgentPool
from sockproof.judge.checks import NotApplicable, verdict_of
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import Teardown
from sockproof.run.lifetime import (
    end_with_run,
    heed_interrupt,
    interrupt_workers,
    interrupted_later,
)
from sockproof.run.monitor import ROW_PROPERTY, RunMonitor
from sockproof.run.parameter import CaseParameter
from sockproof.run.plan import KEEP, RunPlan, make_plan, planned
from sockproof.spec.catalogue import Catalogue, load_catalogue
from sockproof.spec.matrix import ServerSpec
from sockproof.spec.requirement import Requirement

__all__ = ["agent_pool", "case_parameter", "play_again", "run_pytest"]

MARKER = "requirement"
_PLAN = pytest.StashKey[RunPlan]()
_CATALOGUE = pytest.StashKey[Catalogue]()
_CASE = pytest.StashKey[CaseRun]()
_PROBLEM = pytest.StashKey[BaseException | None]()
_TEARDOWN = pytest.StashKey[Teardown]()
_FAILED = pytest.StashKey[bool]()
_AGENTS = pytest.StashKey[AgentPool]()
_GENERATING = pytest.StashKey[Generating]()


def run_pytest(arguments: Sequence[str], plugins: Sequence[object]) -> int:
    """Run pytest in this process with our plugins beside its own; its exit status."""
    return int(pytest.main(list(arguments), plugins=list(plugins)))


def agent_pool(config: pytest.Config) -> AgentPool:
    """The warm agents of this process."""
    if _AGENTS not in config.stash:
        config.stash[_AGENTS] = AgentPool()
    return config.stash[_AGENTS]


def case_parameter(item: Any) -> CaseParameter | None:
    """What case a collected item is; None of an item that is no case."""
    return _parameter(item)


def play_again(item: Any, parameter: CaseParameter, generating: Generating) -> None:
    """Play a collected case, as often as one likes, on the implementation that ``parameter``
    names, with plans generated as ``generating`` says. Session fixtures stay."""
    item.config.stash[_GENERATING] = generating
    item.callspec.params["case"] = parameter
    item.stash = pytest.Stash()
    item._initrequest()
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=item.session)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sockproof", "conformance of socketserver implementations")
    group.addoption(
        "--iut", action="append", default=[], metavar="IUT", help="implementation under test"
    )
    group.addoption(
        "--spec", action="append", default=[], metavar="GLOB", help="server specs, e.g. '*TCP/inet'"
    )
    group.addoption(
        "--expectations",
        action="append",
        default=[],
        metavar="FILE",
        help="deviations that are known, in TOML",
    )
    group.addoption("--keep", default="fail", choices=KEEP, help="whose transcript is kept")
    group.addoption(
        "--seed", type=int, default=SEED, metavar="N", help="what generated plans are made from"
    )
    group.addoption(
        "--examples", type=int, default=EXAMPLES, metavar="N", help="generated plans a case"
    )
    group.addoption("--report-dir", default="", metavar="DIR", help="write records and reports")
    group.addoption("--sockproof-plan", default="", help="a plan made before (internal)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARKER}(id, variants={{}}): the requirement a case checks"
    )
    catalogue = load_catalogue()
    config.stash[_CATALOGUE] = catalogue
    wanted = config.option.report_dir and not hasattr(config, "workerinput")
    if wanted and not config.pluginmanager.has_plugin(RunMonitor.NAME):
        monitor = RunMonitor(_plan(config), catalogue, Path(config.option.report_dir))
        config.pluginmanager.register(monitor, RunMonitor.NAME)


def _plan(config: pytest.Config) -> RunPlan:
    """The plan of this run: made once by whoever comes first, read by everybody else."""
    if _PLAN not in config.stash:
        if not config.option.sockproof_plan:
            config.option.sockproof_plan = _write_plan(config)
        config.stash[_PLAN] = RunPlan.read(Path(config.option.sockproof_plan))
    return config.stash[_PLAN]


def _write_plan(config: pytest.Config) -> str:
    option = config.option
    try:
        files = [Path(file) for file in option.expectations]
        plan = make_plan(option.iut or [sys.executable], option.spec, option.keep, files)
        generating = Generating(option.seed, option.examples)
        plan = dataclasses.replace(plan, generating=generating)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    if plan.unavailable:
        raise pytest.UsageError("; ".join(problem for _, problem in plan.unavailable))
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    return str(stack.enter_context(planned(plan)))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before a worker of xdist starts: its options are a copy of ours, so make the plan now."""
    _plan(node.config)
    node.workerinput["sockproof_plan"] = node.config.option.sockproof_plan


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> Generator[None]:
    """A worker listens to the run from here on, and here is where a run starts its workers."""
    workerinput = getattr(session.config, "workerinput", {})
    if "sockproof_plan" in workerinput:
        session.config.option.sockproof_plan = workerinput["sockproof_plan"]
        end_with_run(Path(workerinput["sockproof_plan"]))
        yield
    else:
        with interrupted_later():
            yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """From here on pytest ends the session of whoever raises, and xdist its workers."""
    heed_interrupt()


def pytest_collectreport() -> None:
    """Of one file, collected here."""
    heed_interrupt()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    """Of all files, collected by a worker."""
    heed_interrupt()


@pytest.hookimpl(trylast=True)  # after the record is written
def pytest_runtest_logreport() -> None:
    """Of one step of a case, here or in a worker."""
    heed_interrupt()


@pytest.hookimpl(tryfirst=True)  # before xdist waits for its workers
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    started_workers = _PLAN in config.stash and not hasattr(config, "workerinput")
    if started_workers and exitstatus == pytest.ExitCode.INTERRUPTED:
        interrupt_workers(Path(config.option.sockproof_plan))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker(MARKER)
    if marker is None:
        return
    plan = _plan(metafunc.config)
    requirement = _requirement(metafunc, marker)
    applicable = requirement.applies.specs()
    specs: Sequence[ServerSpec | None] = [None]
    if applicable:
        specs = [spec for spec in applicable if spec in plan.specs]
    variants = list(marker.kwargs.get("variants", {}).items()) or [None]
    cases = [
        CaseParameter(requirement, iut, spec, variant)
        for iut in plan.iuts
        for spec in specs
        for variant in variants
        if plan.selects(iut.id, requirement.id, spec)
    ]
    metafunc.parametrize("case", cases, ids=[case.id for case in cases], indirect=True)


def _requirement(metafunc: pytest.Metafunc, marker: pytest.Mark) -> Requirement:
    try:
        return metafunc.config.stash[_CATALOGUE].get(marker.args[0])
    except HarnessError as error:
        raise pytest.Collector.CollectError(
            f"{metafunc.definition.nodeid}: {error}; every case checks a requirement"
        ) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One implementation after the other, so that few agents are alive at a time.

    pytest makes a place-holder of a function that has no case in this plan: it is taken out, and
    so are cases that the plan does not select.
    """
    out = [item for item in items if MARKER in item.keywords and not _is_wanted(config, item)]
    if out:
        config.hook.pytest_deselected(items=out)
    order = {iut.id: n for n, iut in enumerate(_plan(config).iuts)} if _PLAN in config.stash else {}

    def position(item: pytest.Item) -> int:
        parameter = _parameter(item)
        return order[parameter.iut.id] if parameter else -1

    left_out = set(out)
    items[:] = sorted((item for item in items if item not in left_out), key=position)


def _is_wanted(config: pytest.Config, item: pytest.Item) -> bool:
    parameter = _parameter(item)
    return parameter is not None and _plan(config).plays(str(parameter.case))


def _parameter(item: pytest.Item) -> CaseParameter | None:
    callspec = getattr(item, "callspec", None)
    parameter = callspec.params.get("case") if callspec else None
    return parameter if isinstance(parameter, CaseParameter) else None


@pytest.fixture
def generating(pytestconfig: pytest.Config) -> Generating:
    """How this run generates plans."""
    return pytestconfig.stash.get(_GENERATING, _plan(pytestconfig).generating)


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
    own = Addresses(Path(pytestconfig.option.sockproof_plan).parent)
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
        _plan(request.config).expected(parameter.iut.id, str(parameter.case)),
    )
    request.node.stash[_CASE] = run
    run.refuse_inapplicable()
    yield run
    request.node.stash[_TEARDOWN] = run.end(request.node.stash.get(_PROBLEM, None))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Remember an interrupt, of which no report is made: it ends the case without more ado."""
    try:
        return (yield)
    except KeyboardInterrupt as problem:
        item.stash[_PROBLEM] = problem
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if MARKER not in item.keywords or not hasattr(item, "callspec"):
        return report
    problem = call.excinfo.value if call.excinfo else None
    if problem is not None and item.stash.get(_PROBLEM, None) is None:
        item.stash[_PROBLEM] = problem
    if isinstance(problem, NotApplicable):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"not applicable: {problem}")
    elif problem is not None or call.when == "call":
        _allow_known(item.stash.get(_CASE, None), problem, report)
    if call.when == "teardown":
        _judge(item, report)
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


def _allow_known(
    run: CaseRun | None, problem: BaseException | None, report: pytest.TestReport
) -> None:
    """What ended as was expected is no failure; what was to deviate and did not, is one."""
    if run is None or run.expected is None or run.expected.verdict is Verdict.PASS:
        return
    verdict, told = verdict_of(problem, "")
    stale = run.expected.problem(verdict, "\n".join(told.values()), run.expected.teardown)
    if problem is not None and not stale:
        report.outcome = "skipped"
        report.wasxfail = run.expected.reason
    elif problem is None:
        report.outcome = "failed"
        report.longrepr = f"stale expectation in {run.expected.file}: {stale}"


def _judge(item: pytest.Item, report: pytest.TestReport) -> None:
    """Attach the case's row to its last report, which fails if no earlier one says what is wrong,
    as of a leak."""
    run = item.stash.get(_CASE, None)
    if run is None:
        return
    problem = item.stash.get(_PROBLEM, None)
    trace = "".join(traceback.format_exception(problem)[-6:]) if problem else ""
    teardown = item.stash.get(_TEARDOWN, Teardown())
    row = run.row(problem, teardown, _plan(item.config).keep, trace)
    report.user_properties.append((ROW_PROPERTY, json.dumps(row.to_json())))
    if row.needs_attention and not item.stash.get(_FAILED, False) and report.passed:
        stale = f"stale expectation: {row.known.stale}" if row.known and row.known.stale else ""
        report.outcome = "failed"
        report.longrepr = stale or f"teardown {teardown.verdict}: {'; '.join(teardown.leaks)}"
