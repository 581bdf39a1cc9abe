"""How many connections wait at a listening socket, and how many may: the kernel tells (Linux)."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sockproof.check.listener import Address
from sockproof.check.sockets import inodes_at

__all__ = ["ListeningQueue", "listening_queue"]

# netlink(7) and sock_diag(7): all sockets that listen are asked for.
_SOCK_DIAG, _BY_FAMILY, _REQUEST_ALL, _DONE, _ERROR = 4, 20, 0x301, 3, 2
_HEADER = struct.Struct("=IHHII")
_LISTEN = 1 << 10
_READ_OCTETS = 1 << 16
# Of a stream by a port: the state, 48 octets of addresses, when its timer expires; then both
# queues, user and inode. Of a Unix socket: its inode, then attributes, one of which has both.
_INET = struct.Struct("=4x48x4xIIII")
_UNIX, _ATTRIBUTE, _QUEUES, _SHOW_QUEUES, _IS_QUEUES = (
    struct.Struct("=4xI8x"), struct.Struct("=HH"), struct.Struct("=II"), 0x10, 4,
)  # fmt: skip


@dataclass(frozen=True)
class ListeningQueue:
    """``waiting`` have been let in by the kernel, and not by the server. One more than there is
    ``room`` for finds a place, and nobody after that."""

    waiting: int
    room: int

    @property
    def is_full(self) -> bool:
        return self.waiting > self.room


def listening_queue(address: Address) -> ListeningQueue | None:
    """That of the server at an address; None where the kernel does not tell, or nobody listens."""
    wanted, reads = inodes_at(address), (_unix if address.spec.is_unix else _inet)
    with contextlib.suppress(OSError):
        for message in _messages(address):
            inode, waiting, room = reads(message)
            if inode in wanted:
                return ListeningQueue(waiting, room)
    return None


def _messages(address: Address) -> Iterator[bytes]:
    """What the kernel tells of each socket of its family that listens."""
    body = _request(address)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.send(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST_ALL, 0, 0) + body)
        while data := kernel.recv(_READ_OCTETS):
            while data:
                size, kind = _HEADER.unpack_from(data)[:2]
                if kind in (_DONE, _ERROR):
                    return
                yield data[_HEADER.size : size]
                data = data[(size + 3) & ~3 :]


def _request(address: Address) -> bytes:
    family = address.spec.address_family
    if address.spec.is_unix:
        return struct.pack("=BBHIIIII", family, 0, 0, _LISTEN, 0, _SHOW_QUEUES, 0, 0)
    return struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, _LISTEN) + bytes(48)


def _inet(message: bytes) -> tuple[int, int, int]:
    waiting, room, _user, inode = _INET.unpack_from(message)
    return inode, waiting, room


def _unix(message: bytes) -> tuple[int, int, int]:
    (inode,), rest = _UNIX.unpack_from(message), message[_UNIX.size :]
    while rest:
        size, kind = _ATTRIBUTE.unpack_from(rest)
        if kind == _IS_QUEUES:
            return (inode, *_QUEUES.unpack_from(rest, _ATTRIBUTE.size))
        rest = rest[(size + 3) & ~3 :]
    return inode, 0, 0
