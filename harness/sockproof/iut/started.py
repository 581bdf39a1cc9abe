"""The interpreters that this process has started: who is interrupted waits for none of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from sockproof.iut.strays import end_tree

__all__ = ["any_living", "end_started", "side_by_side", "take_down"]

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")
_LOOK_S = 0.02
_HEED_S = 0.2
_STARTED: weakref.WeakSet[subprocess.Popen[Any]] = weakref.WeakSet()


def take_down(process: subprocess.Popen[Any]) -> None:
    """One more has started, which leads a session of its own."""
    _STARTED.add(process)


def any_living() -> bool:
    """Whether one of them has not ended, as far as it is known."""
    return any(process.returncode is None for process in _STARTED)


def end_started() -> None:
    """Kill all of them, and what they have started: whoever waits for an answer gets none."""
    for process in [one for one in _STARTED if one.returncode is None]:
        end_tree(process.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _heed_nothing() -> None:
    pass


def side_by_side(
    ask: Callable[[_Given], _Found],
    given: Iterable[_Given],
    workers: int = 4,
    heed: Callable[[], None] = _heed_nothing,
) -> list[_Found]:
    """What ``ask`` says of each, in their order. Whatever is raised meanwhile, by ``heed`` or as an
    interrupt is, is raised at once, and all that was started is ended.

    A signal that comes just before Python waits for a lock is heard only after that. So it never
    waits long.
    """
    with ThreadPoolExecutor(max_workers=workers) as pool:
        asked = [pool.submit(ask, one) for one in given]
        try:
            return [_result(one, heed) for one in asked]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(one.done() for one in asked):  # wait() takes no cancelled one for done
                wait(asked, _LOOK_S)
                end_started()
            raise


def _result(asked: Future[_Found], heed: Callable[[], None]) -> _Found:
    while wait([asked], _HEED_S).not_done:
        heed()
    return asked.result()
