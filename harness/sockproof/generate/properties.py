"""What came of playing a plan, and the properties: what must hold of it, whatever plan it was.

A property takes what came of a plan alone, and raises Mismatch in words that name the peer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sockproof.case.client import TIMEOUT, Ending
from sockproof.generate.model import Owed, PlanModel
from sockproof.iut.outcomes import Event
from sockproof.judge.checks import Hang, check, same, show

__all__ = [
    "Played",
    "Property",
    "Received",
    "each_gets_its_own",
    "ended_handlers",
    "every_connection_ends",
    "handlers_start_in_order",
    "nothing_is_left",
]


def ended_handlers(model: PlanModel, events: Sequence[Event], clients: Mapping[int, Any]) -> int:
    """How many handlers have come to their end, but for those of clients that reset."""
    reset = [clients[number] for number in model.reset]
    others = {
        event.fields["id"]
        for event in events
        if event.name == "handler" and event.fields["client"] in reset
    }
    return sum(e.name == "handled" and e.fields["id"] not in others for e in events)


@dataclass(frozen=True)
class Received:
    """What a client that read to the end got: octets of a stream, or datagrams as ``pieces``."""

    octets: bytes = b""
    ending: Ending = TIMEOUT
    pieces: Sequence[bytes] = ()


@dataclass(frozen=True)
class Played:
    """A plan that has been played to its end, and after it the server closed: the model of it, and
    what was seen. ``clients`` are the addresses of the peers, by number."""

    model: PlanModel
    received: Mapping[int, Received]
    clients: Mapping[int, Any]
    events: Sequence[Event]
    leaks: Sequence[str]

    @property
    def order(self) -> list[int]:
        """The peers in the order in which they connected; of datagrams, a peer for each one."""
        return [guest.peer for guest in self.model.guests.values()]

    @property
    def ended(self) -> int:
        """How many of the handlers that must come to their end have."""
        return ended_handlers(self.model, self.events, self.clients)

    @property
    def starts_and_ends(self) -> list[Event]:
        """Of handlers: "handler" where one starts, "handled" where it has ended."""
        starting = {"phase": "setup"}
        return [e for e in self.events if e.name == "handled" or e.matches(starting)]


Property = Callable[[Played], None]


def each_gets_its_own(played: Played) -> None:
    """Every client that stays gets just what it is owed, and every handler comes to its end.

    Raises:
        Mismatch: one got something else. Hang: one got less, and waited in vain.
    """
    whole = _stream_is_whole if played.model.spec.is_stream else _datagrams_are_whole
    for number in played.received:
        whole(played, number)
    _handlers_end(played)


def _stream_is_whole(played: Played, number: int) -> None:
    got, owed = played.received[number], played.model.owed(played.model.guests[number])
    expected = f"peer {number} receives {show(owed.octets)}"
    whole = got.octets == owed.octets
    if owed.loosely and got.ending is not TIMEOUT:
        whole = owed.octets.startswith(got.octets)
    if not whole and got.ending is TIMEOUT:
        raise Hang(expected, f"{show(got.octets)} and then nothing")
    check(whole, expected=expected, actual=show(got.octets))


def _datagrams_are_whole(played: Played, number: int) -> None:
    """Of a server without mixin also in order; others answer in whatever order they come to."""
    pieces = played.received[number].pieces
    replies = map(played.model.owed, played.model.guests.values())
    owed = [reply for reply in replies if reply.peer == number]
    if not _fits(pieces, owed, in_turn=played.model.in_turn):
        may = "" if not any(reply.loosely for reply in owed) else ", some of which may be none"
        datagrams = ", ".join(show(reply.octets) for reply in owed)
        what = f"peer {number} receives the datagrams [{datagrams}]{may}"
        check(False, expected=what, actual=f"[{', '.join(map(show, pieces))}]")


def _fits(pieces: Sequence[bytes], owed: Sequence[Owed], *, in_turn: bool) -> bool:
    if not in_turn:
        must = Counter(reply.octets for reply in owed if not reply.loosely)
        may = Counter(reply.octets for reply in owed)
        return must <= Counter(pieces) <= may
    rest = list(pieces)
    for reply in owed:
        if rest[:1] == [reply.octets]:
            del rest[0]
        elif not reply.loosely:
            return False
    return not rest


def _handlers_end(played: Played) -> None:
    needed, ended = played.model.handlers_min, played.ended
    if ended < needed:
        raise Hang(f"{needed} handlers come to their end", f"{ended} do")
    most = len(played.order)
    started = sum(event.name == "handler" for event in played.starts_and_ends)
    check(started <= most, expected=f"no more than {most} handlers", actual=f"{started} of them")


def every_connection_ends(played: Played) -> None:
    """Every client that reads to the end comes to one that is allowed, while the server serves on.

    Raises:
        Mismatch: another ending. Hang: none.
    """
    for number, got in played.received.items():
        allowed = played.model.owed(played.model.guests[number]).endings
        what = f"peer {number}'s connection ends: {' or '.join(sorted(map(str, allowed)))}"
        if got.ending is TIMEOUT:
            raise Hang(what, "it stays open")
        check(got.ending in allowed, expected=what, actual=str(got.ending))
    _handlers_end(played)


def handlers_start_in_order(played: Played) -> None:
    """Handlers start in the order in which clients connected, or datagrams were sent, each after
    the one before has ended.

    Raises:
        Mismatch: otherwise. Hang: not all of them started and ended.
    """
    _handlers_end(played)
    changes = played.starts_and_ends
    ids = [event.fields["id"] for event in changes]
    in_turn = ids[::2] == ids[1::2] and all(event.name == "handler" for event in changes[::2])
    words = {"handler": "setup", "handled": "end"}
    actual = ", ".join(f"{words[event.name]} of {event.fields['id']}" for event in changes)
    check(in_turn, expected="each handler ends before the next one starts", actual=actual)
    started = [_key(event.fields["client"]) for event in changes if event.name == "handler"]
    clients = {number: _key(address) for number, address in played.clients.items()}
    reset = played.model.reset
    wanted = [n for n in played.order if n not in reset or clients[n] in started]
    order = [clients[number] for number in wanted]
    what = f"the clients of peers {wanted}, in the order in which their handlers start"
    same(order, started, what)


def _key(address: Any) -> str:
    """An address, in whatever form the interpreter tells it; none where there is none."""
    return repr(address.encode("latin-1") if isinstance(address, str) else address or b"")


def nothing_is_left(played: Played) -> None:
    """When the server has been closed there is no descriptor, thread or child more than before.

    Raises:
        Mismatch: there is.
    """
    left = ", ".join(played.leaks)
    check(not left, expected="nothing is left behind once the server is closed", actual=left)
