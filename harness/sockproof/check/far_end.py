"""The server's end of a client's connection: what it has not read, whether it is closed. The kernel
is asked for that one socket (Linux)."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from dataclasses import dataclass

__all__ = ["FarEnd", "far_end", "unacknowledged_octets"]

# netlink(7) and sock_diag(7): one socket is asked for by its addresses.
_SOCK_DIAG, _BY_FAMILY, _REQUEST, _ERROR = 4, 20, 1, 2
_HEADER = struct.Struct("=IHHII")
_SOCKET = struct.Struct("!HH16s16s")
_ANY_COOKIE = b"\xff" * 8
# Receive queue, send queue, user, inode; behind the header, what the socket is, its addresses, and
# when its timer expires.
_TOLD = struct.Struct("=IIII")
_TOLD_AT = _HEADER.size + 4 + 48 + 4


@dataclass(frozen=True)
class FarEnd:
    """``unread`` are the octets that nobody has read there; ``is_closed`` tells that no process has
    the socket any more."""

    unread: int = 0
    is_closed: bool = False


NOBODY = FarEnd(is_closed=True)


def far_end(client: socket.socket) -> FarEnd:
    """The other end, if it is on this machine; as closed where there is none, or nobody tells."""
    if client.family == socket.AF_UNIX:
        return FarEnd(unacknowledged_octets(client))  # of memory, with what they are kept in
    try:
        return _asked(client)
    except OSError:
        return NOBODY


def unacknowledged_octets(client: socket.socket) -> int:
    """What was sent, and has not come to the other end; of a Unix socket, what is unread there."""
    return int(struct.unpack("i", fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)))[0])


def _asked(client: socket.socket) -> FarEnd:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.send(_request(client))
        answer = kernel.recv(1 << 12)
    if _HEADER.unpack_from(answer)[1] == _ERROR:
        return NOBODY
    unread, _queued, _user, inode = _TOLD.unpack_from(answer, _TOLD_AT)
    return FarEnd(unread, inode == 0)


def _request(client: socket.socket) -> bytes:
    there, here = client.getpeername(), client.getsockname()
    packed = [socket.inet_pton(client.family, host[0].partition("%")[0]) for host in (there, here)]
    addresses = _SOCKET.pack(there[1], here[1], *packed)
    about = struct.pack("=BBBBI", client.family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
    body = about + addresses + struct.pack("=I", 0) + _ANY_COOKIE
    return _HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 0, 0) + body
