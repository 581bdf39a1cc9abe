"""Clients of a server of which little is known: they come, stay, ask, and leave."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sockproof.case.client import END_OF_STREAM, RESET, StreamPeer
from sockproof.case.datagram import DatagramPeer
from sockproof.case.secured_peer import agree, stream_peer
from sockproof.check.language import Language
from sockproof.check.listener import Address
from sockproof.check.sockets import is_gone, is_read, waiting
from sockproof.iut.case_log import CaseLog
from sockproof.judge.checks import Hang, Mismatch
from sockproof.timing import hang_bound_s

__all__ = ["LOOK_S", "Clientele", "is_connected"]

LOOK_S = 0.02
# A client that takes longer to say what it says is late; and how often it may be.
_PROMPT_S, _TRIES = 0.05, 5
# Fewer than the shortest queue that servers commonly ask for.
_AT_A_TIME = 4
_ACCEPTS_WITHIN_S = 0.5
_ASKS_AGAIN_S = 0.5


@dataclass
class Clientele:
    """Clients of the server at an ``address``, which shows in its ``language`` that it serves.

    What they do and see is in the ``log``; ``folder`` is for their socket files.
    """

    address: Address
    language: Language
    folder: Path
    log: CaseLog = field(default_factory=CaseLog)
    _peers: list[StreamPeer | DatagramPeer] = field(default_factory=list)

    def client(self, lane: str = "") -> StreamPeer:
        """A client that is connected. Of a server with TLS it shakes hands when it first says or
        hears something.

        Raises:
            Mismatch: it is refused. Hang: nobody answers.
        """
        peer = self._new_peer(lane)
        if self.address.spec.is_unix:
            self._come_in(peer)
        else:
            peer.connect(self.address)
        return peer

    def _come_in(self, peer: StreamPeer) -> None:
        """As long as the queue is full, a Unix socket refuses whoever does not block."""
        pause, limit_s, promise = threading.Event(), time.monotonic() + hang_bound_s(), "is let in"
        while (name := peer.connect_at_once(self.address)) == "EAGAIN":
            if time.monotonic() > limit_s:
                raise Hang(f"{peer.who} {promise}", f"the queue is full for {hang_bound_s():g} s")
            peer.close()
            pause.wait(LOOK_S)
        if name:
            raise Mismatch(f"{peer.who} {promise}", os.strerror(getattr(errno, name, 0)).lower())

    def arriving(self, lane: str = "") -> StreamPeer:
        """A client that has begun to connect; one that finds the queue full still tries."""
        peer = self._new_peer(lane)
        with contextlib.suppress(Mismatch):
            peer.connect_at_once(self.address)
        return peer

    def herd(self, number: int, lane: str = "client") -> list[StreamPeer]:
        """So many clients come: a few at a time, so that each finds room in the queue of a server
        that accepts; of one that does not, the queue fills. Those that have come."""
        peers, accepts = [], True
        for index in range(number):
            peers.append(self.arriving(f"{lane} {index + 1}"))
            if index % _AT_A_TIME == _AT_A_TIME - 1 and accepts:
                accepts = self.let_accept()
        if accepts:
            self.let_accept()
        return [peer for peer in peers if is_connected(peer)]

    def let_accept(self) -> bool:
        """Wait until nobody waits to be accepted, if that comes soon: whether it does."""
        with contextlib.suppress(Hang):
            self.wait_for(lambda: not waiting(self.address), _ACCEPTS_WITHIN_S, "they are accepted")
            return True
        return False

    def _new_peer(self, lane: str) -> StreamPeer:
        lane = lane or f"client {len(self._peers) + 1}"
        peer = stream_peer(self.log, lane, self.address.tls)
        self._peers.append(peer)
        return peer

    def sender(self, lane: str = "") -> DatagramPeer:
        """A client that sends datagrams, at an address where it can be answered."""
        own = self._own_address()
        peer = DatagramPeer(self.log, lane or f"client {len(self._peers) + 1}", own)
        self._peers.append(peer)
        peer.connect(self.address)
        return peer

    def _own_address(self) -> Any:
        if self.address.spec.is_unix:
            return str(self.folder / f"peer-{time.monotonic_ns()}")
        return ("" if self.address.named_by_user else self.address.at[0], 0)

    def close_clients(self) -> None:
        """All of them leave."""
        while self._peers:
            self._peers.pop().close()

    def ask(self, lane: str = "next client", bound_s: float | None = None) -> float:
        """One client more is served: after how many seconds.

        Raises:
            Mismatch: it is refused, or its connection ends first. Hang: nothing comes of it.
        """
        began_s, tries = time.monotonic(), _TRIES
        bound = hang_bound_s() if bound_s is None else bound_s
        if not self.address.is_stream:
            self._ask_by_datagram(lane, bound)
        while self.address.is_stream and not self._is_served(lane, bound, is_last=tries == 1):
            tries -= 1
        return round(time.monotonic() - began_s, 4)

    def _is_served(self, lane: str, bound_s: float, *, is_last: bool) -> bool:
        """One client more; false if it was late itself, on a busy machine, with what it said, and
        its connection ended: a server need not wait for it.

        Raises:
            Mismatch, Hang: as of :meth:`ask`.
        """
        came_s = said_s = time.monotonic()
        peer = self.client(lane)
        peer.socket.settimeout(bound_s)
        try:
            agree(peer, bound_s)
            if self.language.say:
                peer.attempt_send(self.language.say)
                said_s = time.monotonic()
            self._hear(peer, bound_s)
        except Hang:
            raise
        except Mismatch:
            if is_last or said_s - came_s < _PROMPT_S:
                raise
            return False
        finally:
            peer.close()
        return True

    def serve(self, peer: StreamPeer, bound_s: float) -> None:
        """Have a client that is connected served.

        Raises:
            Mismatch, Hang: as of :meth:`ask`.
        """
        agree(peer, bound_s)
        if self.language.say:
            peer.send(self.language.say)
        self._hear(peer, bound_s)

    def _hear(self, peer: StreamPeer, bound_s: float) -> None:
        """What shows that it is served, once it has said what it says."""
        if self.language.only_accepts:
            self.wait_for(lambda: waiting(self.address) == 0, bound_s, "its connection is accepted")
            return
        if self.language.only_agrees:
            return
        if self.language.ends:
            peer.half_close()
            _data, ending = peer.receive_to_end()
            if ending not in (END_OF_STREAM, RESET):
                raise Hang(f"{peer.who} is served", f"no end of its connection for {bound_s:g} s")
            return
        self._expect_answer(peer, bound_s)

    def _expect_answer(self, peer: StreamPeer, bound_s: float) -> None:
        data = b""
        while not (data and self.language.expect in data):
            got = peer.receive_some()
            if not isinstance(got, bytes):
                if got in (END_OF_STREAM, RESET):
                    raise Mismatch(f"{peer.who} is served", f"{got} instead of an answer")
                raise Hang(f"{peer.who} is served", f"no answer for {bound_s:g} s")
            data += got

    def _ask_by_datagram(self, lane: str, bound_s: float) -> None:
        """Whoever gets no answer asks again: a datagram may be lost, and that is no fault."""
        peer, said = self.sender(lane), self.language.say or b"sockproof\r\n"
        peer.send(said)
        if self.language.only_accepts:
            it_is_read = functools.partial(is_read, peer.socket, self.address)
            self.wait_for(it_is_read, bound_s, "its datagram is read")
        else:
            self._expect_datagram(peer, said, bound_s)
        peer.close()

    def _expect_datagram(self, peer: DatagramPeer, said: bytes, bound_s: float) -> None:
        data, limit_s = b"", time.monotonic() + bound_s
        again_s = time.monotonic() + _ASKS_AGAIN_S
        while not (data and self.language.expect in data):
            while not select.select([peer.socket], [], [], LOOK_S)[0]:
                if is_gone(self.address):
                    raise Mismatch(f"{peer.who} is served", "nobody has its address any more")
                if time.monotonic() > limit_s:
                    raise Hang(f"{peer.who} is served", f"no answer for {bound_s:g} s")
                if time.monotonic() > again_s:
                    peer.send_at_once(said)
                    again_s = time.monotonic() + _ASKS_AGAIN_S
            data = peer.socket.recv(1 << 16)
            self.log.note(peer.lane, "receive", data)

    def wait_for(self, condition: Callable[[], object], bound_s: float, what: str) -> float:
        """Look again and again until it holds: after how many seconds.

        Raises:
            Hang: it does not, within ``bound_s``.
        """
        pause, began_s = threading.Event(), time.monotonic()
        while not condition():
            if time.monotonic() - began_s > bound_s:
                raise Hang(what, f"not within {bound_s:g} s")
            pause.wait(LOOK_S)
        return round(time.monotonic() - began_s, 4)


def is_connected(peer: StreamPeer) -> bool:
    """Whether it has got through to the queue of the server."""
    with contextlib.suppress(OSError):
        peer.socket.getpeername()
        return True
    return False
