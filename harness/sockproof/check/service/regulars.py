"""Clients that come and go while a server is told to end."""

from __future__ import annotations

import itertools
import threading
import time

from sockproof.check.clientele import Clientele
from sockproof.check.scene import Scene
from sockproof.check.service.attendance import NOTHING, WHOLE, Attendance, fate_of
from sockproof.check.service.caller import Caller
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.iut.case_log import CaseLog
from sockproof.judge.checks import Mismatch

__all__ = ["Regulars"]

_REFUSED = "refused"
# How many they are, how long each is away, and how long it may take until all have been answered.
_NUMBER, _PAUSE_S, _FIRST_S = 8, 0.005, 5.0
# Who sends to nobody is not told: a datagram may as well be lost.
_LOST_S = 1.0


class Regulars(Attendance):
    """Clients that come, ask and leave, again and again, until it is over."""

    def __init__(self, exchanges: Exchanges, scene: Scene) -> None:
        super().__init__()
        self._exchanges, self._scene = exchanges, scene
        self._over, patience_s = threading.Event(), scene.patience_s
        self._bound_s = patience_s if scene.address.is_stream else min(patience_s, _LOST_S)
        self._served = threading.Semaphore(0)
        self._fates: list[str] = []
        self._threads = [threading.Thread(target=self._come, daemon=True) for _ in range(_NUMBER)]
        for thread in self._threads:
            thread.start()
        limit_s = time.monotonic() + _FIRST_S
        for _ in self._threads:
            self._served.acquire(timeout=max(0.0, limit_s - time.monotonic()))

    def _come(self) -> None:
        found: list[str] = []
        for exchange in itertools.cycle(self._exchanges.all):
            found = _worst(found, self._once(exchange))
            self._served.release()
            if self._over.wait(_PAUSE_S):
                break
        self._fates += found

    def _once(self, exchange: Exchange) -> str:
        """One comes; what it does is in no transcript, for there is too much of it."""
        one = Clientele(self._scene.address, self._scene.language, self._scene.folder, CaseLog())
        try:
            caller = Caller(one, self._bound_s)
            return fate_of(caller, [*self._exchanges.before(exchange), exchange], is_said=False)
        except Mismatch:
            return _REFUSED
        finally:
            one.close_clients()

    def fates(self) -> list[str]:
        self.close()
        return self._fates

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        super().close()


def _worst(found: list[str], fate: str) -> list[str]:
    """What one has got so far: the first that was no whole answer, or that it was forgotten."""
    return found if found and found[0] != WHOLE and fate != NOTHING else [fate]
