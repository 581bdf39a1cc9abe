"""Ends what an implementation has left running outside its process group, where /proc shows it.

A run and each of its agents put a mark into the environment of what they start. Everything that
descends from it shows the mark, whatever session or parent it has by now. On systems without /proc
nothing is found: the group of the case, which the agent kills itself, is then all that ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

__all__ = ["AGENT_MARK", "RUN_MARK", "end_strays", "new_mark"]

# The environment variables; each agent, and each run, has a value of its own.
AGENT_MARK = "SOCKPROOF_AGENT"
RUN_MARK = "SOCKPROOF_RUN"
# A process may start another while it is being looked for: look again until none is found.
_ROUNDS = 20


def new_mark() -> str:
    """A value that nobody else has."""
    return uuid.uuid4().hex


def end_strays(mark: str, value: str) -> None:
    """Kill every process but this one that carries this mark with this value."""
    entry = f"{mark}={value}".encode("ascii")
    for _ in range(_ROUNDS):
        found = [pid for pid in _marked(entry) if pid != os.getpid()]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _marked(entry: bytes) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            if entry in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
