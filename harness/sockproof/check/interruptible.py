"""Has programs that are started hear of the signals that tell them to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["hear_interrupts", "interrupts_heard"]

# By these a terminal, a shell and a supervisor tell a program to end.
_TOLD_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def hear_interrupts() -> None:
    """Programs that are started from now on hear of interrupts: what we ignore, as whatever a
    shell has put into the background does, they would ignore as well. Of what we handle they know
    nothing."""
    if threading.current_thread() is threading.main_thread():
        for number in filter(_is_ignored, _TOLD_BY):
            signal.signal(number, lambda _number, _frame: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TOLD_BY)


@contextmanager
def interrupts_heard() -> Iterator[None]:
    """The same for a block, in a process that is somebody else's."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ignored = list(filter(_is_ignored, _TOLD_BY))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    hear_interrupts()
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


def _is_ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN
