"""A folder for records and reports: opened once, and nothing in it leads out of it.

Whoever is judged may put a link in the way, or another folder into the place of this one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from sockproof.errors import RecordError
from sockproof.system_errors import advice_on
from sockproof.whole_file import mode_of, open_below, open_folder, replace_in

__all__ = ["OutputFolder"]


class OutputFolder:
    """Files of one folder, by their names; it is made and opened when the first is written.

    A name is one of ours, or made by :func:`sockproof.file_names.file_name`. What stands in the way
    of a file, a link as well, is replaced, never followed. ``path`` is how the user named it.
    """

    def __init__(self, path: Path, parent: OutputFolder | None = None) -> None:
        self.path, self._parent = path, parent

    @cached_property
    def _fd(self) -> int:
        if self._parent is not None:
            return open_below(self._parent._fd, self.path.name)
        self.path.mkdir(parents=True, exist_ok=True)
        return open_folder(self.path)

    def below(self, name: str) -> OutputFolder:
        """A folder in this one."""
        return OutputFolder(self.place(name), self)

    def place(self, name: str) -> Path:
        """Where a file of this name is, for who reads it or tells of it."""
        return self.path / _single(name)

    def write(self, name: str, content: str | bytes | Iterable[str | bytes]) -> Path:
        """Write a file whole, text as UTF-8, or part by part; its place.

        Raises:
            RecordError: it cannot be written.
        """
        parts = [content] if isinstance(content, str | bytes) else content
        place = self.place(name)
        try:
            replace_in(self._fd, name, parts)
        except OSError as error:
            raise _unwritten(place, error) from error
        return place

    def create(self, name: str) -> BinaryIO:
        """A new, empty file in the place of one of this name, open for writing without a buffer.

        Raises:
            RecordError: it cannot be made.
        """
        place = self.place(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            mode = mode_of(self._fd, name)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self._fd)
            fd = os.open(name, flags, 0o666, dir_fd=self._fd)
            if mode is not None:
                os.fchmod(fd, mode)
            return os.fdopen(fd, "wb", buffering=0)
        except OSError as error:
            raise _unwritten(place, error) from error


def _single(name: str) -> str:
    """The name, which is that of a file right in the folder."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise RecordError(f"{name!r} is no name of a file", "report it as a fault of sockproof")
    return name


def _unwritten(place: Path, error: OSError) -> RecordError:
    return RecordError(f"cannot write {place}: {error.strerror}", advice_on(error))
