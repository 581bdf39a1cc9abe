"""Temporary folders, named by whom they belong to: what was left behind goes with the next one.

An owner is a process id and when that process started, for ids are given again. Who lives in
another PID namespace and uses the same temporary folder is seen by its lock on the folder alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = [
    "FOLDER",
    "is_abandoned",
    "make_folder",
    "own_folder",
    "owned",
    "remove_folder",
    "tell_of_places",
]

FOLDER = "sockproof-"
"""How the name of a folder begins, before its owner."""

_NAME = re.compile(r"\.?sockproof-(?P<pid>[0-9a-f]+)-(?P<started>[0-9a-f]+)-\w+")
# Held by this process on each folder that it has made, as long as it lives.
_LOCKS: dict[Path, int] = {}
# Where this process has made any, and who is told of each such place.
_PLACES: list[str] = []
_HEEDING: list[Callable[[str], None]] = []


@contextlib.contextmanager
def own_folder(parent: str | None = None) -> Iterator[Path]:
    """A folder below ``parent``, the temporary one by default, for the length of the block."""
    folder = make_folder(parent)
    try:
        yield folder
    finally:
        remove_folder(folder)


def make_folder(parent: str | None = None) -> Path:
    """A new folder, which is to be removed by :func:`remove_folder`, below ``parent``; whatever
    this user's ended processes have left there is removed.

    Raises:
        OSError: none can be made there.
    """
    place = parent or tempfile.gettempdir()
    _clear(Path(place))
    _note(os.path.abspath(place))  # noqa: PTH100 (Path.absolute() keeps the dots)
    folder = Path(tempfile.mkdtemp(prefix=owned(FOLDER), dir=place))
    with contextlib.suppress(OSError):  # not every file system has locks
        _LOCKS[folder] = _locked(folder)
    return folder


def tell_of_places(tell: Callable[[str], None]) -> None:
    """From now on it is told in which folders this process makes its own; at once of those so far.
    Whoever was told before is told no more."""
    _HEEDING[:] = [tell]
    for place in _PLACES:
        tell(place)


def _note(place: str) -> None:
    if place not in _PLACES:
        _PLACES.append(place)
        for tell in _HEEDING:
            tell(place)


def remove_folder(folder: Path) -> None:
    """Remove it with all that is in it, as far as that can be done."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder in _LOCKS:
        os.close(_LOCKS.pop(folder))


def owned(prefix: str) -> str:
    """The beginning of a name, such as ``sockproof-``, with this process as the owner."""
    return f"{prefix}{os.getpid():x}-{_start_of(os.getpid()) or 0:x}-"


def _clear(parent: Path) -> None:
    with contextlib.suppress(OSError):
        for entry in os.scandir(parent):
            if entry.is_dir(follow_symlinks=False) and is_abandoned(entry):
                _remove_abandoned(Path(entry.path))


def is_abandoned(entry: os.DirEntry[str]) -> bool:
    """Whether something of this user's is named by an owner that is no more."""
    found = _NAME.fullmatch(entry.name)
    if found is None:
        return False
    with contextlib.suppress(OSError):
        pid, started = int(found["pid"], 16), int(found["started"], 16)
        mine = entry.stat(follow_symlinks=False).st_uid == os.geteuid()
        return mine and not _is_owner(pid, started)
    return False


def _remove_abandoned(folder: Path) -> None:
    """Unless somebody holds it, whom we do not see."""
    try:
        lock = _locked(folder)
    except OSError:
        return
    try:
        shutil.rmtree(folder, ignore_errors=True)  # follows no link
    finally:
        os.close(lock)


def _locked(folder: Path) -> int:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        raise
    return number


def _is_owner(pid: int, started: int) -> bool:
    """Whether that very process lives."""
    if pid == os.getpid() and started == (_start_of(pid) or 0):
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OverflowError, PermissionError):
        pass
    return _start_of(pid) in (None, started)


def _start_of(pid: int) -> int | None:
    """When a living process has started, in the system's own unit; 0 of one that has ended and was
    not reaped, None where the system does not tell."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return 0 if told[0] in "ZX" else int(told[19])
