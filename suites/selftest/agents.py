"""Real interpreters and their agents, for the tests of everything that talks to them."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from sockproof.iut.channel import Channel
from sockproof.iut.discovery import find_interpreter
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.iut.process import CaseProcess

__all__ = [
    "CHANNELS",
    "EVERYWHERE",
    "INTERPRETERS",
    "RUNTIMES",
    "channel_to",
    "implementation_of",
    "run",
    "running_interpreter",
    "still_running",
]

INTERPRETERS = ("this", "python2.7", "pypy3")
"""The one that runs the tests, the oldest that is supported, and one that is no CPython."""

RUNTIMES = ("gevent", "eventlet")
"""Green runtimes, under the interpreter that runs the tests."""

RELAYED = " relayed"
"""Of an agent that passes on what a case's process tells, as it does on another machine."""

CHANNELS = (*INTERPRETERS, *(f"{name}{RELAYED}" for name in INTERPRETERS))

EVERYWHERE = (*CHANNELS, *RUNTIMES)

_ENDS_WITHIN_S = 5.0


def implementation_of(name: str) -> Implementation | None:
    """One of INTERPRETERS or RUNTIMES; None where this machine has it not."""
    if name in RUNTIMES:
        return parse_iut(name)
    found = Path(sys.executable) if name == "this" else running_interpreter(name)
    return Implementation(name, (str(found),)) if found else None


def channel_to(name: str) -> Channel | None:
    """A new channel to an agent, by one of CHANNELS; None where this machine has it not."""
    implementation = implementation_of(name.removesuffix(RELAYED))
    if implementation is None:
        return None
    return Channel(implementation, direct=not name.endswith(RELAYED))


@functools.cache
def running_interpreter(name: str) -> Path | None:
    """An interpreter of this machine; none where it lacks a library, or does not run at all."""
    found = find_interpreter(name)
    runs = found and subprocess.run([str(found), "-c", ""], capture_output=True).returncode == 0
    return found if runs else None


def run(process: CaseProcess, source: str, bound_s: float | None = None) -> None:
    """Run source text in the main thread of a case's process; it must not raise."""
    outcome = process.do("execute", bound_s=bound_s, source=textwrap.dedent(source))
    assert outcome.error is None, outcome.error


def still_running(pid: int) -> bool:
    """Whether a process that should be ending is alive when its time is over.

    One that has ended and waits for being reaped, by whoever adopted it, is not alive.
    """
    limit_s = time.monotonic() + _ENDS_WITHIN_S
    while _is_alive(pid):
        if time.monotonic() > limit_s:
            return True
        os.sched_yield()
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    return status.rpartition(")")[2].split()[0] != "Z"
