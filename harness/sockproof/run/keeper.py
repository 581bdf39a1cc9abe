"""Ends what a run has started, and removes its folder, whatever becomes of the command.

The command holds a pipe that nobody else has. A process that sees it close when the command is
killed does what the command would have done: nobody who is at work in the folder, or is ended
himself, could.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import sockproof
from sockproof.errors import HarnessError
from sockproof.iut.strays import RUN_MARK, end_strays
from sockproof.run.lifetime import interrupted_later

__all__ = ["end_run", "kept"]

# All is imported before the wait: what the command was started from may be gone after it.
_WATCH = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from sockproof.run.keeper import end_run
sys.stdin.buffer.read()
end_run(Path(sys.argv[2]))
"""
_SOURCES = str(Path(sockproof.__file__).parent.parent)


@contextlib.contextmanager
def kept(folder: Path) -> Iterator[None]:
    """At the end of the block, or of this process if that comes first, end all that carries the
    mark of the run, which is the folder's name, and remove the folder.

    Meanwhile the environment carries the mark.

    Raises:
        HarnessError: no process can be started.
    """
    outer = os.environ.get(RUN_MARK, "")
    keeper = _started(folder)
    os.environ[RUN_MARK] = folder.name
    try:
        yield
    finally:
        with interrupted_later():  # or half of the folder stays
            os.environ[RUN_MARK] = outer
            end_run(folder)
            keeper.kill()  # there is nothing left for it to do
            keeper.communicate()


def _started(folder: Path) -> subprocess.Popen[bytes]:
    """In a session of its own, where it hears of no signal to the group of the command."""
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCH, _SOURCES, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise HarnessError(f"cannot start a process: {error.strerror}", "end others") from None


def end_run(folder: Path) -> None:
    """Kill all that carries the mark of the run, and then remove its folder: as long as somebody
    makes files in it, it cannot be removed."""
    end_strays(RUN_MARK, folder.name)
    shutil.rmtree(folder, ignore_errors=True)
