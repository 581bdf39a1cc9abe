"""Many clients at once, and many after another: each gets its own answer, and nothing is left."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial

from sockproof.case.client import END_OF_STREAM
from sockproof.check.scene import Manners, Scene
from sockproof.check.service.admission import Admission
from sockproof.check.service.attempts import answer_bound_s, attempt
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.growth import Growth
from sockproof.judge.checks import Hang, Mismatch

__all__ = [
    "CROWDS",
    "AskingCrowd",
    "each_its_own_answer",
    "have_many",
    "judge_crowd",
    "thousand_leave_nothing",
]

CROWDS = ("twenty", "two hundred")
_TWENTY = 20
# A hundred at first, and then three times as many, three times.
_FIRST, _EACH, _ROUNDS, _ROUND_S = 100, 300, 4, 5.0
# How long they wait for each other before they come.
_TOGETHER_S = 2.0
# A client that takes longer to say what it says is late.
_PROMPT_S = 0.05
# How often one that waits looks whether that makes sense, and how long one that was kept out waits.
_LOOK_S, _KEPT_OUT_S = 1.0, 2.0
_KEPT_OUT = Mismatch("it is let in", "the queue is full")


def each_its_own_answer(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """All come and ask at once; whoever finds no room in the queue is told as a value."""
    number = _TWENTY if variant == CROWDS[0] else scene.manners.crowd
    with attempt(scene, f"{number} clients at once"):
        crowd = AskingCrowd(exchanges, scene, number)
        with concurrent.futures.ThreadPoolExecutor(number) as pool:
            judge_crowd(scene, list(crowd.played_by(pool)))


def judge_crowd(scene: Scene, found: Sequence[Mismatch | None]) -> None:
    """What became of the clients of a crowd; put into the row.

    Raises:
        Mismatch: something was wrong with one of them, who was not kept out.
    """
    problems = [problem for problem in found if problem and problem is not _KEPT_OUT]
    scene.observe("answered", found.count(None))
    scene.observe("kept_out", found.count(_KEPT_OUT))
    if problems:
        raise _worst(problems)


class AskingCrowd:
    """Clients who come and ask together, so many of them, each with an exchange of its own. As long
    as any of them is answered, the others wait."""

    def __init__(self, exchanges: Exchanges, scene: Scene, number: int) -> None:
        self._exchanges, self._scene, self._number = exchanges, scene, number
        self._bound_s = answer_bound_s(scene)
        self._barrier = threading.Barrier(number)
        self._answered_s = time.monotonic()

    def played_by(self, pool: concurrent.futures.Executor) -> Iterator[Mismatch | None]:
        """All of them begin, each in a thread of the pool; what was wrong with each, as it ends."""
        chosen = itertools.islice(itertools.cycle(self._exchanges.all), self._number)
        own = [exchange.of_client(index) for index, exchange in enumerate(chosen)]
        return pool.map(self._play, range(self._number), own)

    def _play(self, index: int, exchange: Exchange) -> Mismatch | None:
        """One of them, to its end: what was wrong with it."""
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait(_TOGETHER_S)
        came_s = said_s = time.monotonic()
        try:
            caller = Caller(self._scene, self._bound_s, f"client {index + 1}")
        except Mismatch:
            return _KEPT_OUT
        caller.peer.socket.settimeout(_LOOK_S)
        admission = Admission(caller)
        caller.may_wait = lambda: self._may_wait(admission)
        try:
            caller.have_all(self._exchanges.before(exchange)).say(exchange)
            said_s = time.monotonic()
            caller.hear(exchange)
        except Mismatch as problem:
            is_told = _is_to_answer(caller, admission, problem, said_s - came_s)
            return problem if is_told else _KEPT_OUT
        self._answered_s = time.monotonic()
        caller.peer.close()
        return None

    def _may_wait(self, admission: Admission) -> bool:
        """As long as others are answered; who has been kept out waits for the kernel alone."""
        if (since_s := admission.look()) is None:
            return admission.waited_s < _KEPT_OUT_S
        return time.monotonic() - max(since_s, self._answered_s) < self._bound_s


def _is_to_answer(caller: Caller, admission: Admission, problem: Mismatch, late_s: float) -> bool:
    """Whether the server owed an answer: not to one that has heard nothing since it was kept out,
    and one that was late with what it said, on a busy machine, need not be waited for."""
    if caller.has_heard or not caller.address.is_stream or caller.address.spec.is_unix:
        return True
    if isinstance(problem, Hang):  # as it was when the waiting was given up, and not a moment later
        return admission.since_s is not None
    return caller.ending is END_OF_STREAM and late_s < _PROMPT_S


def _worst(problems: Sequence[Mismatch]) -> Mismatch:
    """An answer that is another's says more than none."""
    first = next((one for one in problems if not isinstance(one, Hang)), problems[0])
    first.actual = f"{first.actual} ({len(problems)} of them)"
    return first


def thousand_leave_nothing(exchanges: Exchanges, scene: Scene, _variant: str) -> None:
    """After a thousand exchanges there is no more than after a hundred. Of a slow server they are
    fewer, and of one that is treated gently."""
    first, each = (one * scene.manners.crowd // Manners.crowd for one in (_FIRST, _EACH))
    growth, began_s = Growth(scene, _ROUNDS), time.monotonic()
    growth.see(partial(have_many, exchanges, scene, first))
    fit = int(_ROUND_S * first / max(1e-3, time.monotonic() - began_s))
    number = max(first, min(each, fit))
    for _ in range(_ROUNDS - 1):
        growth.see(partial(have_many, exchanges, scene, number))
    growth.of_crowds(partial(have_many, exchanges, scene, number), number)
    total = first + (_ROUNDS - 1) * number
    scene.observe("exchanges", total)
    expected = f"after {total} exchanges the server holds what it held after {first}"
    growth.judge(expected, f"after {first} exchanges, and each time {number} later,")


def have_many(exchanges: Exchanges, scene: Scene, number: int) -> None:
    """So many exchanges, one after the other.

    Raises:
        Mismatch, Hang: one of them goes wrong.
    """
    for exchange in itertools.islice(itertools.cycle(exchanges.all), number):
        with attempt(scene, "one of a thousand"):
            before = exchanges.before(exchange)
            call_up(scene, answer_bound_s(scene), before).have(exchange)
