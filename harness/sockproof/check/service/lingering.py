"""Clients that stay in the middle of an exchange: the others are answered beside them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence

from sockproof.case.client import StreamPeer
from sockproof.check.clientele import is_connected
from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s, attempt
from sockproof.check.service.caller import call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.judge.checks import NotApplicable

__all__ = ["LINGERING", "lingerers_delay_nobody"]

LINGERING = ("silent", "dripping")
_HELD, _DRIPS, _DRIP_EVERY_S = 10, 1000, 0.2


def lingerers_delay_nobody(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """Beside ten who have sent a part of it, each another, or an octet now and then, one more is
    answered."""
    name, _, kind = variant.partition(" ")
    exchange = exchanges.named(name)
    if len(exchange.request) < 2:
        raise NotApplicable(f"its request has {len(exchange.request)} octets")
    with (
        attempt(scene, f"one more (beside {_HELD} {kind} clients)"),
        _held(exchanges, scene, exchange, drips=kind == "dripping"),
    ):
        before = exchanges.before(exchange)
        call_up(scene, answer_bound_s(scene), before, "one more").have(exchange)


@contextlib.contextmanager
def _held(exchanges: Exchanges, scene: Scene, exchange: Exchange, *, drips: bool) -> Iterator[None]:
    """They are there for the length of the block: so many, or as many as the server takes and one
    that waits, so that there is room in its queue for the next."""
    peers: list[StreamPeer] = []
    half, over = exchange.request[: len(exchange.request) // 2], threading.Event()
    dripping = threading.Thread(target=_drip, args=(half, peers, over))
    if drips:
        dripping.start()
    try:
        for index in range(_HELD):
            peer = scene.arriving(f"lingers {index + 1}")
            if not is_connected(peer):
                break
            if not drips:
                first = b"".join(one.request for one in exchanges.before(exchange))
                peer.attempt_send(first + exchange.request[: _part(exchange, index)])
            peers.append(peer)
            if not scene.let_accept():
                break
        yield
    finally:
        over.set()
        if drips:
            dripping.join()


def _part(exchange: Exchange, index: int) -> int:
    """How many octets one of those who are silent has sent: from none to all but one."""
    return (len(exchange.request) - 1) * index // (_HELD - 1)


def _drip(half: bytes, peers: Sequence[StreamPeer], over: threading.Event) -> None:
    """An octet at a time, of what has no end."""
    for index in range(_DRIPS):
        for peer in list(peers):
            with contextlib.suppress(OSError):
                peer.socket.send(half[index : index + 1] or b"x")
        if over.wait(_DRIP_EVERY_S):
            return
