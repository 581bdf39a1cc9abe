"""A client ends within its request: it hears of it, by whatever answer there is, or by an end."""

from __future__ import annotations

from sockproof.case.client import TIMEOUT
from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s, attempt, positions
from sockproof.check.service.caller import call_up
from sockproof.check.service.exchanges import Exchanges
from sockproof.judge.checks import Hang, NotApplicable

__all__ = ["half_request_is_ended"]


def half_request_is_ended(exchanges: Exchanges, scene: Scene, name: str) -> None:
    """Wherever it ends: nothing more can come, and whoever waits for it waits for ever."""
    exchange = exchanges.named(name)
    size = len(exchange.request)
    if size < 2:
        raise NotApplicable(f"its request has {size} octets")
    for at in positions(size):
        with attempt(scene, f"half-close after {at} of {size} octets"):
            caller = call_up(scene, answer_bound_s(scene), exchanges.before(exchange))
            caller.send(exchange.request[:at])
            caller.let_read()
            caller.half_close()
            if caller.stream.receive_some() is TIMEOUT:
                promise = "a client that ends within its request gets an answer, or an end"
                raise Hang(promise, f"neither for {caller.bound_s:g} s")
    scene.observe("cuts", len(positions(size)))
