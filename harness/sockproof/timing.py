"""The one time unit: how long to wait before something counts as a hang, scaled by one variable.

Nothing here is a measure of speed. Under load an echo over loopback was seen to take 0.37 s, so a
bound only ever tells "it hangs" from "it goes on".
"""

from __future__ import annotations

import os

from sockproof.errors import UsageError

__all__ = [
    "PATIENCE_S",
    "SCALE_VARIABLE",
    "UNBOUNDED",
    "case_deadline_s",
    "hang_bound_s",
    "scale",
    "settle_s",
    "start_bound_s",
]

SCALE_VARIABLE = "SOCKPROOF_TIMEOUT_SCALE"
_HANG_S = 5.0
PATIENCE_S = 35.0
"""How long what must not give up is made to wait, on whatever machine: for longer than the ten and
thirty seconds that people take for ever."""
UNBOUNDED = 86400 / _HANG_S
"""The factor by which nothing counts as a hang within a day: poll() takes some days, at most."""


def scale() -> float:
    """The factor from the environment, 1.0 unless set.

    Raises:
        UsageError: it is not a number above zero.
    """
    text = os.environ.get(SCALE_VARIABLE, "1")
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise UsageError(
            f"{SCALE_VARIABLE}={text!r} is not a number above zero", "set it to 1 to 10"
        )
    return factor


def hang_bound_s() -> float:
    """How long one answer of the implementation may take."""
    return _HANG_S * scale()


def settle_s() -> float:
    """How long an ending thread or child may take after the server was closed: a debugger is gone
    then, and what is left would be waited for as long as nothing is bounded."""
    return _HANG_S * (1 if scale() == UNBOUNDED else scale())


def case_deadline_s() -> float:
    """How long a whole case may take before its processes are killed."""
    return 6 * _HANG_S * scale()


def start_bound_s() -> float:
    """How long an interpreter may take to start and load the module under test."""
    return 4 * _HANG_S * scale()
