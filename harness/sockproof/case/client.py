"""Stream peers: a scripted client on a real socket.

The three ways a stream can end are never folded together: end of stream (``recv`` gave ``b""``),
reset (ECONNRESET or EPIPE), timeout (nothing came within the hang bound).
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import select
import socket
import struct
from collections.abc import Sequence
from enum import Enum
from typing import Any

from sockproof.case.peer import Reachable, ScriptedPeer, errno_name, whereto
from sockproof.iut.case_log import operation
from sockproof.iut.values import Fill
from sockproof.judge.checks import Hang, same
from sockproof.timing import hang_bound_s

__all__ = ["END_OF_STREAM", "RESET", "TIMEOUT", "Ending", "StreamPeer"]

_ABORT_ON_CLOSE = struct.pack("ii", 1, 0)
_READ_OCTETS = 1 << 16


class Ending(Enum):
    """How a stream ended for the peer."""

    END_OF_STREAM = "end of stream"
    RESET = "reset"
    TIMEOUT = "timeout"

    def __str__(self) -> str:
        return self.value

    __repr__ = __str__


END_OF_STREAM, RESET, TIMEOUT = Ending


def _octets_wanted(_peer: StreamPeer, wanted: bytes | Fill | Ending) -> dict[str, Any]:
    """What is noted of expecting; how the stream ends has no size."""
    if isinstance(wanted, Ending):
        return {"wanted": wanted}
    size = wanted.length_octets if isinstance(wanted, Fill) else len(wanted)
    return {"size_octets": size, "wanted": wanted}


class StreamPeer(ScriptedPeer):
    """A client of a stream server."""

    @operation("connect", whereto, lambda peer: {"address": peer.address})
    def connect(
        self, server: Reachable, *, receive_buffer_octets: int = 0, by_messages: bool = False
    ) -> StreamPeer:
        """Connect to the server's own address; a small receive buffer makes a slow reader.

        ``by_messages`` takes a SOCK_SEQPACKET, which only Unix servers may have: each send() is
        then a message, and so is what each recv() gives.

        Raises:
            Mismatch: the connection was refused. Hang: nobody answered.
        """
        kind = socket.SOCK_SEQPACKET if by_messages else socket.SOCK_STREAM
        own = self._take_socket(server, kind)
        if receive_buffer_octets:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_octets)
        try:
            own.connect(server.address)
        except TimeoutError:
            raise Hang("the connection is accepted", f"nothing for {hang_bound_s():g} s") from None
        except OSError as error:
            raise self._refusal("connect", "the connection is accepted", error) from None
        self._log("connect", note=f"{self.address!r} to {server.address!r}")
        return self

    @operation("connect at once", whereto)
    def connect_at_once(self, server: Reachable) -> str:
        """Connect without waiting; the errno name, or empty if the connection stands at once.

        On loopback the handshake ends inside ``connect()`` unless the listener's queue is full.
        """
        own = self._take_socket(server, socket.SOCK_STREAM)
        own.setblocking(False)
        number = own.connect_ex(server.address)
        if number == errno.EINPROGRESS and select.select([], [own], [], 0)[1]:
            number = own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        own.settimeout(hang_bound_s())
        name = errno.errorcode.get(number, "")
        self._log("connect at once", note=name)
        return name

    @operation("send")
    def send(self, data: bytes | Fill, cuts: Sequence[int] = ()) -> StreamPeer:
        """Send all of it; with ``cuts``, in pieces that end at these positions.

        Each piece is a send() of its own with Nagle's algorithm off, so each is a segment.

        Raises:
            Mismatch: the connection broke. Hang: nobody reads.
        """
        payload = bytes(data)
        if cuts and self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start, end in itertools.pairwise([0, *sorted(cuts), len(payload)]):
            self._send_piece(payload[start:end])
        return self

    @operation("offer")
    def offer(self, data: bytes | Fill) -> StreamPeer:
        """Send, unless the server has closed the connection already: both are right."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(bytes(data))
            self._log("send", bytes(data))
        return self

    @operation("offer")
    def attempt_send(self, data: bytes) -> str:
        """Send, whatever comes of it: the errno name if it fails, empty if it is taken."""
        name = ""
        try:
            self.socket.sendall(data)
        except OSError as error:
            name = errno_name(error)
        self._log("send", data, error=name)
        return name

    @operation("send urgent")
    def send_urgent(self, data: bytes) -> StreamPeer:
        """Send one octet out of band (TCP only)."""
        self.socket.send(data, socket.MSG_OOB)
        self._log("send out of band", data)
        return self

    @operation("wait until over")
    def wait_until_over(self) -> bool:
        """Until the connection is closed both ways or reset, if that comes: whether it did."""
        poller = select.poll()
        poller.register(self.socket, 0)  # nothing but what is always told: POLLHUP and POLLERR
        over = bool(poller.poll(hang_bound_s() * 1000))
        self._log("over" if over else "not over")
        return over

    def send_octet_by_octet(self, data: bytes) -> StreamPeer:
        """Send each octet by itself."""
        return self.send(data, cuts=range(1, len(data)))

    def _send_piece(self, piece: bytes) -> None:
        try:
            self.socket.sendall(piece)
        except TimeoutError:
            self._log("send", piece, error="timeout")
            raise Hang("the server reads", f"no room for {hang_bound_s():g} s") from None
        except OSError as error:
            raise self._refusal("send", f"{len(piece)} octets are taken", error, piece) from None
        self._log("send", piece)

    @operation("receive some")
    def receive_some(self, limit_octets: int = _READ_OCTETS) -> bytes | Ending:
        """What one recv() gives: octets, or how the stream ended."""
        got: bytes | Ending
        error = ""
        try:
            got = self.socket.recv(limit_octets) or END_OF_STREAM
        except TimeoutError:
            got = TIMEOUT
        except (ConnectionResetError, BrokenPipeError) as problem:
            got, error = RESET, str(problem)
        if isinstance(got, Ending):
            self._log(str(got), error=error)
        else:
            self._log("receive", got)
        return got

    @operation("receive")
    def receive(self, size_octets: int) -> tuple[bytes, Ending | None]:
        """Exactly so many octets, or fewer and how the stream ended before."""
        return self._collect(size_octets)

    @operation("receive")
    def receive_to_end(self) -> tuple[bytes, Ending]:
        """All octets until the stream ends, and how it ended."""
        data, ending = self._collect(None)
        return data, ending or END_OF_STREAM

    def _collect(self, size_octets: int | None) -> tuple[bytes, Ending | None]:
        data = bytearray()
        while size_octets is None or len(data) < size_octets:
            most = _READ_OCTETS if size_octets is None else size_octets - len(data)
            got = self.receive_some(min(most, 1 << 20))
            if isinstance(got, Ending):
                return bytes(data), got
            data += got
        return bytes(data), None

    @operation("receive", _octets_wanted)
    def expect(self, wanted: bytes | Fill | Ending) -> StreamPeer:
        """These octets come next; or, of an Ending, nothing more comes and the stream ends so.

        Raises:
            Mismatch: something else came. Hang: nothing came.
        """
        __tracebackhide__ = True
        payload = b"" if isinstance(wanted, Ending) else bytes(wanted)
        data, ending = self._collect(None if isinstance(wanted, Ending) else len(payload))
        if ending is TIMEOUT and wanted is not TIMEOUT:
            then = f"{f'{data!r}, and then ' if data else ''}nothing for {hang_bound_s():g} s"
            raise Hang(f"{self.who} receives {payload or wanted!r}", then)
        if isinstance(wanted, Ending):
            same((b"", wanted), (data, ending), f"what {self.who} receives")
        else:
            same(payload, data, f"what {self.who} receives before {ending or 'anything else'}")
        return self

    def expect_end(self) -> StreamPeer:
        """Nothing more comes, and the stream ends without a reset."""
        return self.expect(END_OF_STREAM)

    def expect_reply(self, payload: bytes | Fill) -> StreamPeer:
        """Exactly these octets come, and then the end of the stream."""
        return self.expect(payload).expect(END_OF_STREAM)

    @operation("half-close")
    def half_close(self) -> StreamPeer:
        """Send no more: ``shutdown(SHUT_WR)``.

        Raises:
            Mismatch: the server has closed the connection already.
        """
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            promise = "the connection is open until its half-close"
            raise self._refusal("half-close", promise, error) from None
        self._log("half-close")
        return self

    @operation("reset")
    def reset(self) -> None:
        """Close with a reset: lingering for no time makes the kernel send RST (TCP only)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_ON_CLOSE)
        self.socket.close()
        self._socket = None
        self._log("reset")
