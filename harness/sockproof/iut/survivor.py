"""A process that ends what this one has started, and removes its folders, should it die.

It holds the other end of a pipe that nobody else has, and sees it close. Before the first
interpreter is started it is there, so nothing of a run can outlive it: not a command that has yet
to become a Python either, which has no guard.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import sockproof
from sockproof.iut.started import any_living
from sockproof.iut.strays import COMMAND_MARK, new_mark
from sockproof.own_folder import FOLDER, owned, tell_of_places

__all__ = ["Survivor", "be_kept_by_parent", "keep", "leave", "survivor"]

# All is imported before the wait: what the command was started from may be gone after it.
_WATCH = """
import sys
sys.path.insert(0, sys.argv[1])
from sockproof.iut.aftermath import wait_and_clear
wait_and_clear(sys.stdin.buffer)
"""
_SOURCES = str(Path(sockproof.__file__).parent.parent)
_ENDS_WITHIN_S = 10.0


class Survivor:
    """That process, in a session of its own, where it hears of no signal to our group. It ends all
    that carries a mark of ours; the environment carries the first.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCH, _SOURCES],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        os.environ[COMMAND_MARK] = new_mark()
        self.watch(COMMAND_MARK, os.environ[COMMAND_MARK])
        tell_of_places(self.clear)

    def watch(self, mark: str, value: str, folder: Path | None = None) -> None:
        """When we die, end what carries this mark, and remove this folder."""
        self._tell({"mark": f"{mark}={value}", "folder": str(folder) if folder else None})

    def clear(self, place: str) -> None:
        """When we die, remove there what is a folder of our own."""
        self._tell({"place": place, "owned": owned(FOLDER)})

    def forget(self, mark: str, value: str) -> None:
        """We have done that ourselves."""
        self._tell({"mark": f"{mark}={value}"})

    def _tell(self, order: dict[str, str | None]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # somebody has killed it
            self._process.stdin.write(json.dumps(order).encode("ascii") + b"\n")

    def end(self) -> None:
        """It goes, having nothing to do, unless somebody lives yet whom we have started."""
        if self.owner != os.getpid():
            return
        if not any_living():
            self._process.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDS_WITHIN_S)


_SURVIVORS: list[Survivor] = []
_KEPT_BY_PARENT: list[int] = []
# Implementations are probed by threads. Of two that are started at once one may carry the mark of
# the other, which then ends it before it has removed anything. A forked process has its own.
_ONE_AT_A_TIME = [threading.Lock()]
os.register_at_fork(after_in_child=lambda: _ONE_AT_A_TIME.__setitem__(0, threading.Lock()))


def survivor() -> Survivor:
    """That of this process, which is started when it is first asked for.

    Raises:
        OSError: it cannot be started.
    """
    with _ONE_AT_A_TIME[0]:
        if not _SURVIVORS or _SURVIVORS[0].owner != os.getpid():
            _SURVIVORS[:] = [Survivor()]
            atexit.register(_SURVIVORS[0].end)
    return _SURVIVORS[0]


def leave() -> None:
    """Before a process ends without what is registered for its end, as a forked one does: that of
    this process goes as well."""
    for one in _SURVIVORS:
        one.end()


def keep() -> None:
    """Before anything is started: see that somebody ends it.

    Raises:
        OSError: a process for that cannot be started.
    """
    if os.getpid() not in _KEPT_BY_PARENT:
        survivor()


def be_kept_by_parent() -> None:
    """Whoever has started us ends what we start: our environment carries the mark of that."""
    _KEPT_BY_PARENT[:] = [os.getpid()]
