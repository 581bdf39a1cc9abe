"""After exchanges of every kind a server wants no processor: when its clients have left, and while
they stay."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from sockproof.check.scene import SPINS_AT, Scene
from sockproof.check.service.attempts import attempt
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.judge.checks import Hang, Mismatch, NotApplicable
from sockproof.timing import scale

__all__ = ["REST", "rests_after_exchanges"]

REST = ("left", "stay")
_WORDS = {"left": "when all its clients have left", "stay": "while clients stay, and say nothing"}
_Kind = Callable[[Caller, Exchange], None]
# Whether they are answered is judged elsewhere.
_ANSWERS_WITHIN_S = 1.0


def rests_after_exchanges(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """Whole, in pieces, several at once, ended on either side, and in the middle."""
    if variant == "stay" and not scene.address.is_stream:
        raise NotApplicable("datagrams have no connections")
    scene.processes()
    with attempt(scene, "exchanges of every kind"):
        kinds = 0
        for exchange in exchanges.all:
            for play in _KINDS if scene.address.is_stream else _KINDS[:1]:
                kinds += _is_played(exchanges, scene, exchange, play)
        scene.observe("kinds", kinds)
        if variant == "left":
            scene.close_clients()
        _judge(scene, _WORDS[variant])


def _is_played(exchanges: Exchanges, scene: Scene, exchange: Exchange, play: _Kind) -> bool:
    """Whether it could be; who is not let in beside those who stay is no matter here."""
    with contextlib.suppress(Mismatch):
        bound_s = _ANSWERS_WITHIN_S * scale()
        play(call_up(scene, bound_s, exchanges.before(exchange), "stays"), exchange)
        return True
    return False


def _whole(caller: Caller, exchange: Exchange) -> None:
    caller.have(exchange)


def _in_pieces(caller: Caller, exchange: Exchange) -> None:
    caller.have(exchange, [len(exchange.request) // 2])


def _half(caller: Caller, exchange: Exchange) -> None:
    caller.send(exchange.request[: len(exchange.request) // 2])
    caller.let_read()


def _half_and_end(caller: Caller, exchange: Exchange) -> None:
    _half(caller, exchange)
    caller.half_close()


def _ended(caller: Caller, exchange: Exchange) -> None:
    caller.have(exchange)
    caller.half_close()


def _unread(caller: Caller, exchange: Exchange) -> None:
    caller.say(exchange)
    caller.let_read()


_KINDS: tuple[_Kind, ...] = (_whole, _in_pieces, _half, _half_and_end, _ended, _unread)


def _judge(scene: Scene, words: str) -> None:
    share = scene.spins(scene.patience_s)
    scene.observe("busy_share", share)
    if share < SPINS_AT:
        return
    stacks = scene.stacks()
    told = f"it wants {share:.0%} of a processor, {scene.patience_s:g} s long, {words}"
    raise Hang(f"the server burns nothing {words}", told, stacks)
