"""How long the processes of a run live: none outlives the command, and a termination is a Ctrl-C.

A worker learns in two ways that it is to end: the command leaves a file beside the plan when it
was interrupted, and when the command has died without a word, the worker has another parent.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from sockproof.errors import HarnessError
from sockproof.iut.survivor import be_kept_by_parent
from sockproof.standard_streams import hurry

__all__ = [
    "Interrupt",
    "end_with_run",
    "heed_interrupt",
    "interrupt_by",
    "interrupt_once_by",
    "interrupt_workers",
    "interrupted",
    "interrupted_later",
    "start_deaf",
]

_ENDINGS = (signal.SIGINT, signal.SIGTERM)
_STOP = "stop"
_LOOK_EVERY_S = 0.2

_came: list[int] = []


class Interrupt(KeyboardInterrupt):
    """A Ctrl-C, or a signal that is to end us as Ctrl-C does.

    Not a KeyboardInterrupt itself: where one leaves a source text that ``exec()`` runs, as the
    standard library does to make a dataclass or a named tuple, CPython notes that its process is to
    die of SIGINT in the end, and does so with the exception long handled and whatever the exit
    status was to be (https://github.com/python/cpython/pull/11862). It looks for the very type.
    """


def interrupt_by(*numbers: int) -> None:
    """Let each of these signals raise :class:`Interrupt`; what is ignored (``nohup``, ``run &``)
    stays so."""
    _interrupt_by(_heeded(numbers), then_ignored=())


def interrupt_once_by(*numbers: int) -> None:
    """Let these signals end this process as Ctrl-C does: records are closed, reports written.

    Once only, for timeout(1) sends its signal to the process and then to the whole group, and a
    second one must not keep it from cleaning up.
    """
    heeded = _heeded(numbers)
    _interrupt_by(heeded, then_ignored=heeded)


def _tell_no_interrupt(unraisable: sys.UnraisableHookArgs) -> None:
    """What is dropped where nothing can be raised is told, but for an interrupt: that is heeded."""
    if not issubclass(unraisable.exc_type, Interrupt):
        sys.__unraisablehook__(unraisable)


def _interrupt_by(numbers: Iterable[int], then_ignored: Iterable[int]) -> None:
    sys.unraisablehook = _tell_no_interrupt

    def interrupt(came: int, _frame: FrameType | None) -> None:
        for number in then_ignored:
            signal.signal(number, signal.SIG_IGN)
        _came.append(came)
        hurry()
        raise Interrupt

    for number in numbers:
        signal.signal(number, interrupt)


def interrupted() -> bool:
    """Whether one of these signals has come to this process."""
    return bool(_came)


def heed_interrupt() -> None:
    """Between two steps: go no further when an interrupt has come that nobody has met.

    Python drops what is raised while a destructor or a weak reference's callback runs, an
    interrupt as well (https://docs.python.org/3/library/sys.html#sys.unraisablehook).

    Raises:
        Interrupt: one has come.
    """
    if _came:
        raise Interrupt


def _heeded(numbers: Iterable[int]) -> list[int]:
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def interrupted_later() -> Iterator[None]:
    """Put an interrupt off until the block has ended, for :func:`heed_interrupt` to raise: until
    workers are started, or a folder is made or removed.

    A half-made worker leaves tracebacks of itself, and only once all are started is the end of the
    session told to xdist, which ends them. The signals are blocked too, which those who are started
    inherit: a terminal tells the whole group, also a process that is not yet able to listen.
    :func:`end_with_run` unblocks them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _frame: came.append(number))
        for number in _heeded(_ENDINGS)
    }
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)  # what was blocked comes here
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_IGN if came else handler)
        if came:
            hurry()
            _came.extend(came)


def start_deaf() -> None:
    """In a thread: whoever it starts is told nothing before :func:`end_with_run`, as above."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)


def interrupt_workers(plan_path: Path) -> None:
    """Tell the workers that the run was interrupted: only a terminal tells them by itself."""
    (plan_path.parent / _STOP).touch()


def end_with_run(plan_path: Path) -> None:
    """In a worker: be interrupted when the run is, and end when its process has.

    What it was told while it started is forgotten: the run was told as well, and tells it again.
    """
    be_kept_by_parent()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    for number in _heeded(blocked.intersection(_ENDINGS)):
        signal.signal(number, signal.SIG_IGN)
        signal.signal(number, signal.SIG_DFL)
    interrupt_once_by(*_ENDINGS)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
    threading.Thread(
        target=_watch, args=(os.getppid(), plan_path.parent), daemon=True, name="sockproof lifetime"
    ).start()


def _watch(parent: int, folder: Path) -> None:
    pause = threading.Event()
    interrupted = False
    while os.getppid() == parent:
        if not interrupted and (folder / _STOP).exists():
            interrupted = True
            main_thread = threading.main_thread().ident
            assert main_thread is not None
            signal.pthread_kill(main_thread, signal.SIGTERM)  # SIGINT may be ignored: 'run &'
        pause.wait(_LOOK_EVERY_S)
    os._exit(HarnessError.exit_status)  # see sockproof.iut.survivor for the rest
