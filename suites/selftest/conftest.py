"""Fixtures of the selftests: warm agents of the interpreters at hand, a process, a folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sockproof.iut.channel import Channel
from sockproof.iut.process import CaseProcess
from sockproof.iut.strays import COMMAND_MARK
from suites.selftest.agents import CHANNELS, channel_to
from suites.selftest.fuzzing import FEW

# What pytest says of each test, and by which mark all that this process has started is known.
FOR_A_PROCESS = ("PYTEST_CURRENT_TEST", COMMAND_MARK)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("sockproof").addoption(
        "--inputs",
        type=int,
        default=FEW,
        metavar="N",
        help="how many inputs a test that fuzzes has",
    )


@pytest.fixture
def inputs(pytestconfig: pytest.Config) -> int:
    """How many inputs a test that fuzzes has."""
    return int(pytestconfig.getoption("--inputs", FEW))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test module says with ``TESTED_UNDER`` where its tests hold, if not just in CHANNELS."""
    if "channel" in metafunc.fixturenames:
        names = getattr(metafunc.module, "TESTED_UNDER", CHANNELS)
        metafunc.parametrize("channel", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def channel(request: pytest.FixtureRequest) -> Iterator[Channel]:
    """A channel to a warm agent that many tests use: none of them may end it."""
    channel = channel_to(request.param)
    if channel is None:
        pytest.skip(f"no {request.param} on this machine")
    yield channel
    channel.close()


@pytest.fixture
def case_process(channel: Channel) -> Iterator[CaseProcess]:
    """A case's process of that agent; that it ends, and the agent lives on, is checked."""
    process = CaseProcess(channel)
    yield process
    process.end()
    assert not channel.ended


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A temporary folder for a run; its path is short, as that of a Unix socket must be."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def unchanged_environment() -> Iterator[None]:
    """No test leaves the environment other than it was: the next ones have it too."""
    before = _environment()
    yield
    assert _environment() == before


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in os.environ if name not in FOR_A_PROCESS}
