"""Clients that come at once: what each has done and got, and who gets nothing."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sockproof.case.client import StreamPeer
from sockproof.case.secured_peer import SecuredPeer
from sockproof.case.tls_socket import SecuredSocket
from sockproof.check.clientele import is_connected
from sockproof.check.language import Language
from sockproof.check.scene import Scene
from sockproof.check.sockets import is_heard, ports_let_in

__all__ = ["LONGEST", "REFUSED", "SERVED", "Crowd", "OneOfMany"]

SERVED, REFUSED = "served", "refused"
LONGEST = 1.5
"""Whoever is served, one after the other: as long as that takes, but no more whiles of patience."""
# Of a while of patience, if nobody is in: who is kept out comes again after 1, 3 and 7 s.
_IF_NONE_IS_IN = 0.5
_READ_OCTETS = 1 << 16
_LOOK_MS = 100


@dataclass
class OneOfMany:
    """``fate`` is how it ended, empty as long as it waits; ``in_since_s`` is when it was first seen
    that the server has it, and all that it asks, None before. ``shakes_hands``: it has begun to."""

    peer: StreamPeer
    has_asked: bool = False
    shakes_hands: bool = False
    data: bytes = b""
    fate: str = ""
    in_since_s: float | None = None

    @property
    def port(self) -> int:
        """Its own, 0 if that is none."""
        with contextlib.suppress(OSError):
            name = self.peer.socket.getsockname()
            return int(name[1]) if isinstance(name, tuple) else 0
        return 0

    @property
    def hears(self) -> bool:
        """Whether it waits for what comes, and not until it is connected."""
        return self.has_asked or self.shakes_hands

    @property
    def why_none(self) -> str:
        """In the place of a fate, as long as there is none."""
        return "kept out" if self.in_since_s is None else "waiting"

    def look(self, let_in: set[int], now_s: float) -> None:
        """See whether nothing but the server keeps it waiting any more."""
        if self.in_since_s is None and self._is_in(let_in):
            self.in_since_s = now_s

    def _is_in(self, let_in: set[int]) -> bool:
        """Whether it is connected for the server too, at one of the ports that are ``let_in``, and
        no octet of it is still on its way."""
        if not (self.hears and is_connected(self.peer)):
            return False
        is_unix = self.peer.socket.family == socket.AF_UNIX
        return is_unix or (self.port in let_in and is_heard(self.peer.socket))

    def act(self, language: Language) -> None:
        """Something can be done: ask, and later hear."""
        self._hear(language) if self.has_asked else self._ask(language)

    def _ask(self, language: Language) -> None:
        """It is connected, or was refused; of TLS it may have to wait for its handshake first."""
        number = self.peer.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.shakes_hands = isinstance(self.peer, SecuredPeer)
        if number:
            self.fate = REFUSED
        try:
            if not number:
                self._say(language)
        except OSError as error:
            if self.shakes_hands and isinstance(error, BlockingIOError):
                return
        self.has_asked = True

    def _say(self, language: Language) -> None:
        own = self.peer.socket
        if isinstance(own, SecuredSocket):
            own.shake_hands()
        if language.only_agrees:
            self.fate = SERVED
        if language.say:
            own.send(language.say)
        if language.ends:
            own.shutdown(socket.SHUT_WR)

    def _hear(self, language: Language) -> None:
        """Something has come, or its connection has ended."""
        try:
            got = self.peer.socket.recv(_READ_OCTETS)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        self.data += got
        if not got:
            self.fate = SERVED if language.ends else REFUSED
        elif not language.ends and language.expect in self.data:
            self.fate = SERVED


class Crowd:
    """Members that have come at once to the server of a scene."""

    def __init__(self, scene: Scene, members: Sequence[OneOfMany]) -> None:
        self._scene, self._members, self._is_leaving = scene, members, False
        for one in members:
            one.peer.socket.setblocking(False)

    @property
    def some_are_in(self) -> bool:
        """Whether the server has somebody who waits."""
        return any(not one.fate and one.in_since_s is not None for one in self._members)

    @property
    def fates(self) -> dict[str, int]:
        """How many have which; whoever the server has not, for all that is known, is kept out."""
        return dict(Counter(one.fate or one.why_none for one in self._members))

    def served_leave(self) -> None:
        """From now on whoever is served, or was, leaves; who is refused has nothing to stay for."""
        self._is_leaving = True
        for one in self._members:
            self._see_off(one)

    def _see_off(self, one: OneOfMany) -> None:
        if one.fate and self._is_leaving:
            one.peer.close()

    def wait(self) -> list[OneOfMany]:
        """Let them ask and hear, until all have been. Those who wait in vain: the server has had
        all that it needs for a while of patience, in which nothing came for anybody."""
        began_s = heard_s = time.monotonic()
        while living := [one for one in self._members if not one.fate]:
            if in_vain := [one for one in living if self._is_over(one.in_since_s, heard_s)]:
                return in_vain
            none_is_in = all(one.in_since_s is None for one in living)
            if self._is_over(began_s, whiles=LONGEST) or (
                none_is_in and self._is_over(heard_s, whiles=_IF_NONE_IS_IN)
            ):
                return []
            if self._turn(living):
                heard_s = time.monotonic()
        return []

    def _is_over(self, since_s: float | None, heard_s: float = 0.0, whiles: float = 1.0) -> bool:
        """Whether so many whiles of patience have gone by since both."""
        if since_s is None:
            return False
        return time.monotonic() - max(since_s, heard_s) >= whiles * self._scene.patience_s

    def _turn(self, living: Sequence[OneOfMany]) -> bool:
        """Who can do something does it, for others it is seen whether the server has them; whether
        something came for somebody."""
        ready = list(_ready(living))
        for one in ready:
            one.act(self._scene.language)
            self._see_off(one)
        if not ready:
            let_in, now_s = ports_let_in(self._scene.address), time.monotonic()
            for one in living:
                one.look(let_in, now_s)
        return any(one.fate for one in ready)


def _ready(living: Sequence[OneOfMany]) -> Iterator[OneOfMany]:
    """Those who can do something; it is waited for, a little."""
    poll, known = select.poll(), {}
    for one in living:
        known[one.peer.socket.fileno()] = one
        poll.register(one.peer.socket, select.POLLIN if one.hears else select.POLLOUT)
    yield from (known[number] for number, _ in poll.poll(_LOOK_MS))
