"""Many clients at once, and many after another: each gets its own answer, and nothing is left."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import threading
import time
from collections.abc import Sequence

from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s, attempt
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.growth import Growth
from sockproof.judge.checks import Hang, Mismatch

__all__ = ["CROWDS", "each_its_own_answer", "thousand_leave_nothing"]

CROWDS = ("twenty", "two hundred")
_TWENTY = 20
# A hundred at first, and then three times as many, three times.
_FIRST, _EACH, _ROUNDS = 100, 300, 4
# How long they wait for each other; whoever finds no room in the server's queue comes late.
_TOGETHER_S = 0.3
_KEPT_OUT = Mismatch("it is let in", "the queue is full")


def each_its_own_answer(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """All are there before one asks, and have asked before one reads, as far as they find room in
    the queue; whoever does not is told as a value."""
    number = _TWENTY if variant == CROWDS[0] else scene.manners.crowd
    chosen = itertools.islice(itertools.cycle(exchanges.all), number)
    own = [exchange.of_client(index) for index, exchange in enumerate(chosen)]
    with attempt(scene, f"{number} clients at once"):
        crowd = _Crowd(exchanges, scene, number)
        with concurrent.futures.ThreadPoolExecutor(number) as pool:
            found = list(pool.map(crowd.play, range(number), own))
        problems = [problem for problem in found if problem and problem is not _KEPT_OUT]
        scene.observe("answered", found.count(None))
        scene.observe("kept_out", found.count(_KEPT_OUT))
        if problems:
            raise _worst(problems)


class _Crowd:
    """Clients who take each step together. As long as any of them is answered, the others wait."""

    def __init__(self, exchanges: Exchanges, scene: Scene, number: int) -> None:
        self._exchanges, self._scene = exchanges, scene
        self._bound_s = answer_bound_s(scene)
        self._barrier = threading.Barrier(number)
        self._answered_s = time.monotonic()

    def play(self, index: int, exchange: Exchange) -> Mismatch | None:
        """One of them, to its end: what was wrong with it."""
        try:
            caller = Caller(self._scene, self._bound_s, f"client {index + 1}")
        except Mismatch:
            self._barrier.abort()
            return _KEPT_OUT
        caller.may_wait = self._may_wait
        try:
            self._come_together()
            caller.have_all(self._exchanges.before(exchange)).say(exchange)
            self._come_together()
            caller.hear(exchange)
        except Mismatch as problem:
            return problem
        self._answered_s = time.monotonic()
        caller.peer.close()
        return None

    def _come_together(self) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait(_TOGETHER_S)

    def _may_wait(self) -> bool:
        return time.monotonic() - self._answered_s < self._bound_s


def _worst(problems: Sequence[Mismatch]) -> Mismatch:
    """An answer that is another's says more than none."""
    first = next((one for one in problems if not isinstance(one, Hang)), problems[0])
    first.actual = f"{first.actual} ({len(problems)} of them)"
    return first


def thousand_leave_nothing(exchanges: Exchanges, scene: Scene, _variant: str) -> None:
    """After a thousand exchanges there is no more than after a hundred."""
    growth = Growth(scene, _ROUNDS)
    for number in (_FIRST, *[_EACH] * (_ROUNDS - 1)):
        growth.see(lambda number=number: _have_many(exchanges, scene, number))  # type: ignore[misc]
    total = _FIRST + (_ROUNDS - 1) * _EACH
    expected = f"after {total} exchanges the server holds what it held after {_FIRST}"
    growth.judge(expected, f"after {_FIRST} exchanges, and each time {_EACH} later")


def _have_many(exchanges: Exchanges, scene: Scene, number: int) -> None:
    for exchange in itertools.islice(itertools.cycle(exchanges.all), number):
        with attempt(scene, "one of a thousand"):
            before = exchanges.before(exchange)
            call_up(scene, answer_bound_s(scene), before).have(exchange)
