"""Ends what an implementation has left running outside its process group, where /proc shows it.

A command, its run and each of its agents put a mark into the environment of what they start.
Everything that descends from it shows the mark, whatever session or parent it has by now, unless it
has cleared its environment: the guard of the agent sees that as well. On systems without /proc
nothing is found: the group of the case, which the agent kills itself, is then all that ends.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
import uuid
from collections.abc import Collection, Iterator
from pathlib import Path

from sockproof.iut.agent import accounting, guard, looking

__all__ = [
    "AGENT_MARK",
    "COMMAND_MARK",
    "RUN_MARK",
    "carriers",
    "end_strays",
    "end_tree",
    "new_mark",
    "remove_segments",
]

# The environment variables; each agent, each command and each run has a value of its own.
AGENT_MARK = "SOCKPROOF_AGENT"
COMMAND_MARK = "SOCKPROOF_COMMAND"
RUN_MARK = "SOCKPROOF_RUN"
# A process may start another while it is being looked for: look again until none is found.
_ROUNDS = 20
_LOOK_S = 0.005
# Guards end all that is below them, and themselves, once the harness is gone: unless one is held.
_GUARDS_END_WITHIN_S = 1.0
_DIES_WITHIN_S = 5.0
# Of sys/ipc.h.
_IPC_RMID = 0


def new_mark() -> str:
    """A value that nobody else has."""
    return uuid.uuid4().hex


def end_strays(mark: str, value: str) -> None:
    """Kill every process but this one that carries this mark with this value."""
    limit_s = time.monotonic() + _GUARDS_END_WITHIN_S
    rounds = 0
    while rounds < _ROUNDS:
        found = carriers(mark, value)
        if not found:
            return
        spared = set(filter(_is_guard, found)) if time.monotonic() < limit_s else set()
        for pid in [pid for pid in found if pid not in spared]:
            end_tree(pid) if _is_guard(pid) else _kill(pid)
        rounds += not spared
        select.select([], [], [], _LOOK_S if spared else 0)


def carriers(mark: str, value: str) -> list[int]:
    """Every process but this one that carries this mark with this value, as far as it shows."""
    entry = f"{mark}={value}".encode("ascii")
    return [pid for pid in _marked(entry) if pid != os.getpid()]


def end_tree(pid: int) -> None:
    """Kill all that descends from a process, and then itself: who outlives his parent on the way
    stays below it where it is a guard."""
    limit_s = time.monotonic() + _DIES_WITHIN_S
    while (below := list(_below(pid))) and time.monotonic() < limit_s:
        for one in below:
            _kill(one)
        select.select([], [], [], _LOOK_S)
    _kill(pid)


def _below(pid: int) -> Iterator[int]:
    """The living descendants of a process."""
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 (their names are numbers)
            for child in looking.children_of(pid, int(task)):
                if not looking.is_dead(child):
                    yield child
                yield from _below(child)


def _is_guard(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip() == guard.NAME
    return False


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _marked(entry: bytes) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            if entry in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def remove_segments(pid: int, leaks: Collection[str]) -> None:
    """Remove the shared memory that a process has made and told of: no process need have it."""
    if any(leak.startswith(accounting.SEGMENT) for leak in leaks):
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes  # not every Python has it, and few processes need it

            for number in accounting.segments_of(pid):
                if f"{accounting.SEGMENT} {number}" in leaks:
                    ctypes.CDLL(None).shmctl(int(number), _IPC_RMID, None)
