"""Many clients at once: each is served, or refused; nobody who was let in is forgotten."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sockproof.case.client import StreamPeer
from sockproof.check.language import Language
from sockproof.check.scene import Scene
from sockproof.check.sockets import ports_let_in, waiting
from sockproof.judge.checks import Hang

__all__ = ["crowd_is_served"]

_READ_OCTETS = 1 << 16
# Whoever is served, one after the other, as long as it takes: but not for ever.
_LONGEST = 2.0


@dataclass
class _OneOfMany:
    """One of the crowd: what it has done and got so far."""

    peer: StreamPeer
    has_asked: bool = False
    data: bytes = b""
    fate: str = ""

    @property
    def port(self) -> int:
        """Its own, 0 if that is none."""
        with contextlib.suppress(OSError):
            name = self.peer.socket.getsockname()
            return int(name[1]) if isinstance(name, tuple) else 0
        return 0

    def ask(self, language: Language) -> None:
        """It is connected, or was refused."""
        self.has_asked = True
        number = self.peer.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        with contextlib.suppress(OSError):
            if not number and language.say:
                self.peer.socket.send(language.say)
            if not number and language.ends:
                self.peer.socket.shutdown(socket.SHUT_WR)
        self.fate = "refused" if number else ""

    def hear(self, language: Language) -> None:
        """Something has come, or its connection has ended."""
        try:
            got = self.peer.socket.recv(_READ_OCTETS)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        self.data += got
        if not got:
            self.fate = "served" if language.ends else "refused"
        elif not language.ends and language.expect in self.data:
            self.fate = "served"


def crowd_is_served(scene: Scene, _variant: str = "") -> None:
    """Whoever comes in a crowd is served, or refused by the kernel; nobody is forgotten.

    Who finds no room in the queue of the listening socket knocks again, ever more seldom: that is
    the kernel's doing, and told as a value.
    """
    number = scene.manners.crowd
    peers = [scene.arriving(f"client {index + 1}") for index in range(number)]
    if scene.language.only_accepts:
        scene.wait_for(lambda: not waiting(scene.address), scene.patience_s, "all are accepted")
        return
    crowd = [_OneOfMany(peer) for peer in peers]
    waited_s = _serve(scene, crowd)
    left = [one for one in crowd if not one.fate]
    let_in = ports_let_in(scene.address)
    for one in left:
        one.fate = "forgotten" if one.port in let_in or scene.address.spec.is_unix else "kept out"
    scene.close_clients()
    fates = Counter(one.fate for one in crowd)
    scene.observe("fates", dict(fates))
    if fates["forgotten"] and waited_s >= scene.patience_s:
        expected = f"of {number} clients at once each is served, or refused"
        told = f"{fates['forgotten']} of them were let in, and wait; {fates['served']} were served"
        raise Hang(expected, f"{told}; for {scene.patience_s:g} s nothing came for anybody")


def _serve(scene: Scene, crowd: list[_OneOfMany]) -> float:
    """Let them ask and hear, until all have been, or nobody hears anything for too long: for how
    long nobody has, at the end."""
    began_s = heard_s = time.monotonic()
    for one in crowd:
        one.peer.socket.setblocking(False)
    while any(not one.fate for one in crowd):
        now_s = time.monotonic()
        if now_s - heard_s >= scene.patience_s or now_s - began_s >= _LONGEST * scene.patience_s:
            break
        for one in _ready(crowd):
            one.hear(scene.language) if one.has_asked else one.ask(scene.language)
            heard_s = time.monotonic() if one.fate else heard_s
    return time.monotonic() - heard_s


def _ready(crowd: list[_OneOfMany]) -> Iterator[_OneOfMany]:
    """Those who can do something; others are waited for, a little."""
    poll, living = select.poll(), {}
    for one in crowd:
        if not one.fate:
            living[one.peer.socket.fileno()] = one
            poll.register(one.peer.socket, select.POLLIN if one.has_asked else select.POLLOUT)
    yield from (living[number] for number, _ in poll.poll(100))
