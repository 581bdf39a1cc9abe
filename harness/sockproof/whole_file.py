"""Writes a file so that it is whole, or stays as it was."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from pathlib import Path

from sockproof.errors import RecordError
from sockproof.own_folder import is_abandoned, owned
from sockproof.system_errors import advice_on

__all__ = ["write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8, with its folders. A disk that is full leaves what was there.

    What is no plain file (a device, a pipe) is written to as it is; of a link, what it leads to.

    Raises:
        RecordError: it cannot be written.
    """
    octets = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = path.resolve()
        if _must_stay(place):
            place.write_bytes(octets)
        else:
            _replace(place, octets)
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}", advice_on(error)) from error


def _must_stay(place: Path) -> bool:
    """Whether no other file can come into its place."""
    return place.exists() and not (place.is_file() and os.access(place.parent, os.W_OK))


def _replace(place: Path, octets: bytes) -> None:
    """Put a new file into the place of the old one, with the old one's mode."""
    is_there = place.exists()
    if is_there and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    new = place.with_name(f"{owned('.sockproof-')}{secrets.token_hex(8)}")
    number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(octets)
        if is_there:
            shutil.copymode(place, new)
        new.replace(place)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _clear_beside(place)


def _clear_beside(place: Path) -> None:
    """Remove the new files of whoever was killed before he had put one in its place."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(place.parent):
            if entry.is_file(follow_symlinks=False) and is_abandoned(entry):
                Path(entry.path).unlink(missing_ok=True)
