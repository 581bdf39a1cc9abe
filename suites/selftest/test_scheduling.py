"""Cases that a worker was to get which has just died are given to another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import get_config
from xdist.workermanage import NodeManager

from sockproof.run.scheduling import MortalScheduling
from suites.selftest.runs import wait_until

CASES = ["one", "two", "three", "four", "five", "six", "seven", "eight"]


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Starts workers of xdist, which ends them."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    config = get_config()
    config.parse(
        ["-pxdist", f"-c{os.devnull}", f"--rootdir={tmp_path}", "--tx=2*popen", str(tmp_path)]
    )
    manager = NodeManager(config)
    yield manager
    manager.teardown_nodes()


@pytest.mark.by_turns(3)
def test_who_cannot_be_told_takes_nothing(manager: Any) -> None:
    """Whether a worker that has died is given cases first or later, the other gets them all."""
    nodes = manager.setup_nodes(None)  # who hears of nothing
    scheduling = MortalScheduling(manager.config)
    for node in nodes:
        scheduling.add_node(node)
        scheduling.add_node_collection(node, CASES)
    dead, other = nodes
    dead.gateway._io.popen.kill()
    wait_until(lambda: not dead.gateway.hasreceiver())

    scheduling.schedule()
    scheduling.check_schedule(dead)

    given = scheduling.node2pending
    assert given[dead] == []
    assert sorted(given[other] + scheduling.pending) == list(range(len(CASES)))
    assert scheduling.remove_node(dead) is None
