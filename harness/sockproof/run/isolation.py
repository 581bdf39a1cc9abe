"""Isolation of a run, on Linux: namespaces of its own, in which it has no network but loopback,
sees no process but its own, and writes to its report folder and to temporary files that go with it.

The command's process waits outside. Inside, the first process is the parent of all; when it ends,
the kernel ends the others. What is read-only is so by mounts that belong to an outer user
namespace, which nobody inside can change, whatever his rights in there.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sockproof.errors import HarnessError, UsageError
from sockproof.own_folder import make_folder, remove_folder
from sockproof.run.lifetime import interrupt_once_by
from sockproof.run.namespaces import (
    NEWNET,
    NamespaceRefused,
    call_system,
    enter_users,
    raise_loopback,
)

__all__ = ["isolated"]

# From <sched.h>, <sys/mount.h>, <linux/mount.h>, <sys/prctl.h>.
_NEWNS = 0x20000
_OTHERS = {0x20000000: "processes", NEWNET: "networks", 0x08000000: "memory that is shared"}
_NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY, _ATTR_NODEV = 442, -100, 0x8000, 1, 4
_SET_DEATH_SIGNAL, _SET_NO_NEW_PRIVILEGES = 1, 38
# Where others keep sockets and memory that they share: empty, inside.
_EMPTIED = tuple(map(Path, ("/dev/shm", "/run")))
# What root could turn the machine with, by /proc, and the devices that do nobody harm.
_OF_MACHINE = tuple(Path("/proc", name) for name in ("sys", "sysrq-trigger", "irq", "bus", "fs"))
_DEVICES = tuple(
    Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx")
)
# Our folder in it is the temporary one of whoever is inside, which is to be short for Unix sockets:
# with that name of up to 34 octets what iut/addresses.py takes for short.
_LONGEST_BASE_OCTETS = 5
_HINT = "run it in a container, or as another user: see SECURITY.md"


def isolated(report_dir: Path) -> int | None:
    """Go on in a process that is isolated, where None is given; here the status that it ends with.

    Raises:
        UsageError: the system does not allow it.
    """
    if not sys.platform.startswith("linux"):
        raise UsageError("--isolate needs Linux", _HINT)
    try:
        return _outside(report_dir)
    except NamespaceRefused as error:
        raise UsageError(f"--isolate: this system does not allow {error}", _HINT) from None
    except OSError as error:
        problem = f"--isolate: this system does not allow it: {error.strerror}"
        raise UsageError(problem, _HINT) from None


def _outside(report_dir: Path) -> int | None:
    with _empty_folder(report_dir) as scratch:
        enter_users()
        for flag, what in _OTHERS.items():
            call_system("unshare", flag, told=f"a namespace of {what}")
        raise_loopback()
        first = os.fork()
        if not first:
            _be_first(report_dir.resolve(), scratch)
            return None
        return _waited_for(first, signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def _empty_folder(report_dir: Path) -> Iterator[Path]:
    """For temporary files: outside it stays empty, and is removed; so is a new ``report_dir`` in
    which there is nothing."""
    owner, was_there = os.getpid(), report_dir.exists()
    report_dir.mkdir(parents=True, exist_ok=True)
    base = tempfile.gettempdir()
    is_short = len(os.fsencode(base)) <= _LONGEST_BASE_OCTETS
    folder = make_folder(base if is_short else "/tmp")
    try:
        yield folder
    finally:
        if os.getpid() == owner:  # and not whoever goes on inside
            remove_folder(folder)
            with contextlib.suppress(OSError):
                if not was_there:
                    report_dir.rmdir()


def _waited_for(child: int, *signals: int) -> int:
    """The status of a child, which is told when this process is to end."""
    for number in signals:
        signal.signal(number, lambda _number, _frame: _tell(child))
    return _status(os.waitpid(child, 0)[1])


def _status(told: int) -> int:
    """Of whom a signal has ended nothing is complete."""
    status = os.waitstatus_to_exitcode(told)
    return status if status >= 0 else HarnessError.exit_status


def _tell(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGTERM)


def _be_first(report_dir: Path, scratch: Path) -> None:
    """The first process of its namespace: it arranges all for the second, which goes on, and reaps
    whoever is left. It never returns but there."""
    call_system("prctl", _SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0, told="to end with another")
    call_system("unshare", _NEWNS, told="a namespace of mounts")
    _arrange_files(report_dir, scratch)
    enter_users(_NEWNS)
    call_system("prctl", _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0, told="to renounce privileges")
    second = os.fork()
    if not second:
        interrupt_once_by(signal.SIGINT, signal.SIGTERM)
        os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
        os.chdir(Path.cwd())  # or it is still in the folder below the mount
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells the second as well
    signal.signal(signal.SIGTERM, lambda _number, _frame: _tell(second))
    while (ended := os.wait())[0] != second:
        pass
    os._exit(_status(ended[1]))


# Files


def _arrange_files(report_dir: Path, scratch: Path) -> None:
    _mount("", "/", "", _REC | _PRIVATE)
    _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    own = [*filter(Path.is_dir, _EMPTIED), scratch]
    for folder in own:
        _mount("tmpfs", str(folder), "tmpfs", _NOSUID | _NODEV)
    devices = list(filter(Path.is_char_device, _DEVICES))
    for path in (report_dir, *devices, *filter(Path.exists, _OF_MACHINE)):
        _mount(str(path), str(path), "", _BIND)
    _set(Path("/"), _ATTR_RDONLY | _ATTR_NODEV, recursive=True)
    for path in (*own, report_dir, Path("/proc")):
        _set(path, cleared=_ATTR_RDONLY)
    for path in (*devices, *filter(os.path.ismount, [Path("/dev/pts")])):
        _set(path, cleared=_ATTR_NODEV)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    texts = [os.fsencode(text) or None for text in (source, target, kind)]
    call_system("mount", *texts, flags, None, told=f"to mount {target}")


def _set(path: Path, on: int = 0, *, cleared: int = 0, recursive: bool = False) -> None:
    attributes = struct.pack("=4Q", on, cleared, 0, 0)
    flags, name = _AT_RECURSIVE * recursive, os.fsencode(path)
    words = (_MOUNT_SETATTR, _AT_FDCWD, name, flags, attributes, len(attributes))
    call_system("syscall", *words, told=f"to say what may be done in {path}")
