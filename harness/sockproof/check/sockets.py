"""What the kernel says of sockets: who listens, how many wait, whether a port is free (Linux)."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sockproof.check.listener import Address

__all__ = ["Row", "is_bound", "rows_at", "waiting", "why_held"]

_LISTEN = "0A"
_TABLES = {"TCP": ("tcp", "tcp6"), "UDP": ("udp", "udp6")}


@dataclass(frozen=True)
class Row:
    """A line of a table of the kernel's: ``waiting`` are the connections that nobody has accepted
    yet, of a socket of datagrams the octets that nobody has read."""

    inode: int
    port: int
    host: str
    listens: bool
    waiting: int


def rows_at(address: Address) -> list[Row]:
    """The sockets that are bound to the address, or to all addresses and its port.

    Empty where the kernel has no such tables.
    """
    host, port = address.at[:2]
    return [
        row
        for row in _rows(address.spec.kind)
        if row.port == port and _is_at(row.host, host) and (row.listens or not address.is_stream)
    ]


def waiting(address: Address) -> int | None:
    """How many connections (of datagrams: octets) wait to be taken; None where nobody tells."""
    if address.spec.is_unix or not (rows := rows_at(address)):
        return None
    return sum(row.waiting for row in rows)


def is_bound(address: Address) -> bool:
    """Whether somebody has bound a socket of datagrams there, or listens."""
    if address.spec.is_unix:
        return _is_unix_bound(str(address.at))
    return bool(rows_at(address))


def why_held(address: Address) -> str:
    """What still holds an address whose program has ended, in words; empty if nothing does.

    What the kernel remembers of connections that have ended is no socket of anybody.
    """
    if address.spec.family == "path" and Path(address.at).exists():
        return "its socket file is still there"
    if is_bound(address):
        return "somebody still listens, whom it has started"
    return ""


def _is_at(bound: str, host: str) -> bool:
    return bound in (host, "0.0.0.0", "::", f"::ffff:{host}")


def _rows(kind: str) -> Iterator[Row]:
    for table in _TABLES.get(kind, ()):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]:
                yield _row(line.split())


def _row(words: list[str]) -> Row:
    host, port = words[1].split(":")
    queue = int(words[4].split(":")[1], 16)
    return Row(int(words[9]), int(port, 16), _host(host), words[3] == _LISTEN, queue)


def _host(text: str) -> str:
    """An address as the kernel prints it: words of 32 bits in the order of this machine."""
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, packed)


def _is_unix_bound(path: str) -> bool:
    shown = f"@{path[1:]}" if path.startswith("\0") else path
    try:
        lines = Path("/proc/net/unix").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return path.startswith("\0") or Path(path).exists()
    return any(line.endswith(f" {shown}") for line in lines)
