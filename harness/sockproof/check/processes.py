"""The processes behind an address, as the system shows them: nothing in them is changed or asked.

psutil counts what they hold; where it is missing, or they are out of sight, only what a client sees
is judged. How busy they are is the kernel's own word where it tells: the time that their threads
ran, and the time that they slept. So a process that spins is seen on a busy machine too, and one
that waits there for its turn is not taken for it.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sockproof.check.listener import Address
from sockproof.check.owners import inodes_of, owners_of, psutil, tasks_of, tree_of, works
from sockproof.check.sockets import states_of
from sockproof.judge.checks import NotApplicable

__all__ = ["NOTHING", "NO_PSUTIL", "Processes", "Standing"]

NO_PSUTIL = "psutil is not installed: pip install 'sockproof[check]'"
_NANOSECONDS = 1e9
# Whoever gets less of a processor, in a queue of many, is not known to want more, unless he waited
# for it nearly all the time.
_LEAST_SHARE, _NEARLY_ALL = 0.01, 0.9
_LOOKS = 10
_LIMIT = re.compile(r"^Max open files +(\d+)", re.M)


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


@dataclass(frozen=True)
class _Times:
    """What the threads of a process have had so far, in seconds."""

    ran_s: float = 0.0
    waited_s: float = 0.0

    def share_since(self, before: _Times, elapsed_s: float) -> float:
        """How much of a processor it would have had alone on this machine."""
        ran_s = max(0.0, self.ran_s - before.ran_s)
        waited_s = self.waited_s - before.waited_s
        if ran_s < _LEAST_SHARE * elapsed_s:
            return 1.0 if waited_s > _NEARLY_ALL * elapsed_s else 0.0
        slept_s = max(0.0, elapsed_s - ran_s - waited_s)
        return max(ran_s / (ran_s + slept_s), ran_s / elapsed_s)


class Processes:
    """A program that we have started, by its ``root``, or whoever has bound an ``address``; with
    all that descend from them.

    Raises:
        NotApplicable: nothing can be seen of them; it says why.
    """

    def __init__(self, address: Address, root: int = 0) -> None:
        if psutil is None:
            raise NotApplicable(NO_PSUTIL)
        self._address = address
        self._root = root
        self._known: dict[int, psutil.Process] = {}
        self._owners: tuple[int, ...] = ()
        self.look_again()

    def look_again(self) -> None:
        """Find who is behind the address now: a program's children may have bound it.

        Raises:
            NotApplicable: nobody is in sight.
        """
        below = tree_of(self._root) if self._root else []
        owners = owners_of(self._address, below)
        self._owners = (*filter(None, [self._root]), *sorted(owners - set(below)))
        if not self._owners:
            told = f"no process that owns {self._address.words} is in sight"
            raise NotApplicable(f"{told}: it is another user's, or in another namespace or machine")

    @property
    def pids(self) -> list[int]:
        """All that live, parents first."""
        return list(dict.fromkeys(pid for owner in self._owners for pid in tree_of(owner)))

    def _living(self) -> Iterator[psutil.Process]:
        for pid in self.pids:
            with contextlib.suppress(psutil.NoSuchProcess):
                if pid not in self._known:
                    self._known[pid] = psutil.Process(pid)
                yield self._known[pid]

    def standing(self) -> Standing:
        """What they hold now.

        Raises:
            NotApplicable: one of them does not show it to us.
        """
        counted = [one for process in self._living() for one in self._counted(process)]
        return Standing(
            threads=sum(one.threads for one in counted),
            children=len(counted) - 1 if counted else 0,
            descriptors=sum(one.descriptors for one in counted),
            memory_octets=sum(one.memory_octets for one in counted),
        )

    def _counted(self, process: psutil.Process) -> Iterator[Standing]:
        """One process, if it lives; a zombie, or one that just dies, holds nothing but its place.

        It has no memory of its own, and so the kernel counts what else it shows for the superuser's
        (``task_dump_owner`` of fs/proc/base.c): its descriptors are not ours to see, nor there.
        """
        with contextlib.suppress(psutil.NoSuchProcess):
            try:
                threads, memory = process.num_threads(), process.memory_info().rss
                yield Standing(threads, 0, process.num_fds(), memory) if memory else Standing()
            except psutil.ZombieProcess:
                yield Standing()
            except psutil.AccessDenied:
                if not _is_dying(process):
                    told = f"process {process.pid} belongs to somebody else"
                    raise NotApplicable(f"{told}, and shows us nothing") from None
                yield Standing()

    def busy_share(self, window_s: float) -> float:
        """How much of one processor they want, looked at for so long: 1.0 is one that spins.

        The kernel counts a wait for a processor when it is over: who is never seen asleep wants one
        whatever is counted.
        """
        before, began_s = dict(self._times()), time.monotonic()
        sleep = self._sleep_within(window_s)
        after, elapsed_s = dict(self._times()), time.monotonic() - began_s
        both = [pid for pid in after if pid in before]
        share = sum(after[pid].share_since(before[pid], elapsed_s) for pid in both)
        return share if sleep else max(1.0, share)

    def _sleep_within(self, window_s: float) -> bool:
        """Whether all of them were seen asleep at once, at some moment of a while."""
        pause, seen = threading.Event(), False
        for _ in range(_LOOKS):
            pause.wait(window_s / _LOOKS)
            seen = seen or self.are_quiet
        return seen

    def _times(self) -> Iterator[tuple[int, _Times]]:
        for pid in self.pids:
            yield pid, _scheduled(pid) or self._used(pid)

    def _used(self, pid: int) -> _Times:
        """Where the kernel tells of no threads: processor time alone."""
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            return _Times(times.user + times.system)
        return _Times()

    @property
    def are_quiet(self) -> bool:
        """Whether all of their threads sleep now, as far as the kernel tells."""
        return not any(works(task) for pid in self.pids for task in tasks_of(pid))

    @property
    def descriptor_limit(self) -> int:
        """How many descriptors each of them may have; 0 if that is not told."""
        found = [_LIMIT.search(_text_of(pid, "limits")) for pid in self.pids]
        return min((int(one[1]) for one in found if one), default=0)

    def sockets(self) -> list[str]:
        """The connections that they hold, by their state: ``20 in CLOSE_WAIT``."""
        held = set[int]().union(*map(inodes_of, self.pids))
        return [f"{number} in {state}" for state, number in Counter(states_of(held)).items()]

    def programs_with_its_sockets(self) -> list[str]:
        """Those that have its listening socket, and run another program than the first of them:
        that one may itself have been started by a shell, or the like. One process of each."""
        owners = owners_of(self._address)
        ordered = [pid for pid in self.pids if pid in owners] or sorted(owners)
        programs = {pid: self._program(pid) for pid in dict.fromkeys([*ordered, *sorted(owners)])}
        first = programs[ordered[0]] if ordered else ""
        others = {name: pid for pid, name in reversed(programs.items()) if name not in ("", first)}
        return [f"{name} ({pid})" for name, pid in sorted(others.items())]

    def _program(self, pid: int) -> str:
        with contextlib.suppress(psutil.Error):
            return str(psutil.Process(pid).exe())
        return ""

    def names(self) -> Iterable[str]:
        """The names of the programs that they run."""
        return {Path(name).name for name in map(self._program, self.pids) if name}


def _is_dying(process: psutil.Process) -> bool:
    """Whether it has given its memory back: it is a zombie, or about to be one, or gone."""
    try:
        return not process.memory_info().rss
    except psutil.NoSuchProcess:
        return True


def _text_of(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_text("ascii", "replace")
    return ""


def _scheduled(pid: int) -> _Times | None:
    """Seconds that the threads of a process have run, and waited for a processor."""
    found = []
    for task in tasks_of(pid):
        with contextlib.suppress(OSError, ValueError):
            ran, waited = (task / "schedstat").read_text("ascii").split()[:2]
            found.append((int(ran) / _NANOSECONDS, int(waited) / _NANOSECONDS))
    return (
        _Times(sum(ran for ran, _ in found), sum(waited for _, waited in found)) if found else None
    )
