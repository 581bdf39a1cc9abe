"""Relays connections, many at once, and keeps what is seen of them."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import time

from sockproof.check.listener import Address
from sockproof.watch.stream_session import Leg, StreamSession
from sockproof.watch.talk import Party, Talk, Witnessed
from sockproof.watch.the_end import TheEnd
from sockproof.watch.whereabouts import kind_of

__all__ = ["StreamRelay", "settles_in_s"]

_LOOK_MS = 20
_ACCEPTED_AT_ONCE = 64
# An answer is whole, as far as can be known, when nothing more has come for so long.
_SETTLED_S = 0.5
_TOO_MANY = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def settles_in_s(talk: Talk) -> float:
    """How long the answer that came last may still go on; 0 if it is whole."""
    if not talk.is_open or talk.why_cut or not talk.turns or talk.end_of(Party.SERVER):
        return 0.0
    left_s = talk.last_s + _SETTLED_S - time.monotonic()
    return max(0.0, left_s) if talk.turns[-1].side is Party.SERVER else 0.0


class StreamRelay:
    """Clients come to the ``listener``, and each has a connection of its own to the ``server``."""

    def __init__(self, listener: socket.socket, server: Address, seen: Witnessed) -> None:
        self._listener, self._server, self._seen = listener, server, seen
        self._poll = select.poll()
        self._legs: dict[int, tuple[StreamSession, Leg]] = {}
        self._sessions: dict[StreamSession, None] = {}
        self._masks: dict[int, int] = {}
        self._is_crowded = False

    def run(self, end: TheEnd) -> None:
        """Until the end has come, and what had come before it is relayed."""
        self._poll.register(end, select.POLLIN)
        self._poll.register(self._listener, select.POLLIN)
        try:
            while not end.has_come:
                self._turn(self._patience_ms)
            self._poll.unregister(end)
            self._settle()
        finally:
            for session in self._sessions:
                if settles_in_s(session.talk):
                    session.talk.cut_short("an answer that was still coming at the end")
                session.close()

    def _settle(self) -> None:
        """What is here already is relayed, and answers that are on their way may come."""
        limit_s = time.monotonic() + _SETTLED_S
        while self._turn(0) or self._is_to_settle(limit_s):
            if time.monotonic() > limit_s:
                return
            self._turn(_LOOK_MS)

    def _is_to_settle(self, limit_s: float) -> bool:
        open_ones = [session.talk for session in self._sessions]
        return time.monotonic() <= limit_s and any(map(settles_in_s, open_ones))

    @property
    def _patience_ms(self) -> int | None:
        is_watched = self._is_crowded or any(session.is_watched for session in self._sessions)
        return _LOOK_MS if is_watched else None

    def _turn(self, patience_ms: int | None) -> bool:
        """Whatever can be done now, or within a while; whether there was anything."""
        ready = dict(self._poll.poll(patience_ms))
        if self._listener.fileno() in ready or self._is_crowded:
            self._accept()
        # Servers first: what one says by itself is not said because of what its client does then.
        for number in sorted(ready, key=self._is_of_client):
            if number in self._legs:
                session, leg = self._legs[number]
                session.advance(leg, ready[number])
        for session in [one for one in self._sessions if one.is_watched]:
            session.tick()
        touched = {self._legs[number][0] for number in ready if number in self._legs}
        for session in {
            *touched,
            *(one for one in self._sessions if one.is_watched or one.is_over),
        }:
            self._heed(session)
        return bool(ready)

    def _is_of_client(self, number: int) -> bool:
        return number in self._legs and self._legs[number][1].side is Party.CLIENT

    def _accept(self) -> None:
        try:
            for _ in range(_ACCEPTED_AT_ONCE):
                self._accept_one()
        except BlockingIOError:
            self._wait_for_clients(is_crowded=False)
        except OSError as error:
            if error.errno not in _TOO_MANY:
                raise
            self._wait_for_clients(is_crowded=True)

    def _wait_for_clients(self, *, is_crowded: bool) -> None:
        """Where there is room for no more, who comes waits, as at any server."""
        if is_crowded and not self._is_crowded:
            self._poll.unregister(self._listener)
        if not is_crowded and self._is_crowded:
            self._poll.register(self._listener, select.POLLIN)
        self._is_crowded = is_crowded

    def _accept_one(self) -> None:
        server = socket.socket(self._server.spec.address_family, kind_of(self._server))
        try:
            client, _address = self._listener.accept()
        except ConnectionError:  # it has left again
            server.close()
            return
        except OSError:
            server.close()
            raise
        session = StreamSession(client, server, self._server.at, self._seen)
        self._sessions[session] = None
        for leg in session.legs:
            self._legs[leg.socket.fileno()] = session, leg
        self._heed(session)

    def _heed(self, session: StreamSession) -> None:
        """Wait for what it waits for now."""
        if session.is_over:
            self._forget(session)
            return
        for leg in session.legs:
            number, wanted = leg.socket.fileno(), session.interest(leg)
            if self._masks.get(number) == wanted:
                continue
            if wanted is None:
                self._poll.unregister(number)
                del self._masks[number]
            else:
                self._poll.register(number, wanted)
                self._masks[number] = wanted

    def _forget(self, session: StreamSession) -> None:
        """Its descriptors are closed, and may be given to the next one."""
        self._sessions.pop(session, None)
        for number in [n for n, (one, _leg) in self._legs.items() if one is session]:
            del self._legs[number]
            if self._masks.pop(number, None) is not None:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(number)
