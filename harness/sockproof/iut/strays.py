"""Ends what an implementation has left running outside its process group, where /proc shows it.

An agent is started with a mark in its environment, which everything that descends from it shows,
whatever session or parent it has by now. On systems without /proc nothing is found: the group of
the case, which the agent kills itself, is then all that ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

__all__ = ["MARK", "end_strays", "new_mark"]

MARK = "SOCKPROOF_AGENT"
"""The environment variable; each agent has a value of its own."""
_ROUNDS = 20
"""A process may start another while it is being looked for: look again until none is found."""


def new_mark() -> str:
    """A value that no other agent has."""
    return uuid.uuid4().hex


def end_strays(mark: str) -> None:
    """Kill every process that carries this mark. Call it once its agent has ended."""
    for _ in range(_ROUNDS):
        found = list(_marked(f"{MARK}={mark}".encode("ascii")))
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
