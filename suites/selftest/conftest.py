"""Fixtures of the selftests: a warm agent of each interpreter at hand, and a case's process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sockproof.iut.channel import Channel
from sockproof.iut.process import CaseProcess
from suites.selftest.agents import CHANNELS, channel_to


@pytest.fixture(scope="session", params=CHANNELS)
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
