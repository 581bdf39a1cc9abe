"""A client that has exchanges with a server: on one connection, or from one address."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from sockproof.case.client import END_OF_STREAM, RESET, TIMEOUT, Ending, StreamPeer
from sockproof.case.datagram import DatagramPeer
from sockproof.case.secured_peer import SecuredPeer
from sockproof.check.clientele import Clientele
from sockproof.check.far_end import far_end
from sockproof.check.service.exchanges import Exchange
from sockproof.judge.checks import Hang, Mismatch, show

__all__ = ["Caller", "call_up"]

_READ_OCTETS = 1 << 16
# How long a server may leave what has come unread, before more is sent: it may well have to do
# with another client. And how often that is looked at.
_READS_WITHIN_S, _LOOK_S = 0.3, 0.0005
# How long a server may take to close by itself; whoever keeps the connection does not.
_ENDS_WITHIN_S = 0.3
_CLOSES_WITHIN_S = 0.1


class Caller:
    """A client of the server that a ``clientele`` goes to; any answer may take it ``bound_s``.

    What came of one answer too many stays for the next one; ``heard`` is the last that was heard.

    Raises:
        Mismatch: it is refused. Hang: nobody lets it in.
    """

    def __init__(self, clientele: Clientele, bound_s: float, lane: str = "") -> None:
        self.address, self.bound_s = clientele.address, bound_s
        is_stream = self.address.is_stream
        self.peer: StreamPeer | DatagramPeer = (
            clientele.client(lane) if is_stream else clientele.sender(lane)
        )
        self.peer.socket.settimeout(bound_s)
        if is_stream and not self.address.spec.is_unix:
            self.peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Whether it waits on though that is over, since others are still answered.
        self.may_wait: Callable[[], bool] = lambda: False
        self._data = self.heard = b""
        # How the stream has ended for it, and whether it has heard anything at all.
        self.ending: Ending | None = None
        self.has_heard = False

    @property
    def stream(self) -> StreamPeer:
        """The peer, of a server of connections."""
        assert isinstance(self.peer, StreamPeer)
        return self.peer

    @property
    def is_cut_off(self) -> bool:
        """Whether its stream has ended without a word within TLS."""
        return isinstance(self.peer, SecuredPeer) and self.peer.is_cut_off

    @property
    def has_part(self) -> bool:
        """Whether it has heard a part of the answer that it waits for."""
        return bool(self._data)

    def have(self, exchange: Exchange, cuts: Iterable[int] = ()) -> None:
        """One exchange, whose request is sent in pieces that end at the ``cuts``.

        Raises:
            Mismatch: it gets another answer. Hang: none.
        """
        self.say(exchange, cuts)
        self.hear(exchange)

    def have_all(self, exchanges: Iterable[Exchange]) -> Caller:
        """One after the other."""
        for exchange in exchanges:
            self.have(exchange)
        return self

    def say(self, exchange: Exchange, cuts: Iterable[int] = ()) -> None:
        """Its request, and its half-close if that belongs to it."""
        self.send(exchange.request, cuts)
        if exchange.half_closes:
            self.half_close()

    def send(self, octets: bytes, cuts: Iterable[int] = ()) -> None:
        """So many octets; the next piece goes when the one before it has been read, or nobody reads
        it for a while. Whatever is refused shows in the answer."""
        if isinstance(self.peer, DatagramPeer):
            self.peer.send(octets)
            return
        self._shake_hands()
        for start, end in pairwise([0, *cuts, len(octets)]):
            if start:
                self.let_read()
            if end > start and self.peer.attempt_send(octets[start:end]):
                return

    def _shake_hands(self) -> None:
        """Of TLS, before it says anything; as long as it may wait for that."""
        if not isinstance(self.peer, SecuredPeer):
            return
        own = self.peer.socket
        before_s = own.gettimeout()
        own.settimeout(self.bound_s)
        while self.peer.shake_hands() == str(TIMEOUT) and self.may_wait():
            pass
        own.settimeout(before_s)

    def half_close(self) -> None:
        """Unless the server has closed already."""
        with contextlib.suppress(Mismatch):
            self.stream.half_close()

    def let_read(self, bound_s: float = _READS_WITHIN_S) -> bool:
        """Wait until the server has read what was sent, if that comes soon: whether it has."""
        return self._comes(lambda: not far_end(self.peer.socket).unread, bound_s)

    def _comes(self, condition: Callable[[], bool], bound_s: float) -> bool:
        limit_s, pause = time.monotonic() + bound_s, threading.Event()
        while not condition():
            if time.monotonic() > limit_s:
                return False
            pause.wait(_LOOK_S)
        return True

    def hear(self, exchange: Exchange) -> None:
        """Its answer.

        Raises:
            Mismatch: another one comes. Hang: nothing more comes.
        """
        wanted = exchange.answer
        while (size := wanted.size_in(self._data, self.ending)) is None:
            got = self.hear_some()
            if got is TIMEOUT and self.may_wait():
                continue
            if got is TIMEOUT:
                told = f"{show(self._data)}, and then nothing" if self._data else "nothing"
                raise Hang(wanted.words, f"{told} for {self.bound_s:g} s")
            if isinstance(got, Ending):
                self.ending = got
            else:
                self._data += got
                self.has_heard = True
        self.heard, self._data = self._data[:size], self._data[size:]

    def hear_octets(self, number: int) -> None:
        """So many of an answer, or fewer if no more come."""
        if isinstance(self.peer, StreamPeer):
            self.peer.receive(number)

    def hear_some(self) -> bytes | Ending:
        """What comes next, whatever it answers; or how nothing more does."""
        if isinstance(self.peer, StreamPeer):
            return self.peer.receive_some()
        try:
            data = self.peer.socket.recv(_READ_OCTETS)
        except TimeoutError:
            return TIMEOUT
        self.peer.log.note(self.peer.lane, "receive", data)
        return data

    def ends_at_once(self) -> bool:
        """Whether the connection ends behind what was heard."""
        if not isinstance(self.peer, StreamPeer):
            return False
        self.peer.socket.settimeout(_CLOSES_WITHIN_S)
        got = self.peer.receive_some()
        self.peer.socket.settimeout(self.bound_s)
        return got in (END_OF_STREAM, RESET)

    def hear_end(self) -> Ending:
        """How the connection ends: by itself, or once nothing more is said. What comes before is
        dropped. A reset that follows an end is one: to others it may be quicker."""
        own = self.peer.socket
        own.settimeout(_ENDS_WITHIN_S)
        ending = self.stream.receive_to_end()[1]
        own.settimeout(self.bound_s)
        if ending is TIMEOUT:
            self.half_close()
            ending = self.stream.receive_to_end()[1]
        if ending is END_OF_STREAM:
            self._comes(lambda: far_end(own).is_closed, _ENDS_WITHIN_S)
            ending = RESET if own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) else ending
        return ending


def call_up(
    clientele: Clientele, bound_s: float, before: Sequence[Exchange], lane: str = ""
) -> Caller:
    """A client that has had these exchanges, which lead to the one that is to come.

    Raises:
        Mismatch, Hang: as of :class:`Caller`.
    """
    return Caller(clientele, bound_s, lane).have_all(before)
