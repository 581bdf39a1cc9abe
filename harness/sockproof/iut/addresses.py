"""Addresses for servers and peers: of this worker alone, so that workers never meet.

A server that closes first leaves its port in TIME_WAIT for a minute, and binding to port 0 slows
from microseconds to 10 ms once some 14,000 ports of one address are so held. TIME_WAIT is kept per
address, and 127.0.0.0/8 has plenty: every worker has its own, and changes it now and then.
"""

from __future__ import annotations

import functools
import ipaddress
import itertools
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

from sockproof.judge.checks import Mismatch

__all__ = ["Addresses", "admit_others", "refuse_elsewhere", "short_temporary_folder"]

# Unix sockets live below the temporary folder, and their paths must stay short.
_LONGEST_FOLDER_OCTETS = 40

_CASES_PER_HOST = 2000


def short_temporary_folder() -> str:
    """That of the user, unless its path is too long for a socket's."""
    base = tempfile.gettempdir()
    return base if len(os.fsencode(base)) <= _LONGEST_FOLDER_OCTETS else "/tmp"


def admit_others(path: str) -> None:
    """Let other users send to the socket at a path, if they come to its folder."""
    Path(path).chmod(0o777)


class Addresses:
    """Hands out addresses; owns a folder for socket files below ``parent``, whose path is short.

    ``is_open``: users that know its name may make socket files in it.
    """

    def __init__(self, parent: Path) -> None:
        self._serial = itertools.count(1)
        self.folder = Path(tempfile.mkdtemp(prefix="w", dir=parent))
        self.is_open = False

    def open_to_others(self) -> None:
        """From now on an implementation that another user runs can bind to paths as well. Nobody
        can list the folder, or remove what is another's."""
        if not self.is_open:
            self.folder.parent.chmod(0o711)
            self.folder.chmod(0o1733)
            self.is_open = True

    def server(self, family: str, *, named: bool = False) -> Any:
        """An address to bind a server of this family to; with ``named`` one whose name is known on
        every machine, for one that looks it up."""
        serial = next(self._serial)
        match family:
            case "inet":
                return ("127.0.0.1" if named else _own_host(serial // _CASES_PER_HOST), 0)
            case "inet6":
                return ("::1", 0)
            case "path":
                return str(self.folder / f"s{serial}")
            case _:
                return f"\0sockproof-{os.getpid()}-{serial}"

    def peer(self, family: str) -> Any:
        """An address to bind a datagram peer to, so that it can be answered."""
        return "" if family == "abstract" else self.server(family)

    def has(self, path: str) -> bool:
        """Whether a socket file is one of ours: a server may say that it is at any path."""
        return Path(path).parent == self.folder

    def close(self) -> None:
        """Remove the folder and every socket file in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def refuse_elsewhere(address: Any) -> None:
    """Before a client goes to the address that a server says it has: nobody leaves this machine
    because somebody who is judged says so.

    Raises:
        Mismatch: it is on another machine, or a name that would have to be looked up.
    """
    host = address[0] if isinstance(address, tuple) and address else ""
    if isinstance(host, str) and host not in ("", "localhost") and not _is_here(host):
        raise Mismatch("server_address is on this machine, where it was bound", repr(address))


def _is_here(host: str) -> bool:
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_loopback or mapped.is_unspecified)


@functools.cache
def _own_host(number: int) -> str:
    """One of 127.64.0.0 to 127.127.255.255 by process id; only Linux has them all."""
    pid = os.getpid()
    host = f"127.{64 + (pid >> 8) % 64}.{pid & 255}.{1 + number % 250}"
    return host if _can_bind(host) else "127.0.0.1"


def _can_bind(host: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True
