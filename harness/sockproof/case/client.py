"""Stream peers: a scripted client on a real socket. Every step goes into the transcript.

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
from typing import Any, Protocol

from sockproof.case.transcript import Transcript
from sockproof.iut.server import Server
from sockproof.iut.values import Fill
from sockproof.judge.checks import Hang, Inconclusive, Mismatch, same
from sockproof.spec.matrix import ServerSpec
from sockproof.timing import hang_bound_s

__all__ = ["END_OF_STREAM", "RESET", "TIMEOUT", "Ending", "Reachable", "StreamPeer"]

_ABORT_ON_CLOSE = struct.pack("ii", 1, 0)
_READ_OCTETS = 1 << 16


class Ending(Enum):
    """How a stream ended for the peer."""

    END_OF_STREAM = "end of stream"
    RESET = "reset"
    TIMEOUT = "timeout"

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return self.value


END_OF_STREAM = Ending.END_OF_STREAM
RESET = Ending.RESET
TIMEOUT = Ending.TIMEOUT


class Reachable(Protocol):
    """What a client connects to: a server of the case, or one in a program of its own."""

    @property
    def spec(self) -> ServerSpec: ...
    @property
    def address(self) -> Any: ...


class StreamPeer:
    """A client of a stream server; ``lane`` is its name in the transcript."""

    def __init__(self, transcript: Transcript, lane: str = "peer") -> None:
        self._transcript = transcript
        self.lane = lane
        self._socket: socket.socket | None = None

    @property
    def socket(self) -> socket.socket:
        """The socket itself, for what no step can say."""
        if self._socket is None:
            raise Inconclusive(f"{self.lane} is not connected")
        return self._socket

    @property
    def address(self) -> Any:
        """The peer's own address, as the server should see it."""
        return self.socket.getsockname()

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
        self._socket = socket.socket(server.spec.address_family, kind)
        self._socket.settimeout(hang_bound_s())
        if receive_buffer_octets:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_octets)
        try:
            self._socket.connect(server.address)
        except TimeoutError:
            raise Hang("the connection is accepted", f"nothing for {hang_bound_s():g} s") from None
        except OSError as error:
            self._log("connect", error=str(error))
            raise Mismatch("the connection is accepted", str(error)) from None
        self._log("connect", note=f"{self.address!r} to {server.address!r}")
        return self

    def connect_at_once(self, server: Server) -> str:
        """Connect without waiting; the errno name, or empty if the connection stands at once.

        On loopback the handshake ends inside ``connect()`` unless the listener's queue is full.
        """
        self._socket = socket.socket(server.spec.address_family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        number = self._socket.connect_ex(server.address)
        if number == errno.EINPROGRESS and self._is_writable_now():
            number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._socket.settimeout(hang_bound_s())
        name = errno.errorcode.get(number, "") if number else ""
        self._log("connect at once", note=name)
        return name

    def _is_writable_now(self) -> bool:
        return bool(select.select([], [self.socket], [], 0)[1])

    def send(self, data: bytes | Fill, cuts: Sequence[int] = ()) -> StreamPeer:
        """Send all of it; with ``cuts``, in pieces that end at these positions.

        Each piece is a send() of its own with Nagle's algorithm off, so each is a segment.

        Raises:
            Mismatch: the connection broke. Hang: nobody reads.
        """
        payload = bytes(data)
        if cuts and self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        positions = [0, *sorted(cuts), len(payload)]
        for start, end in itertools.pairwise(positions):
            self._send_piece(payload[start:end])
        return self

    def offer(self, data: bytes | Fill) -> StreamPeer:
        """Send, unless the server has closed the connection already: both are right."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(bytes(data))
            self._log("send", bytes(data))
        return self

    def attempt_send(self, data: bytes) -> str:
        """Send, whatever comes of it: the errno name if it fails, empty if it is taken."""
        name = ""
        try:
            self.socket.sendall(data)
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, str(error))
        self._log("send", data, error=name)
        return name

    def send_urgent(self, octet: bytes) -> StreamPeer:
        """Send one octet out of band (TCP only)."""
        self.socket.send(octet, socket.MSG_OOB)
        self._log("send out of band", octet)
        return self

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
            self._log("send", piece, error=str(error))
            raise Mismatch(f"{len(piece)} octets are taken", str(error)) from None
        self._log("send", piece)

    def receive_some(self, limit_octets: int = _READ_OCTETS) -> bytes | Ending:
        """What one recv() gives: octets, or how the stream ended."""
        try:
            data = self.socket.recv(limit_octets)
        except TimeoutError:
            return self._ended(TIMEOUT)
        except (ConnectionResetError, BrokenPipeError) as error:
            return self._ended(RESET, str(error))
        if not data:
            return self._ended(END_OF_STREAM)
        self._log("receive", data)
        return data

    def account(
        self, data: bytes, ending: Ending | None, _size_octets: int | None = None
    ) -> tuple[bytes, Ending | None]:
        """What several :meth:`receive_some` came to, where so much was waited for, or the end: so
        a journal of the case has it in one, in whatever pieces it came."""
        return data, ending

    def receive(self, length_octets: int) -> tuple[bytes, Ending | None]:
        """Exactly so many octets, or fewer and how the stream ended before."""
        return self._collect(length_octets)

    def receive_to_end(self) -> tuple[bytes, Ending]:
        """All octets until the stream ends, and how it ended."""
        data, ending = self._collect(None)
        assert ending is not None
        return data, ending

    def _collect(self, want_octets: int | None) -> tuple[bytes, Ending | None]:
        parts: list[bytes] = []
        missing = want_octets
        while missing is None or missing > 0:
            got = self.receive_some(_READ_OCTETS if missing is None else min(missing, 1 << 20))
            if isinstance(got, Ending):
                return b"".join(parts), got
            parts.append(got)
            missing = None if missing is None else missing - len(got)
        return b"".join(parts), None

    def expect(self, wanted: bytes | Fill | Ending) -> StreamPeer:
        """These octets come next; or, of an Ending, nothing more comes and the stream ends so.

        Raises:
            Mismatch: something else came. Hang: nothing came.
        """
        __tracebackhide__ = True
        if isinstance(wanted, Ending):
            data, ending = self.receive_to_end()
            self._refuse_timeout(wanted, data, ending)
            same((b"", wanted), (data, ending), f"what {self.lane} receives")
            return self
        payload = bytes(wanted)
        data, early = self.receive(len(payload))
        if data != payload:
            self._refuse_timeout(payload, data, early)
            same(payload, data, f"what {self.lane} receives before {early or 'anything else'}")
        return self

    def expect_end(self) -> StreamPeer:
        """Nothing more comes, and the stream ends without a reset."""
        return self.expect(END_OF_STREAM)

    def expect_reply(self, payload: bytes | Fill) -> StreamPeer:
        """Exactly these octets come, and then the end of the stream."""
        return self.expect(payload).expect(END_OF_STREAM)

    def _refuse_timeout(self, wanted: bytes | Ending, data: bytes, ending: Ending | None) -> None:
        __tracebackhide__ = True
        if ending is TIMEOUT and wanted is not TIMEOUT:
            raise Hang(
                f"{self.lane} receives {wanted!r}",
                f"{data!r} and then nothing for {hang_bound_s():g} s",
            )

    def half_close(self) -> StreamPeer:
        """Send no more: ``shutdown(SHUT_WR)``.

        Raises:
            Mismatch: the server has closed the connection already.
        """
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._log("half-close", error=str(error))
            raise Mismatch("the connection is open until its half-close", str(error)) from None
        self._log("half-close")
        return self

    def close(self) -> None:
        """Close; the peer may be closed already."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._log("close")

    def reset(self) -> None:
        """Close with a reset: lingering for no time makes the kernel send RST (TCP only)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_ON_CLOSE)
        self.socket.close()
        self._socket = None
        self._log("reset")

    def _ended(self, ending: Ending, error: str = "") -> Ending:
        self._log(str(ending), error=error)
        return ending

    def _log(self, what: str, data: bytes | None = None, note: str = "", error: str = "") -> None:
        self._transcript.note(self.lane, what, data, note, error)
