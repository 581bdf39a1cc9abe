"""What the kernel says of sockets: who listens, how many wait, whether a port is free (Linux)."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import re
import socket
import struct
import termios
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sockproof.check.listener import Address

__all__ = [
    "Row",
    "inodes_at",
    "is_bound",
    "is_gone",
    "is_heard",
    "is_read",
    "ports_let_in",
    "rows_at",
    "states_of",
    "waiting",
    "why_held",
]

# Of the thread that asks, which may be in a network of its own.
_HERE = Path("/proc/thread-self/net")
_LISTEN = "0A"
# ESTABLISHED and CLOSE_WAIT: the server's side of a client that has been let in.
_LET_IN = ("01", "08")
# Of <net/tcp_states.h>: those of a connection, whatever is left of it.
_STATES = {
    "01": "ESTABLISHED", "02": "SYN_SENT", "03": "SYN_RECV", "04": "FIN_WAIT1", "05": "FIN_WAIT2",
    "06": "TIME_WAIT", "08": "CLOSE_WAIT", "09": "LAST_ACK", "0B": "CLOSING",
}  # fmt: skip
_TABLES = {"TCP": ("tcp", "tcp6"), "UDP": ("udp", "udp6")}
# Of the flags of a Unix socket: it listens. What it has accepted shows the same path. A socket of
# datagrams has no such flag, and a type of its own.
_ACCEPTS, _DATAGRAMS = 0x10000, 2
_UNIX = re.compile(
    r"^\S+: \S+ \S+ (?P<flags>\S+) (?P<type>\S+) \S+ +(?P<inode>\d+) (?P<path>.+)$", re.MULTILINE
)


@dataclass(frozen=True)
class Row:
    """A line of a table of the kernel's: ``waiting`` are the connections that nobody has accepted
    yet, of a socket of datagrams the octets that nobody has read. ``peer`` is the other port."""

    inode: int
    port: int
    host: str
    state: str
    waiting: int
    peer: int

    @property
    def listens(self) -> bool:
        return self.state == _LISTEN


def rows_at(address: Address) -> list[Row]:
    """The sockets that are bound to the address; where none is, those that are bound to its port
    at all addresses.

    Empty where the kernel has no such tables.
    """
    host = address.at[0]
    bound = [row for row in _at_port(address) if row.listens or not address.is_stream]
    exact = [row for row in bound if row.host == host]
    return exact or [row for row in bound if _is_at(row.host, host)]


def inodes_at(address: Address) -> set[int]:
    """The numbers of the sockets that are bound there, as the descriptors of processes show them.

    Empty where the kernel does not tell.
    """
    if address.spec.is_unix:
        return set(_unix_inodes(str(address.at), address.is_stream))
    return {row.inode for row in rows_at(address)}


def ports_let_in(address: Address) -> set[int]:
    """The ports of clients whose connections stand for the server as well."""
    return {row.peer for row in _at_port(address) if row.state in _LET_IN}


def is_heard(one: socket.socket) -> bool:
    """Whether all that it sent, an end too, has come to the other kernel, which says so.

    What came while the queue of the listening socket was full is dropped there, and sent again.
    """
    with contextlib.suppress(OSError):
        return not struct.unpack("i", fcntl.ioctl(one, termios.TIOCOUTQ, bytes(4)))[0]
    return False


def is_read(one: socket.socket, address: Address) -> bool:
    """Whether the server has read all the datagrams that one sent there: at a Unix address the
    kernel counts them as the sender's until then."""
    return is_heard(one) if address.spec.is_unix else waiting(address) == 0


def waiting(address: Address) -> int | None:
    """How many connections (of datagrams: octets) wait to be taken; None where nobody tells."""
    if address.spec.is_unix or not (rows := rows_at(address)):
        return None
    return sum(row.waiting for row in rows)


def states_of(inodes: Collection[int]) -> Iterator[str]:
    """What the kernel says of those of these sockets that are connections, such as CLOSE_WAIT."""
    for table in _TABLES["TCP"]:
        for row in _rows(table):
            if row.inode in inodes and row.state in _STATES:
                yield _STATES[row.state]


def is_bound(address: Address) -> bool:
    """Whether somebody has bound a socket of datagrams there, or listens."""
    return bool(inodes_at(address)) or (address.spec.is_unix and _accepts(address))


def _accepts(address: Address) -> bool:
    """Whether a connection finds somebody: who listens in another network is in no table here."""
    kind = socket.SOCK_STREAM if address.is_stream else socket.SOCK_DGRAM
    with socket.socket(socket.AF_UNIX, kind) as one:
        one.setblocking(False)
        return one.connect_ex(address.at) in (0, errno.EAGAIN)


def is_gone(address: Address) -> bool:
    """Whether nobody has bound it any more, and the kernel would tell of whoever has."""
    tells = all((_HERE / table).exists() for table in _TABLES.get(address.spec.kind, ()))
    return tells and not address.spec.is_unix and not address.named_by_user and not rows_at(address)


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


def _at_port(address: Address) -> Iterator[Row]:
    for table in _TABLES.get(address.spec.kind, ()):
        yield from (row for row in _rows(table) if row.port == address.at[1])


def _rows(table: str) -> Iterator[Row]:
    with contextlib.suppress(OSError):
        for line in (_HERE / table).read_text("ascii").splitlines()[1:]:
            yield _row(line.split())


def _row(words: list[str]) -> Row:
    host, port = words[1].split(":")
    peer, queue = (int(words[index].split(":")[1], 16) for index in (2, 4))
    return Row(int(words[9]), int(port, 16), _host(host), words[3], queue, peer)


def _host(text: str) -> str:
    """An address as the kernel prints it: words of 32 bits in the order of this machine."""
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, packed)


def _unix_inodes(path: str, is_stream: bool) -> Iterator[int]:
    shown = f"@{path[1:]}" if path.startswith("\0") else path
    with contextlib.suppress(OSError):
        text = (_HERE / "unix").read_text("utf-8", "surrogateescape")
        for found in _UNIX.finditer(text):
            takes = int(found["flags"], 16) & _ACCEPTS, int(found["type"], 16) == _DATAGRAMS
            if found["path"] == shown and takes[not is_stream]:
                yield int(found["inode"])
