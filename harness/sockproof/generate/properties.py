"""The properties: what must hold of every plan that was played, whatever it was.

Each takes what came of a plan, and raises Mismatch in words that name the peer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from sockproof.case.client import TIMEOUT
from sockproof.generate.model import DatagramReply, replies_to
from sockproof.generate.played import Played, Received
from sockproof.judge.checks import Hang, check, same, show
from sockproof.spec.matrix import spec_by_id

__all__ = [
    "Property",
    "each_gets_its_own",
    "every_connection_ends",
    "handlers_start_in_order",
    "nothing_is_left",
]

Property = Callable[[Played], None]


def each_gets_its_own(played: Played) -> None:
    """Every client that stays gets just what it is owed, and every handler comes to its end.

    Raises:
        Mismatch: one got something else. Hang: one got less, and waited in vain.
    """
    if spec_by_id(played.plan.spec).is_stream:
        for number, got in played.received.items():
            _stream_is_whole(number, got)
    else:
        _datagrams_are_whole(played)
    _handlers_end(played)


def _stream_is_whole(number: int, got: Received) -> None:
    owed = got.owed
    assert owed is not None
    whole = got.octets == owed.octets
    if owed.loosely and got.ending is not TIMEOUT:
        whole = owed.octets.startswith(got.octets)
    if not whole and got.ending is TIMEOUT:
        raise Hang(
            f"peer {number} receives {show(owed.octets)}", f"{show(got.octets)} and then nothing"
        )
    check(whole, expected=f"peer {number} receives {show(owed.octets)}", actual=show(got.octets))


def _datagrams_are_whole(played: Played) -> None:
    """Of a server without mixin also in order; others answer in whatever order they come to."""
    in_turn = spec_by_id(played.plan.spec).mixin == "none"
    replies = replies_to(played.plan)
    for number, got in played.received.items():
        owed = [reply for reply in replies if reply.peer == number]
        if not _fits(got.pieces, owed, in_turn=in_turn):
            may = "" if not any(reply.optional for reply in owed) else ", some of which may be none"
            told = [show(reply.octets) for reply in owed]
            what = f"peer {number} receives the datagrams [{', '.join(told)}]{may}"
            check(False, expected=what, actual=f"[{', '.join(map(show, got.pieces))}]")


def _fits(pieces: list[bytes], owed: list[DatagramReply], *, in_turn: bool) -> bool:
    if not in_turn:
        must = Counter(reply.octets for reply in owed if not reply.optional)
        may = Counter(reply.octets for reply in owed)
        came = Counter(pieces)
        return must <= came <= may
    rest = list(pieces)
    for reply in owed:
        if rest[:1] == [reply.octets]:
            del rest[0]
        elif not reply.optional:
            return False
    return not rest


def _handlers_end(played: Played) -> None:
    if played.ended < played.handlers:
        raise Hang(f"{played.handlers} handlers come to their end", f"{played.ended} do")
    most, started = len(played.order), played.started
    check(started <= most, expected=f"no more than {most} handlers", actual=f"{started} of them")


def every_connection_ends(played: Played) -> None:
    """Every client that reads to the end comes to one that is allowed, while the server serves on.

    Raises:
        Mismatch: another ending. Hang: none.
    """
    for number, got in played.received.items():
        assert got.owed is not None
        allowed = " or ".join(sorted(map(str, got.owed.endings)))
        if got.ending is TIMEOUT:
            raise Hang(f"peer {number}'s connection ends: {allowed}", "it stays open")
        what = f"peer {number}'s connection ends: {allowed}"
        check(got.ending in got.owed.endings, expected=what, actual=str(got.ending))
    _handlers_end(played)


def handlers_start_in_order(played: Played) -> None:
    """Handlers start in the order in which clients connected, or datagrams were sent, each after
    the one before has ended.

    Raises:
        Mismatch: otherwise. Hang: not all of them started and ended.
    """
    _handlers_end(played)
    told = played.starts_and_ends()
    ids = [handler_id for _, handler_id, _ in told]
    in_turn = ids[::2] == ids[1::2] and {what for what, *_ in told[::2]} <= {"setup"}
    check(in_turn, expected="each handler ends before the next one starts", actual=_order(told))
    started = [_key(address) for what, _, address in told if what == "setup"]
    left = {move.peer for move in played.plan.moves if move.do == "reset"}
    clients = {number: _key(address) for number, address in played.clients.items()}
    wanted = [n for n in played.order if n not in left or clients[n] in started]
    order = [clients[number] for number in wanted]
    what = f"the clients of peers {wanted}, in the order in which their handlers start"
    same(order, started, what)


def _key(address: Any) -> str:
    """An address, in whatever form the interpreter tells it; none where there is none."""
    return repr(address.encode("latin-1") if isinstance(address, str) else address or b"")


def _order(told: list[tuple[str, str, Any]]) -> str:
    return ", ".join(f"{what} of {handler_id}" for what, handler_id, _ in told)


def nothing_is_left(played: Played) -> None:
    """When the server has been closed there is no descriptor, thread or child more than before.

    Raises:
        Mismatch: there is.
    """
    left = ", ".join(played.leaks)
    check(not left, expected="nothing is left behind once the server is closed", actual=left)
