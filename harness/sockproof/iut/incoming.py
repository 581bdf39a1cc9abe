"""What comes from an agent and from a case's process: read by whoever waits for it.

That spares two hand-overs between threads with each answer. A thread of its own reads only while
nobody waits, so that no handler blocks for long on telling what it does.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Incoming", "Rank"]

# How long nobody reads, at most, and how long one who waits leaves others no turn to read.
_TURN_S = 0.05
# What a pipe holds: one read takes all of it.
_READ_OCTETS = 1 << 16


class Rank(IntEnum):
    """In what order it is taken when it came together: whoever has an answer has what was printed
    before it as well, and whoever is told of an end has all that came before that."""

    PRINTED = 0
    EVENTS = 1
    CONTROL = 2


_HIGHEST_FIRST = tuple(sorted(Rank, reverse=True))


@dataclass(frozen=True)
class _Source:
    fd: int
    rank: Rank
    take: Callable[[bytes], None]


class Incoming:
    """Reads from several descriptors; ``take`` of each gets what comes, and ``b""`` at its end.

    ``taking`` is held by whoever takes something.
    """

    def __init__(self) -> None:
        self.taking = threading.RLock()
        self._reading = threading.Lock()
        self._poll = select.poll()
        self._sources: dict[int, _Source] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(
            target=self._read_meanwhile, daemon=True, name="sockproof reading"
        )
        self._thread.start()

    def add(self, fd: int, rank: Rank, take: Callable[[bytes], None]) -> None:
        """Read from this descriptor as well."""
        with self._reading:
            self._sources[fd] = _Source(fd, rank, take)
            self._poll.register(fd, select.POLLIN)

    def close(self, *fds: int) -> None:
        """Read no more from these descriptors, and close them."""
        with self._reading:
            for fd in fds:
                self._forget(fd)
                os.close(fd)

    def _forget(self, fd: int) -> None:
        if self._sources.pop(fd, None):
            self._poll.unregister(fd)

    def end(self) -> None:
        """Read no more from any."""
        self._closing.set()
        self._thread.join()

    def wait_for(self, condition: Callable[[], object], bound_s: float) -> bool:
        """Whether it comes to hold, looked at with every arrival, within so many seconds."""
        limit_s = time.monotonic() + bound_s
        while True:
            with self.taking:
                if condition():
                    return True
            left_s = limit_s - time.monotonic()
            if left_s <= 0:
                return False
            self._take_turn(min(left_s, _TURN_S))

    def take_what_came(self) -> None:
        """Take what has come so far, unless another thread is just at it."""
        self._take_turn(0)

    def _take_turn(self, bound_s: float) -> None:
        """Read once; or let another thread, which tells everybody, go on with it."""
        if self._reading.acquire(timeout=bound_s):
            try:
                self._read(bound_s)
            finally:
                self._reading.release()

    def _read_meanwhile(self) -> None:
        while not self._closing.wait(_TURN_S):
            self._take_turn(0)

    def _read(self, bound_s: float) -> None:
        ready = self._ready(bound_s)
        if ready:
            with self.taking:
                self._take(ready)

    def _ready(self, bound_s: float) -> list[_Source]:
        found = self._poll.poll(bound_s * 1000)
        return [self._sources[fd] for fd, _ in found if fd in self._sources]

    def _take(self, ready: Sequence[_Source]) -> None:
        """What is of a lower rank is looked for again once something was read: it may have come
        just before that, and just after the first look."""
        came: list[tuple[_Source, bytes]] = []
        for rank in _HIGHEST_FIRST:
            own = [source for source in ready if source.rank is rank]
            came += [(source, os.read(source.fd, _READ_OCTETS)) for source in own]
            if own and rank is not Rank.PRINTED:
                ready = self._ready(0)
        for source, data in reversed(came):
            if not data:
                self._forget(source.fd)
            source.take(data)
