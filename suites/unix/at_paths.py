"""What is at a path, whatever a server has made of it: nothing is never an error of the case."""

from __future__ import annotations

import stat
from pathlib import Path

__all__ = ["content_at", "kind_at", "look_at", "mode_at", "names_in"]

NOTHING = "nothing"


def look_at(path: Path) -> tuple[int, ...] | str:
    """What changes whenever something else comes to the path, or what is there is written to."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return NOTHING
    return (seen.st_ino, seen.st_mode, seen.st_size, seen.st_mtime_ns)


def kind_at(path: Path) -> str:
    """``nothing``, ``socket``, or ``something else``."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return NOTHING
    return "socket" if stat.S_ISSOCK(mode) else "something else"


def mode_at(path: Path) -> str:
    """The permissions, as ``ls`` would have them in octal: ``755``."""
    try:
        return f"{stat.S_IMODE(path.lstat().st_mode):03o}"
    except FileNotFoundError:
        return NOTHING


def content_at(path: Path) -> bytes | str:
    """What is in the file."""
    try:
        return path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def names_in(folder: Path) -> list[str] | str:
    """The names in a folder, in their order."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        return f"cannot be read: {error.strerror}"
