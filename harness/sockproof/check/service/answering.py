"""An exchange is answered, however its octets come: whole, in pieces, several at a time, before a
half-close, and though its client is slow to read."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence

from sockproof.case.client import RESET
from sockproof.check.far_end import far_end
from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s, attempt, positions
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.judge.checks import Mismatch, NotApplicable

__all__ = [
    "answered_before_half_close",
    "answered_in_pieces",
    "answered_octet_by_octet",
    "answered_several_at_once",
    "answered_slowly_read",
    "answered_whole",
    "ends_with_close_notify",
    "ends_without_reset",
]

_TIMES = 3
_AT_ONCE = 20
# A request longer than that goes in pieces of one octet at its ends alone.
_MOST_PIECES = 128
# So much is asked for, at most, by a client that does not read.
_QUICK_S = 0.01
_ROOM_OCTETS = 1 << 16
_ANSWER_OCTETS, _ASKED_TIMES, _ASKED_S, _FULL_S = 8 << 20, 10000, 5.0, 0.3


def answered_whole(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """Again and again, and then with what may follow on the same connection."""
    exchange = exchanges.named(name)
    for number in range(_TIMES):
        with attempt(scene, f"whole (time {number + 1})"):
            _call(exchanges, scene, exchange).have(exchange)
    for next_one in exchanges.following(exchange):
        with attempt(scene, f"whole (followed by {next_one.name})"):
            _call(exchanges, scene, exchange).have_all([exchange, next_one])


def answered_octet_by_octet(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """Each octet is read before the next one is sent."""
    exchange = exchanges.named(name)
    size = len(_long_enough(exchange, 2).request)
    ends = [*range(1, _MOST_PIECES // 2), *range(max(1, size - _MOST_PIECES // 2), size)]
    with attempt(scene, "in pieces (octet by octet)"):
        _call(exchanges, scene, exchange).have(exchange, sorted({at for at in ends if at < size}))
    scene.observe("request_octets", size)


def answered_in_pieces(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """In two pieces, of which the first is read before the second is sent."""
    exchange = exchanges.named(name)
    size = len(_long_enough(exchange, 2).request)
    for at in positions(size):
        with attempt(scene, f"in pieces (cut after {at} of {size} octets)"):
            _call(exchanges, scene, exchange).have(exchange, [at])
    scene.observe("cuts", len(positions(size)))


def answered_several_at_once(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """Two requests in one segment, and then many, each gets its answer in its turn."""
    exchange = exchanges.named(name)
    following = [one for one in exchanges.following(exchange) if one.request]
    if not exchange.request or not following:
        raise NotApplicable("nothing follows it on the same connection, as far as the example says")
    for next_one in following:
        with attempt(scene, f"several at once (with {next_one.name} in one segment)"):
            _have_at_once(_call(exchanges, scene, exchange), [exchange, next_one])
    again = following[0]
    if again in exchanges.following(again):
        with attempt(scene, f"several at once ({_AT_ONCE} times {again.name})"):
            caller = _call(exchanges, scene, exchange).have_all([exchange])
            _have_at_once(caller, [again] * _AT_ONCE)


def _have_at_once(caller: Caller, exchanges: Sequence[Exchange]) -> None:
    caller.send(b"".join(one.request for one in exchanges))
    if exchanges[-1].half_closes:
        caller.half_close()
    for one in exchanges:
        caller.hear(one)


def answered_before_half_close(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """A client that says no more still hears."""
    exchange = exchanges.named(name)
    if exchange.half_closes or not exchange.request:
        raise NotApplicable("it half-closes anyway" if exchange.request else "it sends nothing")
    with attempt(scene, "before a half-close"):
        caller = _call(exchanges, scene, exchange)
        caller.send(exchange.request)
        caller.half_close()
        caller.hear(exchange)


def ends_without_reset(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """What follows the last answer is an end: a reset may take the answer with it."""
    exchange = exchanges.named(name)
    with attempt(scene, "how it ends"):
        caller = _call(exchanges, scene, exchange).have_all([exchange])
        if caller.hear_end() is RESET:
            promise = "after its answer the connection ends by an end of stream"
            raise Mismatch(promise, "it is reset: something that was sent had not been read")


def ends_with_close_notify(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """An answer that goes to the end is whole only if TLS says so: the connection below it can be
    ended by anybody on the way."""
    exchange, terms = exchanges.named(name), scene.address.tls
    if terms is None or not exchange.answer.to_end:
        raise NotApplicable("its answer does not go to the end of the stream")
    if not terms.close_notify:
        raise NotApplicable("close_notify = false says that it need not be told")
    with attempt(scene, "how it ends"):
        caller = _call(exchanges, scene, exchange).have_all([exchange])
        if caller.is_cut_off:
            told = "its end is that of the connection, without a close notify: it may be cut off"
            raise Mismatch("an answer that goes to the end ends with a close notify", told)


def answered_slowly_read(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """A client that reads nothing until there is no room left gets all of it afterwards."""
    exchange = exchanges.named(name)
    again = exchange if exchange in exchanges.following(exchange) and exchange.request else None
    with attempt(scene, "read late"):
        caller = _call(exchanges, scene, exchange)
        # Else the kernel makes room for all that a client has once read quickly (tcp_rmem).
        caller.peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM_OCTETS)
        asked, rest = _ask_much(caller, again, _times(caller, again)) if again else (1, b"")
        if not again:
            caller.say(exchange)
            caller.let_read()
        for _ in range(asked):
            caller.hear(exchange)
        if rest:
            caller.send(rest)
            caller.hear(exchange)
    scene.observe("answers", asked + bool(rest))


def _times(caller: Caller, exchange: Exchange) -> int:
    """How often it is asked for, so that its answers do not take a slow server too long."""
    each_s = _each_s(caller, exchange, _AT_ONCE)
    if each_s < _QUICK_S:  # what little there is may have been waited for, for the most part
        each_s = _each_s(caller, exchange, 10 * _AT_ONCE)
    size = max(len(exchange.request), len(exchange.answer.octets or b""))
    return max(1, min(_ASKED_TIMES, _ANSWER_OCTETS // size, int(_ASKED_S / each_s)))


def _each_s(caller: Caller, exchange: Exchange, number: int) -> float:
    began_s = time.monotonic()
    _have_at_once(caller, [exchange] * number)
    return max(1e-5, (time.monotonic() - began_s) / number)


def _ask_much(caller: Caller, exchange: Exchange, most: int) -> tuple[int, bytes]:
    """Ask again and again until the server takes no more for a while: how often, and what is left
    of one request more, for which there was no room."""
    own, times, rest = caller.peer.socket, 0, b""
    own.setblocking(False)
    while times < most and select.select([], [own], [], _FULL_S)[1]:
        rest = rest or exchange.request
        try:
            rest = rest[own.send(rest) :]
        except BlockingIOError:
            continue
        except OSError:
            break
        times += not rest
    own.settimeout(caller.bound_s)
    _let_answer(caller)
    caller.peer.log.note(caller.peer.lane, "send", note=f"{times} requests, and reads nothing")
    return times, (rest if rest != exchange.request else b"")


def _let_answer(caller: Caller) -> None:
    """Wait until the server has read all that it was asked, or reads no more for a while: whoever
    reads meanwhile makes room."""
    limit_s, before = time.monotonic() + _ASKED_S, -1
    while not caller.let_read() and time.monotonic() < limit_s:
        if before == (before := far_end(caller.peer.socket).unread):
            return


def _long_enough(exchange: Exchange, least: int) -> Exchange:
    if len(exchange.request) < least:
        raise NotApplicable(f"its request has {len(exchange.request)} octets")
    return exchange


def _call(exchanges: Exchanges, scene: Scene, exchange: Exchange) -> Caller:
    return call_up(scene, answer_bound_s(scene), exchanges.before(exchange))
