"""Whether a server serves its clients side by side; one that has asked for a half, and goes on."""

from __future__ import annotations

import time

from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.judge.checks import Hang, Mismatch
from sockproof.timing import scale

__all__ = ["DAWDLES_S", "Halfway", "serves_side_by_side"]

DAWDLES_S = 0.25
"""A server may well let go a client that takes longer for its request, unless it says otherwise."""
_BESIDE_S = 1.0
_KNOWN = "serves side by side"


class Halfway:
    """A client that has said a half of the request of an exchange, or so many octets of it.

    Raises:
        Mismatch, Hang: it does not come so far.
    """

    def __init__(
        self, exchanges: Exchanges, scene: Scene, exchange: Exchange, octets: int | None = None
    ) -> None:
        before = exchanges.before(exchange)
        self.caller = call_up(scene, answer_bound_s(scene), before, "halfway")
        self.exchange = exchange
        self._said = len(exchange.request) // 2 if octets is None else octets
        self._began_s, self.late_s = time.monotonic(), 0.0
        self.caller.send(exchange.request[: self._said])
        self.caller.let_read()

    def hear_all(self) -> Caller:
        """It says the rest, and hears its answer.

        Raises:
            Mismatch, Hang: it gets another one, or none.
        """
        self.caller.send(self.exchange.request[self._said :])
        if self.exchange.half_closes:
            self.caller.half_close()
        self.late_s = time.monotonic() - self._began_s
        self.caller.hear(self.exchange)
        self.caller.peer.close()
        return self.caller

    def goes_on(self) -> Caller:
        """The same; but one that was let go, since what others did took long, need not be answered.

        Raises:
            Mismatch, Hang: as of :meth:`hear_all`.
        """
        try:
            return self.hear_all()
        except Hang:
            raise
        except Mismatch:
            if self.caller.has_part or self.late_s < DAWDLES_S * scale():
                raise
        return self.caller


def serves_side_by_side(exchanges: Exchanges, scene: Scene, *, halfway: bool = False) -> bool:
    """Whether one is answered soon while another says nothing, or is ``halfway`` in its request,
    and is answered all the same afterwards. It is known as long as this scene lasts."""
    key = (_KNOWN, halfway)
    if key not in scene.played:
        scene.played[key] = _is_answered_beside(exchanges, scene, halfway=halfway)
        scene.close_clients()
    return bool(scene.played[key])


def _is_answered_beside(exchanges: Exchanges, scene: Scene, *, halfway: bool) -> bool:
    exchange = next((one for one in exchanges.all if one.request), exchanges.all[0])
    try:
        other = Halfway(exchanges, scene, exchange, None if halfway else 0)
        call_up(scene, _BESIDE_S * scale(), exchanges.before(exchange), "beside").have(exchange)
        other.hear_all()
    except Mismatch:
        return False
    return True
