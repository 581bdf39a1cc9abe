"""The entry point: fixtures that start a server of one's own, and the mark that has its examples
played. PYTEST_DONT_REWRITE

It is loaded in each run of pytest where sockproof is installed: so it imports nothing before
somebody asks for it, has no option, and does nothing to tests that do not.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sockproof.pytest_fixtures.service_cases import ServiceCase
    from sockproof.pytest_fixtures.serving import ServedHere

__all__ = ["sockproof_case", "sockproof_server"]

_MARK = "sockproof"
_LIKE = f"{_MARK}(exchanges, server='', handler='')"
_CASE = "sockproof_case"
_SERVED: pytest.StashKey[list[Any]] = pytest.StashKey()
_PLAYED: pytest.StashKey[ServiceCase] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """The mark is known, also where unknown ones are errors."""
    line = f"{_LIKE}: play the examples of a TOML file"
    config.addinivalue_line("markers", line)


@pytest.fixture
def sockproof_server(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., ServedHere]]:
    """Starts servers of one's own, each in a process of its own at a free port, and ends them::

        def test_echo(sockproof_server):
            server = sockproof_server(ChatServer, ChatHandler)
            server.peer().send(b"hello\\n").expect(b"HELLO\\n")

    It takes a server class or a function that makes a server, the handler class if there is one,
    and ``arguments`` and ``keywords`` where the constructor wants others than the two.
    """
    from sockproof.pytest_fixtures.serving import serving

    served: list[ServedHere] = []
    request.node.stash[_SERVED] = served
    with serving(served) as start:
        yield start


@pytest.fixture
def sockproof_case(request: pytest.FixtureRequest) -> ServiceCase:
    """One case of the examples that the test is marked with; a call plays it."""
    case: ServiceCase = request.param
    request.node.stash[_SERVED], request.node.stash[_PLAYED] = [case], case
    return case


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that is marked, and takes ``sockproof_case``, is one for each of its cases."""
    mark = metafunc.definition.get_closest_marker(_MARK)
    if mark is None:
        return
    if _CASE not in metafunc.fixturenames:
        problem = f"it is marked with {_MARK}, and takes no {_CASE}"
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: {problem}")
    from sockproof.errors import HarnessError
    from sockproof.pytest_fixtures.service_cases import cases_of

    folder, name = metafunc.definition.path.parent, metafunc.definition.nodeid
    try:
        given = inspect.signature(cases_of).bind(folder, *mark.args, **mark.kwargs)
        Path(given.arguments["exchanges"])
    except TypeError as error:
        told = f"{name}: {error}; the mark is {_LIKE}"
        raise pytest.Collector.CollectError(told) from None
    try:
        cases = cases_of(*given.args, **given.kwargs)
    except HarnessError as error:
        raise pytest.Collector.CollectError(f"{name}: {error}") from None
    metafunc.parametrize(_CASE, cases, ids=[case.id for case in cases], indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A failure tells what both sides did, and what the server printed. A test that passes, and has
    not played its case, has shown nothing: it fails."""
    report = yield
    case = item.stash.get(_PLAYED, None)
    if report.when == "call" and report.passed and case and not case.rows:
        report.outcome, report.longrepr = "failed", f"{case.id} was not played: call {_CASE}()"
    if report.failed:
        for served in item.stash.get(_SERVED, ()):
            report.sections += served.sections
    return report
