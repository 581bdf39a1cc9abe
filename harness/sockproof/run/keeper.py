"""Ends what a run has started, and removes its folder, whatever becomes of the command."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from sockproof.errors import HarnessError
from sockproof.iut.strays import RUN_MARK, end_strays
from sockproof.iut.survivor import survivor
from sockproof.own_folder import remove_folder
from sockproof.run.lifetime import interrupted_later

__all__ = ["end_run", "kept"]


@contextlib.contextmanager
def kept(folder: Path) -> Iterator[None]:
    """At the end of the block, or of this process if that comes first, end all that carries the
    mark of the run, which is the folder's name, and remove the folder.

    Meanwhile the environment carries the mark.

    Raises:
        HarnessError: no process can be started.
    """
    try:
        watching = survivor()
        watching.watch(RUN_MARK, folder.name, folder)
    except OSError as error:
        remove_folder(folder)
        raise HarnessError(f"cannot start a process: {error.strerror}", "end others") from None
    outer = os.environ.get(RUN_MARK)
    os.environ[RUN_MARK] = folder.name
    try:
        yield
    finally:
        with interrupted_later():  # or half of the folder stays
            os.environ.pop(RUN_MARK)
            os.environ.update({RUN_MARK: outer} if outer is not None else {})
            end_run(folder)
            watching.forget(RUN_MARK, folder.name)


def end_run(folder: Path) -> None:
    """Kill all that carries the mark of the run, and then remove its folder: as long as somebody
    makes files in it, it cannot be removed."""
    end_strays(RUN_MARK, folder.name)
    remove_folder(folder)
