"""One connection of a client to the server, relayed octet for octet, with its ends and resets.

Nothing here waits: whoever polls the two sockets says what they are ready for. Of each direction
one piece at most is on its way, so that who reads slowly holds up who sends, as without us.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import time
from typing import Any

from sockproof.check.sockets import is_heard
from sockproof.watch.talk import END, GONE, Party, Talk, Witnessed

__all__ = ["Leg", "StreamSession"]

_PIECE_OCTETS = 1 << 16
# Of one side at a time, so that nobody else waits for long.
_PIECES = 8
# A side that has been reset takes with it what the other has not read by then.
_LEFT_TO_READ_S = 1.0
_AT_ONCE = struct.pack("ii", 1, 0)
_BROKEN = select.POLLHUP | select.POLLERR | select.POLLNVAL


class Leg:
    """The socket that leads to one side. ``unsent`` is on its way to it.

    ``has_ended``: no more comes from it. ``is_told_end``: it knows that no more goes to it.
    ``is_deaf``: it takes no more. ``is_put_off``: it has ended in some way, and what it has said
    before waits for room.
    """

    def __init__(self, side: Party, own: socket.socket) -> None:
        self.side, self.socket = side, own
        self.unsent = b""
        self.has_ended = self.is_told_end = self.is_deaf = self.is_put_off = False
        own.setblocking(False)
        if own.family != socket.AF_UNIX:
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self, *, at_once: bool = False) -> None:
        """``at_once``: by a reset, where there is such a thing."""
        if at_once:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.socket.close()


class StreamSession:
    """Two legs, and what is seen on them. ``is_over`` once both are closed."""

    def __init__(
        self, client: socket.socket, server: socket.socket, at: Any, seen: Witnessed
    ) -> None:
        self.client, self.server = Leg(Party.CLIENT, client), Leg(Party.SERVER, server)
        self.legs = (self.server, self.client)  # what a server says by itself comes first
        self._at, self._seen = at, seen
        self.talk: Talk = seen.begin()
        self.is_over = False
        self._is_reached = False
        self._broken_s = 0.0
        self.reach()

    @property
    def is_watched(self) -> bool:
        """Whether it is to be looked at again soon, for there is no event of it."""
        return bool(self._broken_s) or not self._is_reached

    def other(self, leg: Leg) -> Leg:
        """The one across."""
        return self.client if leg is self.server else self.server

    def interest(self, leg: Leg) -> int | None:
        """What of it is waited for; None where nothing is."""
        other = self.other(leg)
        if not self._is_reached:
            return self._interest_before(leg)
        is_done = leg.has_ended and (leg.is_deaf or (leg.is_told_end and not leg.unsent))
        if is_done or (leg.is_put_off and other.unsent and not leg.unsent):
            return None  # such a one would be told of again and again
        reads = not (leg.has_ended or other.unsent or other.is_deaf)
        return select.POLLIN * reads | select.POLLOUT * bool(leg.unsent)

    def _interest_before(self, leg: Leg) -> int | None:
        if leg is self.client:
            return None if leg.has_ended else 0
        return None if leg.socket.family == socket.AF_UNIX else select.POLLOUT

    def reach(self) -> None:
        """Connect to the server, or see whether it has come to that."""
        own = self.server.socket
        number = own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or own.connect_ex(self._at)
        if number in (0, errno.EISCONN):
            self._is_reached = True
        elif number not in (errno.EINPROGRESS, errno.EALREADY, errno.EAGAIN):
            self._seen.refuse(self.talk)
            self._finish(at_once=True)

    def advance(self, leg: Leg, ready: int) -> None:
        """Do what can be done now that one of the legs is ready."""
        if self.is_over:
            return
        if not self._is_reached:
            if leg is self.client and ready & _BROKEN:
                self._hear_reset(leg)
            self.reach()
            return
        if ready & select.POLLOUT:
            self._pass_on(leg)
        if ready & (select.POLLIN | _BROKEN):
            self._hear(leg)
        if ready & _BROKEN:
            self._see_to_broken(leg, ready)
        self._see_to_end()

    def tick(self) -> None:
        """Time has passed."""
        if not self._is_reached and not self.is_over:
            self.reach()
        elif not self.is_over:
            self._see_to_end()

    def _hear(self, leg: Leg) -> None:
        other = self.other(leg)
        for _ in range(_PIECES):
            if leg.has_ended or other.unsent:
                return
            try:
                octets = leg.socket.recv(_PIECE_OCTETS)
            except BlockingIOError:
                return
            except OSError:
                self._hear_reset(leg)
                return
            if octets:
                self._seen.say(self.talk, leg.side, octets)
                other.unsent = b"" if other.is_deaf else octets
            else:
                leg.has_ended = True
                self.talk.end(leg.side, END)
            self._pass_on(other)

    def _hear_reset(self, leg: Leg) -> None:
        leg.has_ended = leg.is_deaf = True
        leg.unsent = b""
        self.talk.end(leg.side, GONE)

    def _pass_on(self, leg: Leg) -> None:
        """What is on its way to it, and then that no more comes."""
        while leg.unsent and not leg.is_deaf:
            try:
                leg.unsent = leg.unsent[leg.socket.send(leg.unsent) :]
            except BlockingIOError:
                return
            except OSError:
                leg.is_deaf, leg.unsent = True, b""
                self._hear(leg)  # what it had said before
        if self.other(leg).has_ended and not leg.is_told_end:
            leg.is_told_end = True
            with contextlib.suppress(OSError):
                leg.socket.shutdown(socket.SHUT_WR)

    def _see_to_broken(self, leg: Leg, ready: int) -> None:
        """It was reset, or both its directions have ended in order, of which one may be unread."""
        if leg.has_ended:
            in_order = leg.is_told_end and not leg.unsent and not _error_of(leg.socket)
            leg.is_deaf = leg.is_deaf or not in_order
            return
        leg.is_put_off = True
        if ready & select.POLLERR:
            self._broken_s = self._broken_s or time.monotonic()

    def _see_to_end(self) -> None:
        for leg in self.legs:
            if leg.is_deaf:
                self._see_to_reset(self.other(leg))
                return
        if all(leg.has_ended and leg.is_told_end and not leg.unsent for leg in self.legs):
            self._finish()
        elif self._is_late:
            self._finish(at_once=True)

    def _see_to_reset(self, left: Leg) -> None:
        """One side is gone. The other gets what is left for it, and is then reset as well."""
        self._broken_s = self._broken_s or time.monotonic()
        if not self.other(left).has_ended:
            self._hear(self.other(left))
        has_all = not left.unsent and (is_heard(left.socket) or left.is_deaf)
        if self._is_late or (has_all and self.other(left).has_ended):
            self._finish(at_once=True)

    @property
    def _is_late(self) -> bool:
        return bool(self._broken_s) and time.monotonic() - self._broken_s > _LEFT_TO_READ_S

    def _finish(self, *, at_once: bool = False) -> None:
        self.is_over, self.talk.is_open = True, False
        for leg in self.legs:
            leg.close(at_once=at_once)

    def close(self) -> None:
        """The watch is over."""
        if not self.is_over:
            self.is_over = True
            for leg in self.legs:
                leg.close()


def _error_of(own: socket.socket) -> int:
    return int(own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
