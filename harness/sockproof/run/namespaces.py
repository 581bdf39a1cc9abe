"""Namespaces of Linux, made for this process or, of networks, for the thread that asks."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
from pathlib import Path

__all__ = ["NEWNET", "NamespaceRefused", "call_system", "enter_users", "raise_loopback"]

# From <sched.h>, <linux/sockios.h>, <net/if.h>.
_NEWUSER, NEWNET = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1


class NamespaceRefused(Exception):
    """The system does not allow it; the text says what, and why."""


def call_system(name: str, *arguments: int | bytes | None, told: str) -> None:
    """Call a function of the C library.

    Raises:
        NamespaceRefused: the system refuses what is ``told``.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*map(_as_long, arguments)) < 0:
        raise NamespaceRefused(f"{told}: {os.strerror(ctypes.get_errno())}")


def _as_long(argument: int | bytes | None) -> ctypes.c_long | bytes | None:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def enter_users(more: int = 0) -> None:
    """A new namespace of users, and ``more``: with as many users as this has, or at least its own.
    This process must have one thread alone.

    Raises:
        NamespaceRefused: the system does not allow it.
    """
    told = "a namespace of users"
    user, group = os.geteuid(), os.getegid()  # in there, they have no number until it is mapped
    ready, go = os.pipe()
    helper = os.fork() if os.geteuid() == 0 else -1
    if not helper:
        os.close(go)
        os.read(ready, 1)
        os._exit(0 if _mapped(os.getppid(), _all_of("uid"), _all_of("gid")) else 1)
    try:
        call_system("unshare", _NEWUSER | more, told=told)
    finally:
        os.close(go)
        os.close(ready)
        is_mapped = helper > 0 and os.waitpid(helper, 0)[1] == 0
    if is_mapped:
        return
    Path("/proc/self/setgroups").write_text("deny")
    if not _mapped(os.getpid(), _one(user), _one(group)):
        raise NamespaceRefused(f"{told}: {os.strerror(errno.EPERM)}")


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


def raise_loopback() -> None:
    """Let the loopback interface of this thread's network carry packets."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, _GET_FLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))
