"""Writes a file so that it is whole, or stays as it was."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from sockproof.errors import RecordError
from sockproof.system_errors import advice_on

__all__ = ["write_whole"]


def write_whole(path: Path, content: str | bytes | Iterable[str | bytes]) -> None:
    """Write a file, text as UTF-8, with its folders. A disk that is full leaves what was there, and
    so does whatever goes wrong while the parts of ``content`` are made.

    What is no plain file (a device, a pipe) is written to as it is; of a link, what it leads to.

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
    """Put a new file into the place of the old one, with the old one's mode."""
    is_there = place.exists()
    if is_there and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    new = place.with_name(f".sockproof-{secrets.token_hex(8)}")
    number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(number, "wb") as file:
            _write(file, parts)
        if is_there:
            shutil.copymode(place, new)
        new.replace(place)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
