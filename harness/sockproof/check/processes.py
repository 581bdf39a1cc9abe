"""The processes behind an address, as the system shows them: nothing in them is changed or asked.

psutil finds them, and counts what they hold; where it is missing, or they are out of sight, only
what a client sees is judged. How busy they are is the kernel's own word where it tells: the time
that their threads ran, and the time that they waited for a processor. So a thread that spins is
seen on a busy machine, too.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sockproof.check.listener import Address
from sockproof.judge.checks import NotApplicable

if TYPE_CHECKING:
    import psutil

__all__ = ["NOTHING", "NO_PSUTIL", "Processes", "Standing", "owners_of"]

NO_PSUTIL = "psutil is not installed: pip install 'sockproof[check]'"
_NANOSECONDS = 1e9


@dataclass(frozen=True)
class Standing:
    """What the processes of a subject hold at one moment, all of them together."""

    threads: int = 0
    children: int = 0
    descriptors: int = 0
    memory_octets: int = 0

    def more_than(self, before: Standing) -> dict[str, int]:
        """By how much each has grown; what has not is left out."""
        now, then = asdict(self), asdict(before)
        return {name: now[name] - then[name] for name in now if now[name] > then[name]}


NOTHING = Standing()


class Processes:
    """A program that we have started, by its ``root``, or whoever has bound an ``address``; with
    all that descend from them.

    Raises:
        NotApplicable: nothing can be seen of them; it says why.
    """

    def __init__(self, address: Address, root: int = 0) -> None:
        try:
            import psutil
        except ImportError:
            raise NotApplicable(NO_PSUTIL) from None
        self._psutil = psutil
        self._address = address
        self._root = root
        self._owners: tuple[int, ...] = ()
        self.look_again()

    def look_again(self) -> None:
        """Find who is behind the address now: a program's children may have bound it.

        Raises:
            NotApplicable: nobody is in sight.
        """
        self._owners = tuple(sorted({*owners_of(self._address), *filter(None, [self._root])}))
        if not self._owners:
            told = f"no process that owns {self._address.words} is in sight"
            raise NotApplicable(f"{told}: it is another user's, or in another namespace or machine")

    @property
    def pids(self) -> list[int]:
        """All that live."""
        return [one.pid for one in self._living()]

    def _living(self) -> list[psutil.Process]:
        found: dict[int, psutil.Process] = {}
        for pid in self._owners:
            with contextlib.suppress(self._psutil.Error):
                process = self._psutil.Process(pid)
                for one in (process, *process.children(recursive=True)):
                    found[one.pid] = one
        return list(found.values())

    def standing(self) -> Standing:
        """What they hold now."""
        counted = [one for process in self._living() for one in self._counted(process)]
        return Standing(
            threads=sum(one.threads for one in counted),
            children=len(counted) - 1 if counted else 0,
            descriptors=sum(one.descriptors for one in counted),
            memory_octets=sum(one.memory_octets for one in counted),
        )

    def _counted(self, process: psutil.Process) -> Iterator[Standing]:
        """One process, if it lives; a zombie holds nothing but its place."""
        with contextlib.suppress(self._psutil.NoSuchProcess):
            try:
                with process.oneshot():
                    threads, memory = process.num_threads(), process.memory_info().rss
                    yield Standing(threads, 0, process.num_fds(), memory)
            except self._psutil.ZombieProcess:
                yield Standing()
            except self._psutil.AccessDenied:
                raise NotApplicable(f"process {process.pid} belongs to somebody else") from None

    def busy_share(self, window_s: float) -> float:
        """How much of one processor they want, looked at for so long: 1.0 is one that spins."""
        before, began_s = self._wanted_s(), time.monotonic()
        threading.Event().wait(window_s)
        after, ended_s = self._wanted_s(), time.monotonic()
        grown = sum(max(0.0, after[key] - before.get(key, 0.0)) for key in after if key in before)
        return grown / (ended_s - began_s)

    def _wanted_s(self) -> dict[tuple[int, int], float]:
        """Seconds that each thread has run, or waited for a processor."""
        found: dict[tuple[int, int], float] = {}
        for pid in self.pids:
            for task in Path(f"/proc/{pid}/task").glob("[0-9]*"):
                with contextlib.suppress(OSError, ValueError):
                    ran, waited = (task / "schedstat").read_text("ascii").split()[:2]
                    found[pid, int(task.name)] = (int(ran) + int(waited)) / _NANOSECONDS
        return found or dict(self._times())

    def _times(self) -> Iterator[tuple[tuple[int, int], float]]:
        """The same where the kernel tells of no threads: processor time alone."""
        for process in self._living():
            with contextlib.suppress(self._psutil.Error):
                times = process.cpu_times()
                yield (process.pid, 0), times.user + times.system

    def sockets(self) -> list[str]:
        """The connections that they hold, by their state: ``20 in CLOSE_WAIT``."""
        states: dict[str, int] = {}
        for process in self._living():
            with contextlib.suppress(self._psutil.Error):
                for one in process.net_connections("inet"):
                    states[one.status] = states.get(one.status, 0) + 1
        quiet = (self._psutil.CONN_LISTEN, self._psutil.CONN_NONE)
        return [f"{number} in {state}" for state, number in states.items() if state not in quiet]

    def programs_with_its_sockets(self) -> list[str]:
        """Descendants that run another program than the owner, and have its listening socket."""
        living = self._living()
        programs = {process.pid: self._program(process) for process in living}
        first = programs.get(living[0].pid, "") if living else ""
        inherited = set(owners_of(self._address))
        return [
            f"{name} ({pid})"
            for pid, name in programs.items()
            if name and name != first and pid in inherited
        ]

    def _program(self, process: psutil.Process) -> str:
        with contextlib.suppress(self._psutil.Error):
            return str(process.exe())
        return ""


def owners_of(address: Address) -> Collection[int]:
    """The processes that have bound the address, as far as they are in sight."""
    import psutil

    with contextlib.suppress(psutil.AccessDenied):
        return set(_bound(address, psutil.net_connections("unix" if _is_unix(address) else "inet")))
    return ()


def _is_unix(address: Address) -> bool:
    return address.spec.is_unix


def _bound(address: Address, found: Iterable[Any]) -> Iterator[int]:
    import psutil

    for one in found:
        if one.pid is None or not one.laddr:
            continue
        if address.spec.is_unix:
            shown = str(one.laddr).replace("@", "\0", 1) if str(one.laddr)[:1] == "@" else one.laddr
            if shown == address.at:
                yield one.pid
            continue
        wanted = psutil.CONN_LISTEN if address.is_stream else psutil.CONN_NONE
        host, port = one.laddr[:2]
        everywhere = (address.at[0], "0.0.0.0", "::", f"::ffff:{address.at[0]}")
        if port == address.at[1] and one.status == wanted and host in everywhere:
            yield one.pid
