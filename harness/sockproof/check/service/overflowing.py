"""More clients come than the listening queue holds, while the server has no time for them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from sockproof.check.owners import tree_of
from sockproof.check.scene import Scene
from sockproof.check.service.attempts import answer_bound_s, attempt
from sockproof.check.service.caller import call_up
from sockproof.check.service.exchanges import Exchanges
from sockproof.check.service.listening_queue import listening_queue
from sockproof.check.service.multitude import AskingCrowd, judge_crowd
from sockproof.judge.checks import Hang, Inconclusive, NotApplicable
from sockproof.timing import hang_bound_s

__all__ = ["overflow_is_answered"]

# So many more than there is room for.
_MORE = 20


def overflow_is_answered(exchanges: Exchanges, scene: Scene, _variant: str) -> None:
    """Each that is let in gets its own answer, and so does who comes later. Who finds no room
    knocks again, which is the kernel's doing."""
    if not all(one.request for one in exchanges.firsts):
        # The kernel lets in who has found no room, and says nothing, seconds later or never
        # (net.ipv4.tcp_syncookies).
        raise NotApplicable("the server speaks first: who waits for that may have found no room")
    queue = listening_queue(scene.address)
    if queue is None:
        raise NotApplicable("the kernel does not tell how many its queue holds")
    number = queue.room + 1 + _MORE
    if number > scene.manners.crowd:
        told = f"its queue holds {queue.room}, and no more than {scene.manners.crowd} come"
        raise NotApplicable(told)
    scene.observe("room", queue.room)
    with attempt(scene, f"{number} clients at once, with room for {queue.room} in the queue"):
        crowd = AskingCrowd(exchanges, scene, number)
        with concurrent.futures.ThreadPoolExecutor(number) as pool:
            with _held_up(scene):
                found = crowd.played_by(pool)
                _let_fill(scene)
            judge_crowd(scene, list(found))
    exchange = exchanges.firsts[0]
    with attempt(scene, "the next one, when the queue has been full"):
        call_up(scene, answer_bound_s(scene), exchanges.before(exchange)).have(exchange)


@contextlib.contextmanager
def _held_up(scene: Scene) -> Iterator[None]:
    """The server does nothing for the length of the block, as on a machine that is busy."""
    assert scene.life is not None
    held = tree_of(scene.life.pid)
    try:
        for pid in held:
            _tell(pid, signal.SIGSTOP)
        scene.wait_for(lambda: not any(map(_goes_on, held)), hang_bound_s(), "it is held up")
        scene.log.note("program", "held up", note="SIGSTOP")
        yield
    finally:
        for pid in held:
            _tell(pid, signal.SIGCONT)
        scene.log.note("program", "goes on", note="SIGCONT")


def _tell(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _goes_on(pid: int) -> bool:
    """Whether a process has not stopped, as far as the kernel tells."""
    with contextlib.suppress(OSError):
        told = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2]
        return told.split()[0] not in "TtZX"
    return False


def _let_fill(scene: Scene) -> None:
    """Until nobody finds a place any more.

    Raises:
        Inconclusive: that does not come.
    """

    def is_full() -> bool:
        queue = listening_queue(scene.address)
        return queue is not None and queue.is_full

    try:
        scene.wait_for(is_full, hang_bound_s(), "the queue is full")
    except Hang as problem:
        raise Inconclusive(f"the queue did not come to be full: {problem.actual}") from None
