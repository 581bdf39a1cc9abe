"""Gives cases to workers as xdist does, also while one has died and nobody has heard of it yet.

The command imports this module before it starts pytest, which is in order: PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScheduling

__all__ = ["MortalScheduling"]


class MortalScheduling(LoadScheduling):  # type: ignore[misc]  # xdist has no types
    """A worker that cannot be told takes nothing: xdist itself ends the run then."""

    def _send_tests(self, node: Any, num: int) -> None:
        given = self.pending[:num]
        try:
            super()._send_tests(node, num)
        except OSError:  # whoever hears of its end gives what it had to others
            del self.node2pending[node][-len(given) :]
            self.pending[:0] = given


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> MortalScheduling | None:
    """In a run; who calls pytest may want another distribution."""
    return MortalScheduling(config, log) if config.option.sockproof_rows_only else None
