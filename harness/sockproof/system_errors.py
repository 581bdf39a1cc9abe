"""What the machine refuses, in one line: what it is short of, and what its user can do."""

from __future__ import annotations

import errno
import os

__all__ = ["advice_on", "shortage"]

_ROOM = "make room there, or name another place"
_TEMPORARY = "set TMPDIR to a folder that has room"
_FILES = "let it open more: ulimit -n 1024"
_PROCESSES = "end some processes, let there be more (ulimit -u), or use a smaller -n"
_MEMORY = "end other programs, or use a smaller -n"
# Of what there is never enough on some machine: neither sockproof nor what it tests is to blame.
_SHORTAGES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EMFILE: _FILES,
    errno.ENFILE: "end other programs: all of them together have too many files open",
    errno.EAGAIN: _PROCESSES,
    errno.ENOMEM: _MEMORY,
}
_NO_THREAD = "can't start new thread"
_NO_TEMPORARY = "No usable temporary directory"


def advice_on(error: OSError) -> str:
    """What to do about a file that cannot be written."""
    return _SHORTAGES.get(error.errno or 0, "name another place")


def shortage(error: BaseException) -> tuple[str, str] | None:
    """What the machine has too little of, and what to do; nothing if the error is another.

    The kernel's words, as errno(3) has them. Python itself adds those of a thread that cannot be
    started and of temporary files. Whoever writes a file that the user named tells so itself.
    """
    if isinstance(error, MemoryError):
        return os.strerror(errno.ENOMEM), _MEMORY
    if isinstance(error, RuntimeError) and str(error).startswith(_NO_THREAD):
        return _NO_THREAD, _PROCESSES
    if not isinstance(error, OSError):
        return None
    advice = _SHORTAGES.get(error.errno or 0)
    if _NO_TEMPORARY in str(error) or (advice == _ROOM and not error.filename):
        return f"cannot write temporary files: {error.strerror}", _TEMPORARY
    where = f": {error.filename}" if error.filename else ""
    return (f"{error.strerror}{where}", advice) if advice else None
