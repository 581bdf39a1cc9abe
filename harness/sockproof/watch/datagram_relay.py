"""Relays datagrams: each client has a socket of its own towards the server, by which its answers
come back."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from typing import Any

from sockproof.check.listener import Address
from sockproof.watch.talk import Party, Talk, Witnessed
from sockproof.watch.the_end import TheEnd
from sockproof.watch.whereabouts import kind_of

__all__ = ["DatagramRelay"]

_READ_OCTETS = 1 << 16
_AT_ONCE = 256
# Of more clients than that, who has been silent for longest is forgotten: nobody says goodbye.
_MOST_CLIENTS = 256
# After a request that nothing has answered yet.
_LAST_ANSWERS_S, _LOOK_MS = 0.5, 20


class DatagramRelay:
    """Clients send to the ``own`` socket, and what they send goes to the ``server``."""

    def __init__(self, own: socket.socket, server: Address, seen: Witnessed) -> None:
        self._own, self._server, self._seen = own, server, seen
        self._poll = select.poll()
        self._ways: dict[Any, tuple[socket.socket, Talk]] = {}
        self._clients: dict[int, Any] = {}

    def run(self, end: TheEnd) -> None:
        """Until the end has come, and what had come before it is relayed."""
        self._poll.register(end, select.POLLIN)
        self._poll.register(self._own, select.POLLIN)
        try:
            while not end.has_come:
                self._turn(None)
            self._poll.unregister(end)
            self._settle()
        finally:
            for client in list(self._ways):
                self._forget(client)

    def _settle(self) -> None:
        limit_s = time.monotonic() + _LAST_ANSWERS_S
        while (self._turn(0) or self._is_to_settle) and time.monotonic() < limit_s:
            self._turn(_LOOK_MS)

    @property
    def _is_to_settle(self) -> bool:
        """Whether somebody has asked of late, and has no answer."""
        now_s = time.monotonic()
        return any(
            talk.turns and talk.turns[-1].side is Party.CLIENT
            and now_s - talk.last_s < _LAST_ANSWERS_S
            for _way, talk in self._ways.values()
        )  # fmt: skip

    def _turn(self, patience_ms: int | None) -> bool:
        ready = dict(self._poll.poll(patience_ms))
        for number in ready:
            if number in self._clients:
                self._answer(self._clients[number])
        if self._own.fileno() in ready:
            self._ask()
        return bool(ready)

    def _ask(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                octets, client = self._own.recvfrom(_READ_OCTETS)
            except BlockingIOError:
                return
            except OSError:  # somebody whom it has answered is gone
                continue
            way, talk = self._way(client)
            self._seen.say(talk, Party.CLIENT, octets)
            with contextlib.suppress(OSError):  # as on any way, it may be lost
                way.send(octets)

    def _answer(self, client: Any) -> None:
        way, talk = self._ways[client]
        for _ in range(_AT_ONCE):
            try:
                octets = way.recv(_READ_OCTETS)
            except BlockingIOError:
                return
            except OSError:  # nobody is there just now
                continue
            self._seen.say(talk, Party.SERVER, octets)
            with contextlib.suppress(OSError):
                self._own.sendto(octets, client)

    def _way(self, client: Any) -> tuple[socket.socket, Talk]:
        """That of a client, who is now the one who has spoken last."""
        if found := self._ways.pop(client, None):
            self._ways[client] = found
            return found
        if len(self._ways) >= _MOST_CLIENTS:
            self._forget(next(iter(self._ways)))
        way = socket.socket(self._server.spec.address_family, kind_of(self._server))
        way.setblocking(False)
        way.connect(self._server.at)
        self._ways[client] = way, self._seen.begin(is_stream=False)
        self._clients[way.fileno()] = client
        self._poll.register(way, select.POLLIN)
        return self._ways[client]

    def _forget(self, client: Any) -> None:
        way, talk = self._ways.pop(client)
        talk.is_open = False
        del self._clients[way.fileno()]
        self._poll.unregister(way)
        way.close()
