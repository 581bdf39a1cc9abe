"""Clients send octets that are no request: whatever they get themselves, everybody else gets his
own answer, and nothing of it is left."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sockproof.case.client import END_OF_STREAM, RESET, TIMEOUT, Ending
from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s, attempt, told_of
from sockproof.check.service.beside import Halfway, serves_side_by_side
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.growth import Growth
from sockproof.check.service.hostile_octets import (
    DATAGRAM_OCTETS,
    KINDS,
    MARK,
    Garbage,
    garbage_of,
)
from sockproof.check.stacks import held_at
from sockproof.judge.checks import Hang, Mismatch, NotApplicable, check

__all__ = [
    "FEW_OCTETS",
    "GARBAGE_KINDS",
    "garbage_harms_nobody",
    "garbage_leaves_nothing",
    "hostile_in_turn",
    "hostile_to",
]

GARBAGE_KINDS = tuple(KINDS)
# Of as many examples garbage is made, and as many are asked for afterwards.
_EXAMPLES = 4
# So many clients send what is short: each may end one worker of a few.
_CLIENTS, _CHEAP_OCTETS = 12, 1 << 16
# An eighth of what is a lot anyway: some servers look at every octet.
FEW_OCTETS = 1 << 14
"""Is a lot where garbage comes again and again."""
_PART = 8
_TAKES_WITHIN_S, _GETS_WITHIN_S = 1.0, 0.1
_ROUNDS, _ROUND_S = 4, 2.0
_GETS = {END_OF_STREAM: "an end", RESET: "a reset", TIMEOUT: "nothing"}


def hostile_to(
    exchanges: Exchanges, kind: str, large_octets: int, *, is_stream: bool
) -> list[tuple[Exchange, Garbage]]:
    """All garbage of a kind, and before which exchange each is sent."""
    most = large_octets // _PART
    most = most if is_stream else min(most, DATAGRAM_OCTETS)
    chosen = [one for one in exchanges.all if one.request][:_EXAMPLES] or exchanges.all[:1]
    found = [(one, garbage) for one in chosen for garbage in garbage_of(one, kind, most)]
    is_cheap = sum(len(garbage) for _, garbage in found) < _CHEAP_OCTETS
    return found * (-(-_CLIENTS // max(1, len(found))) if is_cheap else 1)


def garbage_harms_nobody(exchanges: Exchanges, scene: Scene, kind: str) -> None:
    """While it comes, and afterwards, others are answered as ever."""
    is_stream = scene.address.is_stream
    found = hostile_to(exchanges, kind, scene.manners.large_octets, is_stream=is_stream)
    if not found:
        raise NotApplicable("nothing of the kind can be made of the examples")
    is_beside = is_stream and serves_side_by_side(exchanges, scene)
    goes_on = is_beside and serves_side_by_side(exchanges, scene, halfway=True)
    before, gets = _memory_octets(scene), Counter[str]()
    for exchange, garbage in found:
        with attempt(scene, f"garbage ({kind}: {garbage})"):
            trial = _Trial(exchanges, scene, exchange, garbage)
            gets[trial.play(is_beside=is_beside, goes_on=goes_on)] += 1
    scene.observe("garbage_gets", dict(gets))
    if before and (grown := _memory_octets(scene) - before) > 0:
        scene.observe("grown_octets", grown)


def _memory_octets(scene: Scene) -> int:
    with contextlib.suppress(NotApplicable):
        return scene.processes().standing().memory_octets
    return 0


@dataclass(frozen=True)
class _Trial:
    """One client sends garbage after what leads to the exchange."""

    exchanges: Exchanges
    scene: Scene
    exchange: Exchange
    garbage: Garbage

    def play(self, *, is_beside: bool, goes_on: bool) -> str:
        """What it gets. Others ask beside it, if any can; one ``goes_on`` who had come before, and
        had said a half."""
        halfway = Halfway(self.exchanges, self.scene, self.exchange) if goes_on else None
        sender = _sent(self.exchanges, self.scene, self.exchange, self.garbage)
        if is_beside:
            self._others_ask("one more, while its sender is there,")
        if halfway:
            with told_of("one who had said a half"):
                _refuse_mark(halfway.goes_on())
        gets = _what_it_gets(sender)
        self._others_ask("the next one")
        ended = self.scene.has_ended
        check(not ended, expected="the program lives", actual=ended)
        return gets

    def _others_ask(self, who: str) -> None:
        for exchange in self.exchanges.all[:_EXAMPLES]:
            with told_of(who):
                before = self.exchanges.before(exchange)
                caller = call_up(self.scene, answer_bound_s(self.scene), before, "next client")
                caller.have(exchange)
                _refuse_mark(caller)
                caller.peer.close()


def _refuse_mark(caller: Caller) -> None:
    if MARK in caller.heard.lower():
        raise Mismatch("nothing of the garbage of others", f"garbage of another: {caller.heard!r}")


def _sent(
    exchanges: Exchanges, scene: Scene, exchange: Exchange, garbage: Garbage
) -> Caller | None:
    """The client that has sent it, as much as is taken without a long wait; none if it is not even
    let in, of which others will tell."""
    with contextlib.suppress(Mismatch):
        sender = call_up(scene, answer_bound_s(scene), exchanges.before(exchange), "garbage")
        sender.peer.socket.settimeout(_TAKES_WITHIN_S)
        with contextlib.suppress(OSError):
            if scene.address.is_stream:
                sender.peer.socket.sendall(garbage.octets)
            else:
                sender.peer.socket.sendto(garbage.octets[:DATAGRAM_OCTETS], scene.address.at)
        scene.log.note(sender.peer.lane, "send", note=f"garbage: {garbage}")
        if scene.address.is_stream:
            sender.let_read()
        return sender
    return None


def _what_it_gets(sender: Caller | None) -> str:
    """Once it says no more; a server of datagrams is not waited for. Then it leaves."""
    if sender is None or not sender.address.is_stream:
        return "nothing"
    sender.half_close()
    sender.peer.socket.settimeout(_GETS_WITHIN_S)
    got, limit_s = sender.stream.receive_some(), time.monotonic() + _GETS_WITHIN_S
    told = _GETS[got] if isinstance(got, Ending) else "an answer"
    while isinstance(got, bytes) and time.monotonic() < limit_s:
        got = sender.stream.receive_some()
    sender.peer.close()
    return told


def garbage_leaves_nothing(exchanges: Exchanges, scene: Scene, _variant: str) -> None:
    """Threads, children and descriptors do not grow with garbage, and nothing goes on with it."""
    growth = Growth(scene, _ROUNDS)
    some = _as_many_as_fit(exchanges, scene)
    growth.of_rounds(partial(_send_all, exchanges, scene, some), len(some))
    seen = f"each time {len(some)} clients have sent garbage"
    growth.judge("when garbage has come, the server holds what it held before", seen)
    share = scene.spins(scene.patience_s)
    if share:
        stacks = scene.stacks()
        held = ", ".join(held_at(stacks))
        told = f"after garbage it wants {share:.0%} of a processor, {scene.patience_s:g} s long"
        raise Hang("after garbage the server rests", f"{told}; {held}".rstrip("; "), stacks)


def hostile_in_turn(exchanges: Exchanges, *, is_stream: bool) -> list[tuple[Exchange, Garbage]]:
    """All garbage that is not much: first one of each kind, then another of each, and so on."""
    every = [hostile_to(exchanges, kind, FEW_OCTETS, is_stream=is_stream) for kind in KINDS]
    turns = itertools.zip_longest(*(dict.fromkeys(found) for found in every))
    return [one for turn in turns for one in turn if one]


def _as_many_as_fit(exchanges: Exchanges, scene: Scene) -> list[tuple[Exchange, Garbage]]:
    """All of it, and of a server that is slow with it as much as it takes in a while; one of each
    kind at least. It has been sent then."""
    every, began_s = hostile_in_turn(exchanges, is_stream=scene.address.is_stream), time.monotonic()
    for number, one in enumerate(every):
        if number >= len(KINDS) and time.monotonic() - began_s > _ROUND_S:
            return every[:number]
        _send_all(exchanges, scene, [one])
    return every


def _send_all(exchanges: Exchanges, scene: Scene, some: Sequence[tuple[Exchange, Garbage]]) -> None:
    with attempt(scene, "garbage"):
        for exchange, garbage in some:
            _what_it_gets(_sent(exchanges, scene, exchange, garbage))
