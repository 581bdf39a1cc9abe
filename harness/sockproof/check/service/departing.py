"""Clients leave in the middle of an exchange, at every octet: the next one is answered, and nothing
of theirs is left."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice

from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s, attempt, positions
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.growth import Growth
from sockproof.judge.checks import Mismatch

__all__ = [
    "LEAVING",
    "WAYS_OUT",
    "leave_everywhere",
    "leavers_harm_nobody",
    "leavers_leave_nothing",
]

_ABORT_ON_CLOSE = struct.pack("ii", 1, 0)
# What is counted after each of these rounds has to grow again and again to be a leak: what is made
# once and kept, as a pool of threads, does not.
_ROUNDS = 4
# How many silent clients there are at a time; whoever serves so many at once may have more.
_SILENT = 8


def _end(caller: Caller) -> None:
    caller.peer.close()


def _reset(caller: Caller) -> None:
    """On a Unix socket that is a close with octets unread."""
    with contextlib.suppress(OSError):
        if not caller.address.spec.is_unix:
            caller.peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_ON_CLOSE)
    caller.peer.close()


def _fall_silent(_caller: Caller) -> None:
    """Nothing more comes of it, and no end either."""


WAYS_OUT: Mapping[str, Callable[[Caller], None]] = {
    "end": _end,
    "reset": _reset,
    "silence": _fall_silent,
}
# Whoever falls silent has not left yet: that is of those who linger.
LEAVING = ("end", "reset")


@dataclass(frozen=True)
class _Place:
    """Where a client leaves: after so many octets of the request, or of the answer."""

    octets: int
    size: int
    in_answer: bool = False

    def __str__(self) -> str:
        part = "answer" if self.in_answer else "request"
        return f"after {self.octets} of {self.size} octets of the {part}"


def _places(exchange: Exchange) -> list[_Place]:
    """Before, within and after the request; within the answer as far as its size is known."""
    size, answer = len(exchange.request), len(exchange.answer.octets or b"xx")
    asked = [0, *positions(size), size] if size else [0]
    found = [_Place(at, size) for at in dict.fromkeys(asked)]
    return [*found, *(_Place(at, answer, in_answer=True) for at in positions(answer))]


def leave_everywhere(exchanges: Exchanges, scene: Scene, number: int) -> None:
    """So many come and leave by a reset, at one place of an exchange after the other; whatever they
    hear is not judged."""
    where = [(exchange, place) for exchange in exchanges.all for place in _places(exchange)]
    with attempt(scene, "clients leave"):
        for exchange, place in islice(cycle(where), number):
            _come_and_leave(exchanges, scene, exchange, "reset", place)


def leavers_harm_nobody(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """Wherever one leaves, the next one is answered."""
    exchange, way, places = _asked(exchanges, variant)
    for place in places:
        with attempt(scene, f"the next one (after one has left by {way} {place})"):
            _come_and_leave(exchanges, scene, exchange, way, place)
            call_up(scene, answer_bound_s(scene), exchanges.before(exchange), "next client").have(
                exchange
            )
    scene.observe("places", len(places))


def _asked(exchanges: Exchanges, variant: str) -> tuple[Exchange, str, list[_Place]]:
    name, _, way = variant.partition(" ")
    exchange = exchanges.named(name)
    places = _places(exchange)
    return exchange, way, places[:: max(1, len(places) // _SILENT)] if way == "silence" else places


def _come_and_leave(
    exchanges: Exchanges, scene: Scene, exchange: Exchange, way: str, place: _Place
) -> None:
    """One comes, gets as far as that, and leaves; whatever it hears is not judged."""
    with contextlib.suppress(Mismatch):
        caller = call_up(scene, answer_bound_s(scene), exchanges.before(exchange), "leaver")
        if place.in_answer:
            caller.say(exchange)
            caller.hear_octets(place.octets)
        else:
            caller.send(exchange.request[: place.octets])
            caller.let_read()
        WAYS_OUT[way](caller)


def leavers_leave_nothing(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """Threads, children and descriptors do not grow with those who have left."""
    exchange, way, places = _asked(exchanges, variant)
    growth = Growth(scene, _ROUNDS)

    def leave() -> None:
        with attempt(scene, "clients leave"):
            for place in places:
                _come_and_leave(exchanges, scene, exchange, way, place)

    growth.of_rounds(leave, len(places))
    seen = f"each time {len(places)} clients have left by {way}"
    growth.judge("when clients have left, the server holds what it held before", seen)
