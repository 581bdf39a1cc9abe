"""Isolation of a run, on Linux: namespaces of its own, in which it has no network but loopback,
sees no process but its own, and writes to its report folder and to temporary files that go with it.

The command's process waits outside. Inside, the first process is the parent of all; when it ends,
the kernel ends the others. What is read-only is so by mounts that belong to an outer user
namespace, which nobody inside can change, whatever his rights in there.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sockproof.errors import HarnessError, UsageError
from sockproof.own_folder import make_folder, remove_folder
from sockproof.run.lifetime import interrupt_once_by

__all__ = ["isolated"]

# From <sched.h>, <sys/mount.h>, <linux/mount.h>, <sys/prctl.h>, <linux/sockios.h>, <net/if.h>.
_NEWNS, _NEWUSER = 0x20000, 0x10000000
_OTHERS = {0x20000000: "processes", 0x40000000: "networks", 0x08000000: "memory that is shared"}
_NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY, _ATTR_NODEV = 442, -100, 0x8000, 1, 4
_SET_DEATH_SIGNAL, _SET_NO_NEW_PRIVILEGES = 1, 38
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1
# Where others keep sockets and memory that they share: empty, inside.
_EMPTIED = tuple(map(Path, ("/dev/shm", "/run")))
# What root could turn the machine with, by /proc, and the devices that do nobody harm.
_OF_MACHINE = tuple(Path("/proc", name) for name in ("sys", "sysrq-trigger", "irq", "bus", "fs"))
_DEVICES = tuple(
    Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx")
)
# The temporary folder of a run is two names below it, and must be short for Unix sockets.
_LONGEST_BASE_OCTETS = 20
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
    except OSError as error:
        problem = f"--isolate: this system does not allow it: {error.strerror}"
        raise UsageError(problem, _HINT) from None


def _outside(report_dir: Path) -> int | None:
    with _empty_folder(report_dir) as scratch:
        _enter_user_namespace(0)
        for flag, what in _OTHERS.items():
            _call("unshare", flag, told=f"a namespace of {what}")
        _raise_loopback()
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
    _call("prctl", _SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0, told="to end with another")
    _call("unshare", _NEWNS, told="a namespace of mounts")
    _arrange_files(report_dir, scratch)
    _enter_user_namespace(_NEWNS)
    _call("prctl", _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0, told="to renounce privileges")
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


# Users


def _enter_user_namespace(more: int) -> None:
    """A new one, and ``more``: with as many users as this has, or at least its own."""
    told = "a namespace of users"
    ready, go = os.pipe()
    helper = os.fork() if os.geteuid() == 0 else -1
    if not helper:
        os.close(go)
        os.read(ready, 1)
        os._exit(0 if _mapped(os.getppid(), _all_of("uid"), _all_of("gid")) else 1)
    _call("unshare", _NEWUSER | more, told=told)
    os.close(go)
    os.close(ready)
    if helper > 0 and os.waitpid(helper, 0)[1] == 0:
        return
    Path("/proc/self/setgroups").write_text("deny")
    if not _mapped(os.getpid(), _one(os.geteuid()), _one(os.getegid())):
        raise UsageError(f"--isolate: this system does not allow {told}", _HINT)


def _all_of(kind: str) -> str:
    lines = Path(f"/proc/self/{kind}_map").read_text("ascii").splitlines()
    ranges = [line.split() for line in lines]
    return "".join(f"{first} {first} {count}\n" for first, _, count in ranges)


def _one(number: int) -> str:
    return f"{number} {number} 1\n"


def _mapped(process: int, users: str, groups: str) -> bool:
    try:
        Path(f"/proc/{process}/uid_map").write_text(users)
        Path(f"/proc/{process}/gid_map").write_text(groups)
    except OSError:
        return False
    return True


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
    _call("mount", *texts, flags, None, told=f"to mount {target}")


def _set(path: Path, on: int = 0, *, cleared: int = 0, recursive: bool = False) -> None:
    attributes = struct.pack("=4Q", on, cleared, 0, 0)
    flags, name = _AT_RECURSIVE * recursive, os.fsencode(path)
    words = (_MOUNT_SETATTR, _AT_FDCWD, name, flags, attributes, len(attributes))
    _call("syscall", *words, told=f"to say what may be done in {path}")


# The rest


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, _GET_FLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))


def _call(name: str, *arguments: int | bytes | None, told: str) -> None:
    """Call a function of the C library.

    Raises:
        UsageError: the system refuses what is ``told``.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*map(_as_long, arguments)) < 0:
        why = os.strerror(ctypes.get_errno())
        raise UsageError(f"--isolate: this system does not allow {told}: {why}", _HINT)


def _as_long(argument: int | bytes | None) -> ctypes.c_long | bytes | None:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument
