"""Which processes have a socket, and which descend from one: looked up where the kernel tells it,
else asked of psutil."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sockproof.check.listener import Address
from sockproof.check.sockets import inodes_at
from sockproof.iut.agent import looking

try:  # once, before there are threads: one that imports while it fails in another gets half of it
    import psutil
except ImportError:
    psutil = None  # type: ignore[assignment]

__all__ = ["inodes_of", "owners_of", "psutil", "tasks_of", "tree_of", "works"]


def owners_of(address: Address, first: Iterable[int] = ()) -> set[int]:
    """The processes that have the socket that is bound there, as far as they are in sight: those
    of ``first``, if any of them has; they are looked at first, for that is quick."""
    inodes = inodes_at(address)
    if not inodes:
        return set() if Path("/proc/net").exists() else set(_asked(address))
    wanted = {f"socket:[{inode}]" for inode in inodes}
    found = {pid for pid in first if _has(pid, wanted)}
    return found or {pid for pid in _all() if _has(pid, wanted)}


def tree_of(pid: int) -> list[int]:
    """A process, if it is there, and all that descend from it; parents come first."""
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        return _asked_tree(pid)
    found = [pid] if Path(f"/proc/{pid}").exists() else []
    for one in found:
        for task in tasks_of(one):
            found += looking.children_of(one, int(task.name))
    return found


def tasks_of(pid: int) -> Iterator[Path]:
    """The folders of the threads of a process; none where there are no such folders."""
    with contextlib.suppress(OSError):
        yield from Path(f"/proc/{pid}/task").iterdir()


def works(task: Path) -> bool:
    """Whether a thread runs, waits for a processor, or for a disk; not one that has ended."""
    with contextlib.suppress(OSError):
        return (task / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] in "RD"
    return False


def inodes_of(pid: int) -> set[int]:
    """The numbers of the sockets that a process has, as far as it shows them."""
    return {int(text[8:-1]) for text in _descriptors(pid) if text.startswith("socket:[")}


def _all() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208


def _has(pid: int, wanted: set[str]) -> bool:
    return any(text in wanted for text in _descriptors(pid))


def _descriptors(pid: int) -> Iterator[str]:
    """What the descriptors of a process are, as the kernel names it."""
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                yield os.readlink(entry.path)  # noqa: PTH115 (it is no path)


def _asked_tree(pid: int) -> list[int]:
    if psutil is None:
        return [pid]
    with contextlib.suppress(psutil.Error):
        return [pid, *(one.pid for one in psutil.Process(pid).children(recursive=True))]
    return []


def _asked(address: Address) -> Iterator[int]:
    """Systems that let nobody but the superuser see all of them show none."""
    if psutil is None:
        return
    with contextlib.suppress(psutil.AccessDenied):
        for one in psutil.net_connections("unix" if address.spec.is_unix else "inet"):
            if one.pid and one.laddr and _is_at(one, address):
                yield one.pid


def _is_at(one: Any, address: Address) -> bool:
    if address.spec.is_unix:
        return bool(one.laddr == address.at)
    everywhere = (address.at[0], "0.0.0.0", "::", f"::ffff:{address.at[0]}")
    bound = one.status == ("LISTEN" if address.is_stream else "NONE")
    return bound and one.laddr[1] == address.at[1] and one.laddr[0] in everywhere
