"""Waits for what the server tells, while a plan is played: with a bound, past which it goes on."""

from __future__ import annotations

from typing import Any

from sockproof.case.case_run import CaseRun
from sockproof.judge.checks import Hang

__all__ = ["happens"]


def happens(case: CaseRun, count: int, bound_s: float, event: str, **wanted: Any) -> bool:
    """Whether so many such events come within the bound.

    Raises:
        Crash: the process ended first.
    """
    try:
        case.process.wait_events(count, event, bound_s=bound_s, **wanted)
    except Hang:
        return False
    return True
