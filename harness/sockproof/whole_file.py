"""Writes a file so that it is whole, or stays as it was."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from sockproof.errors import RecordError
from sockproof.own_folder import is_abandoned, owned
from sockproof.system_errors import advice_on

__all__ = ["mode_of", "open_below", "open_folder", "replace_in", "write_whole"]


def write_whole(path: Path, content: str | bytes | Iterable[str | bytes]) -> None:
    """Write a file, text as UTF-8, with its folders. A disk that is full leaves what was there, and
    so does whatever goes wrong while the parts of ``content`` are made.

    What is no plain file (a device, a pipe) is written to as it is; of a link, what it leads to.
    ``path`` is the user's word: what is named by data goes into an ``OutputFolder``.

    Raises:
        RecordError: it cannot be written.
    """
    parts = [content] if isinstance(content, str | bytes) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = path.resolve()
        if _must_stay(place):
            with place.open("wb") as file:
                _write(file, parts)
        else:
            _replace(place, parts)
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}", advice_on(error)) from error


def _must_stay(place: Path) -> bool:
    """Whether no other file can come into its place."""
    return place.exists() and not (place.is_file() and os.access(place.parent, os.W_OK))


def _write(file: IO[bytes], parts: Iterable[str | bytes]) -> None:
    for part in parts:
        file.write(part.encode("utf-8") if isinstance(part, str) else part)


def _replace(place: Path, parts: Iterable[str | bytes]) -> None:
    folder = open_folder(place.parent)
    try:
        replace_in(folder, place.name, parts)
    finally:
        os.close(folder)
    _clear_beside(place)


def replace_in(folder: int, name: str, parts: Iterable[str | bytes]) -> None:
    """Put a new file into the place of the one of this name, with the old one's mode; no link is
    followed. ``folder`` is the descriptor of an open folder.

    Raises:
        OSError: it cannot be written.
    """
    mode = mode_of(folder, name)
    new = f"{owned('.sockproof-')}{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    number = os.open(new, flags, 0o666, dir_fd=folder)
    try:
        with os.fdopen(number, "wb") as file:
            _write(file, parts)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)
        raise


def open_folder(path: Path) -> int:
    """A descriptor of a folder, for the names in it; its owner may not be able to list it."""
    return os.open(path, os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY))


def open_below(folder: int, name: str) -> int:
    """A descriptor of a folder in an open one; a link, or whatever else is there, makes way."""
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=folder)
    if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=folder)
        os.mkdir(name, dir_fd=folder)
    return os.open(name, flags, dir_fd=folder)


def mode_of(folder: int, name: str) -> int | None:
    """The mode of the plain file that is there, if any.

    Raises:
        PermissionError: it is read-only.
    """
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(there.st_mode):
        return None
    if not os.access(name, os.W_OK, dir_fd=folder):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(there.st_mode)


def _clear_beside(place: Path) -> None:
    """Remove the new files of whoever was killed before he had put one in its place."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(place.parent):
            if entry.is_file(follow_symlinks=False) and is_abandoned(entry):
                Path(entry.path).unlink(missing_ok=True)
