"""How much of what a client has sent the server's end has not read: asked of the kernel (Linux)."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios

__all__ = ["unread_octets"]

# netlink(7) and sock_diag(7): one socket is asked for by its addresses.
_SOCK_DIAG, _BY_FAMILY, _REQUEST, _ERROR = 4, 20, 1, 2
_HEADER = struct.Struct("=IHHII")
_SOCKET = struct.Struct("!HH16s16s")
_ANY_COOKIE = b"\xff" * 8
_RECEIVE_QUEUE = struct.Struct("=I")
# Behind the header: what the socket is, its addresses, and when its timer expires.
_QUEUE_AT = _HEADER.size + 4 + 48 + 4


def unread_octets(client: socket.socket) -> int:
    """Octets that are on their way to the other end, or wait to be read there; 0 where nobody
    tells, as of a server that is on another machine."""
    if client.family == socket.AF_UNIX:
        # The kernel counts what it keeps them in as well.
        return int(struct.unpack("i", fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)))[0])
    try:
        return _asked(client)
    except OSError:
        return 0


def _asked(client: socket.socket) -> int:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.send(_request(client))
        answer = kernel.recv(1 << 12)
    kind = _HEADER.unpack_from(answer)[1]
    return 0 if kind == _ERROR else int(_RECEIVE_QUEUE.unpack_from(answer, _QUEUE_AT)[0])


def _request(client: socket.socket) -> bytes:
    """For the server's end of a client's connection."""
    there, here = client.getpeername(), client.getsockname()
    packed = [socket.inet_pton(client.family, host[0].partition("%")[0]) for host in (there, here)]
    addresses = _SOCKET.pack(there[1], here[1], *packed)
    about = struct.pack("=BBBBI", client.family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
    body = about + addresses + struct.pack("=I", 0) + _ANY_COOKIE
    return _HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 0, 0) + body
