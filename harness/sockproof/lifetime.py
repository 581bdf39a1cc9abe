"""How long the processes of a run live: none outlives the command, and a termination is a Ctrl-C.

A worker learns in two ways that it is to end: the command leaves a file beside the plan when it
was interrupted, and when the command has died without a word, the worker has another parent.
Agents need no more than that: they end with the worker that holds their standard input.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path
from types import FrameType

from sockproof.errors import HarnessError

__all__ = ["end_with_run", "interrupt_on_termination", "interrupt_workers", "refuse_interrupts"]

_STOP = "stop"
_LOOK_EVERY_S = 0.2


def interrupt_on_termination() -> None:
    """Let SIGTERM end this process as Ctrl-C does: records are closed and reports written.

    Once only: timeout(1) sends it to the process and then to its whole group.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def refuse_interrupts() -> None:
    """From now on this process is ending, and another Ctrl-C must not keep it from cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def interrupt_workers(plan_path: Path) -> None:
    """Tell the workers that the run was interrupted: only a terminal tells them by itself."""
    (plan_path.parent / _STOP).touch()


def end_with_run(plan_path: Path) -> None:
    """In a worker: be interrupted when the run is, and end when its process has."""
    interrupt_on_termination()
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
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(HarnessError.exit_status)
