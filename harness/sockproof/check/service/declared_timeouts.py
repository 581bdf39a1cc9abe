"""A timeout that the file of examples declares: whoever takes longer for a request is let go,
though an octet comes now and then."""

from __future__ import annotations

import itertools
import time

from sockproof.case.client import TIMEOUT, Ending
from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s, attempt
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.sockets import waiting
from sockproof.judge.checks import Hang, NotApplicable, show

__all__ = ["SLOW", "drips_every_s", "let_go_in_time"]

SLOW = ("silent", "half", "dripping")
"""Nothing is said at all; a half of the request, and no more; an octet now and then."""
# So many octets come within a timeout, or more where that is long.
_DRIPS, _MOST_BETWEEN_S = 4, 1.0


def drips_every_s(timeout_s: float) -> float:
    """How long it is from one octet to the next, so that a clock for each of them never ends."""
    return min(_MOST_BETWEEN_S, timeout_s / _DRIPS)


def let_go_in_time(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """Within the timeout and the patience its connection ends."""
    name, _, way = variant.rpartition(" ")
    exchange = exchanges.named(name)
    if exchange.timeout_s is None:
        raise NotApplicable("no timeout_s is declared for it")
    if len(exchange.request) < 2:
        raise NotApplicable(f"its request has {len(exchange.request)} octets")
    let_go_s = []
    for before, where in _begun(exchanges, exchange):
        with attempt(scene, f"a client that is slow with its request{where} ({way})"):
            caller = call_up(scene, answer_bound_s(scene), before, way)
            scene.wait_for(lambda: not waiting(scene.address), scene.patience_s, "it is accepted")
            let_go_s.append(_let_go_s(caller, exchange, way, scene.patience_s))
            caller.peer.close()
    scene.observe("let_go_s", max(let_go_s))


def _begun(exchanges: Exchanges, exchange: Exchange) -> list[tuple[list[Exchange], str]]:
    """What goes before the request on its connection; where it may be asked again, its own answer
    as well, behind which a server may have no clock any more."""
    before = list(exchanges.before(exchange))
    again = exchange in exchanges.following(exchange)
    return [(before, ""), *([([*before, exchange], ", behind its own answer")] if again else [])]


def _let_go_s(caller: Caller, exchange: Exchange, way: str, patience_s: float) -> float:
    """After how many seconds its connection ends.

    Raises:
        Hang: it does not. NotApplicable: it is answered, for what it says is a request.
    """
    timeout_s, half = exchange.timeout_s or 0.0, exchange.request[: len(exchange.request) // 2]
    drips = itertools.chain(half, itertools.repeat(ord("x")))
    began_s, heard = time.monotonic(), b""
    if way == "half":
        caller.send(half)
    caller.peer.socket.settimeout(drips_every_s(timeout_s))
    while (took_s := time.monotonic() - began_s) < timeout_s + patience_s:
        if way == "dripping":
            caller.send(bytes([next(drips)]))
        got = caller.stream.receive_some()
        if isinstance(got, Ending) and got is not TIMEOUT:
            return round(time.monotonic() - began_s, 3)
        heard += got if isinstance(got, bytes) else b""
        if heard and way == "dripping":
            raise NotApplicable(f"what it drips is answered: {show(heard)}")
    told = f", and has heard {show(heard)}" if heard else ""
    promise = f"its connection ends: timeout_s = {timeout_s:g} is declared"
    raise Hang(promise, f"it is connected {took_s:.1f} s later, of {timeout_s:g} declared{told}")
