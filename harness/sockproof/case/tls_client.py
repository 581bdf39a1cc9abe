"""TLS through a stream peer, by hand: what goes to the wire is held in memory first, so that it can
be cut, held back and put together anywhere, and what comes is looked at record by record.

How a stream ends has one word more than for a plain peer: *close notify*, which is said within TLS,
is not the *end of stream* of the connection below.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sockproof.case.certificates import SERVER_NAME, authority
from sockproof.case.client import END_OF_STREAM, RESET, TIMEOUT, StreamPeer
from sockproof.case.tls_records import RecordSplitter
from sockproof.iut.case_log import CaseLog, operation
from sockproof.iut.values import Fill
from sockproof.judge.checks import Hang, Mismatch, same
from sockproof.timing import hang_bound_s

__all__ = ["CLOSE_NOTIFY", "CUT_OFF", "TlsClient"]

CLOSE_NOTIFY = "close notify"
"""The server has said within TLS that it sends no more."""
CUT_OFF = str(END_OF_STREAM)
"""The connection has ended without that."""

_READ_OCTETS = 1 << 16
_T = TypeVar("_T")


def _wanted(_client: TlsClient, wanted: bytes | Fill, ending: str = "") -> dict[str, Any]:
    size = wanted.length_octets if isinstance(wanted, Fill) else len(wanted)
    return {"size_octets": None if ending else size, "wanted": (wanted, ending)}


class TlsClient:
    """A client with TLS on a connected peer. It trusts the authority that the servers of cases have
    their certificates from. ``version`` is the only one it speaks, empty for any."""

    def __init__(self, client: StreamPeer, version: str = "") -> None:
        self.client = client
        self._version = version
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = self._context().wrap_bio(
            self._incoming, self._outgoing, server_hostname=SERVER_NAME
        )
        self._records = {"sent": RecordSplitter(), "received": RecordSplitter()}
        self._arrived: list[str] = []

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=authority().trusted_pem)
        if self._version:
            only = ssl.TLSVersion[self._version]
            context.minimum_version = context.maximum_version = only
        return context

    @property
    def log(self) -> CaseLog:
        return self.client.log

    @property
    def lane(self) -> str:
        return self.client.lane

    @operation("TLS handshake", lambda client, piece_octets=0: client._handshaking(piece_octets))
    def attempt_handshake(self, piece_octets: int = 0) -> str:
        """Shake hands, in pieces of so many octets each if that is not 0: the version that was
        agreed on, or what came instead."""
        how = self._carry(self._tls.do_handshake, lambda: self._flush((), piece_octets))
        agreed = how if isinstance(how, str) else self._tls.version() or ""
        cipher = self._tls.cipher()
        self._log("TLS handshake", note=f"{agreed}{f', {cipher[0]}' if cipher else ''}")
        return agreed

    def handshake(self, piece_octets: int = 0) -> TlsClient:
        """Shake hands.

        Raises:
            Mismatch: the server did not, or the connection ended. Hang: nothing came.
        """
        agreed = self.attempt_handshake(piece_octets)
        expected = "a TLS handshake"
        if agreed == str(TIMEOUT):
            raise Hang(expected, f"nothing for {hang_bound_s():g} s")
        if not agreed.startswith("TLS"):
            raise Mismatch(expected, agreed)
        return self

    @operation("begin TLS handshake", lambda client: {"version": client._version})
    def begin(self) -> TlsClient:
        """Send the first record of the handshake, and wait for nothing."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        self._flush()
        self._log("begin TLS handshake")
        return self

    @operation("go on with TLS handshake", None, lambda client: client._tls.version())
    def go_on(self) -> TlsClient:
        """The rest of a handshake that has begun.

        Raises:
            Mismatch: the server did not, or the connection ended. Hang: nothing came.
        """
        return self.handshake()

    @operation("is answered")
    def is_answered(self) -> bool:
        """Whether anything has come by now; nothing of it is taken."""
        return bool(select.select([self.client.socket], [], [], 0)[0])

    def _handshaking(self, piece_octets: int) -> dict[str, Any]:
        return {"version": self._version, "piece_octets": piece_octets}

    @operation("send within TLS")
    def send(self, data: bytes | Fill, cuts: Sequence[int] = ()) -> TlsClient:
        """Send all of it; with ``cuts``, what goes to the wire is sent in pieces that end at these
        positions.

        Raises:
            Mismatch: the connection ended.
        """
        payload = bytes(data)
        self._tls.write(payload)
        problem = self._flush(cuts)
        self._log("send within TLS", payload, error=problem)
        if problem:
            raise Mismatch(f"{len(payload)} octets are taken", problem)
        return self

    @operation("receive within TLS")
    def receive(self, size_octets: int | None = None) -> tuple[bytes, str]:
        """Exactly so many octets, or all; and how the stream ended, if it did before."""
        data, ending = bytearray(), ""
        while not ending and (size_octets is None or len(data) < size_octets):
            most = _READ_OCTETS if size_octets is None else size_octets - len(data)
            got = self._carry(functools.partial(self._tls.read, most), self._flush)
            ending = got if isinstance(got, str) else "" if got else CLOSE_NOTIFY
            data += b"" if isinstance(got, str) else got
        self._log("receive within TLS", bytes(data), note=ending)
        return bytes(data), ending

    @operation("receive within TLS", _wanted)
    def expect(self, wanted: bytes | Fill, ending: str = "") -> TlsClient:
        """These octets come next; with ``ending``, and nothing more before the stream ends so.

        Raises:
            Mismatch: something else came. Hang: nothing came.
        """
        __tracebackhide__ = True
        payload = bytes(wanted)
        data, how = self.receive(None if ending else len(payload))
        if how == str(TIMEOUT):
            raise Hang(
                f"{self.client.who} receives {payload or ending!r} within TLS",
                f"{f'{data!r}, and then ' if data else ''}nothing for {hang_bound_s():g} s",
            )
        same((payload, ending), (data, how), f"what {self.client.who} receives within TLS")
        return self

    # What goes to the wire and comes from it

    def _carry(self, act: Callable[[], _T], flush: Callable[[], str]) -> _T | str:
        """What ``act`` gives once the server has said all that it takes; or how it ended."""
        while True:
            try:
                value = act()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                flush()  # the alert that we owe
                return _in_words(error)
            else:
                flush()
                return value
            if problem := flush() or self._fill():
                return problem

    def _flush(self, cuts: Sequence[int] = (), piece_octets: int = 0) -> str:
        """Send what is held; empty, or how the connection ended instead."""
        data = self._outgoing.read()
        if not data:
            return ""
        self._end_of_flight()
        self._note_records("sent", list(self._records["sent"].take(data)))
        ends = cuts or (range(piece_octets, len(data), piece_octets) if piece_octets else ())
        if ends and self.client.socket.family != socket.AF_UNIX:
            self.client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for start, end in itertools.pairwise([0, *sorted(ends), len(data)]):
                self.client.socket.sendall(data[start:end])
        except TimeoutError:
            return str(TIMEOUT)
        except OSError:
            return str(RESET)
        return ""

    def _fill(self) -> str:
        """Take what comes; empty, or how the connection ended instead."""
        try:
            data = self.client.socket.recv(_READ_OCTETS)
        except TimeoutError:
            return str(TIMEOUT)
        except OSError:
            return str(RESET)
        self._arrived += self._records["received"].take(data)
        self._incoming.write(data)
        return "" if data else CUT_OFF

    def _end_of_flight(self) -> None:
        """What has come is one entry, in however many pieces it came."""
        if arrived := self._arrived:
            self._arrived = []
            self._note_records("received", arrived)

    def _note_records(self, way: str, records: list[str]) -> None:
        left = self._records[way].left
        told = ", ".join([*records, *([left] if left else [])])
        self.client.log.note(self.lane, f"records {way}", note=told)

    def _log(self, what: str, data: bytes | None = None, note: str = "", error: str = "") -> None:
        self._end_of_flight()
        self.client.log.note(self.lane, what, data, note, error)


def _in_words(error: ssl.SSLError) -> str:
    """How TLS ended by an error: ``alert handshake failure`` is what the server has said."""
    if isinstance(error, ssl.SSLZeroReturnError):
        return CLOSE_NOTIFY
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    reason = (error.reason or str(error)).lower().replace("_", " ")
    _, is_alert, alert = reason.partition(" alert ")
    return f"alert {alert}" if is_alert else reason
