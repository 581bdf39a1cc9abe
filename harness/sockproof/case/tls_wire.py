"""TLS over a stream peer's socket, where what goes to the wire and what comes from it is held in
memory, and each record that passes is noted."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sockproof.case.certificates import SERVER_NAME, authority
from sockproof.case.client import END_OF_STREAM, RESET, TIMEOUT, StreamPeer
from sockproof.case.tls_records import RecordSplitter
from sockproof.iut.agent import securing
from sockproof.iut.case_log import CaseLog

__all__ = ["CLOSE_NOTIFY", "CUT_OFF", "TlsWire", "error_words"]

CLOSE_NOTIFY = "close notify"
"""The server has said within TLS that it sends no more."""
CUT_OFF = str(END_OF_STREAM)
"""The connection has ended without that."""

_READ_OCTETS = 1 << 16
_T = TypeVar("_T")
_load_chain: Callable[[ssl.SSLContext, str], None] = securing.load_chain


class TlsWire:
    """A client with TLS on a connected peer. It trusts the authority that the servers of cases have
    their certificates from, or nobody if it is not ``trusting``. ``version`` is the only one it
    speaks, empty for any; ``is_known``: whether it has a certificate of its own."""

    def __init__(
        self,
        client: StreamPeer,
        version: str = "",
        *,
        trusting: bool = True,
        is_known: bool = False,
    ) -> None:
        self.client = client
        self._version, self._trusting, self._is_known = version, trusting, is_known
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = self._context().wrap_bio(
            self._incoming, self._outgoing, server_hostname=SERVER_NAME
        )
        self._records = {"sent": RecordSplitter(), "received": RecordSplitter()}
        self._arrived: list[str] = []

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # looks at certificates and names
        if self._trusting:
            context.load_verify_locations(cadata=authority().trusted_pem)
        if self._is_known:
            _load_chain(context, authority().client_pem)
        if self._version:
            only = ssl.TLSVersion[self._version]
            context.minimum_version = context.maximum_version = only
        return context

    @property
    def _kind(self) -> dict[str, Any]:
        """What is noted of how it shakes hands."""
        pem = authority().client_pem if self._is_known else ""
        return {"version": self._version, "trusting": self._trusting, "pem": pem}

    @property
    def log(self) -> CaseLog:
        return self.client.log

    @property
    def lane(self) -> str:
        return self.client.lane

    def _carry(self, act: Callable[[], _T], flush: Callable[[], str]) -> _T | str:
        """What ``act`` gives once the server has said all that it takes; or how it ended."""
        while True:
            try:
                value = act()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                flush()  # the alert that we owe
                return error_words(error)
            else:
                flush()
                return value
            if problem := flush() or self._fill():
                return problem

    def _flush(self, piece_octets: int = 0) -> str:
        """Send what TLS has to say; empty, or how the connection ended instead."""
        data = self._outgoing.read()
        cuts = range(piece_octets, len(data), piece_octets) if piece_octets else ()
        return self._put(data, cuts) if data else ""

    def _put(self, data: bytes, cuts: Sequence[int]) -> str:
        """Send it in pieces that end there; empty, or how the connection ended instead."""
        self._end_of_flight()
        self._note_records("sent", list(self._records["sent"].take(data)))
        own = self.client.socket
        if own.family != socket.AF_UNIX:
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for start, end in itertools.pairwise([0, *sorted(cuts), len(data)]):
                own.sendall(data[start:end])
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


def error_words(error: ssl.SSLError) -> str:
    """How TLS ended by an error: ``alert handshake failure`` is what the server has said."""
    if isinstance(error, ssl.SSLZeroReturnError):
        return CLOSE_NOTIFY
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    reason = (error.reason or str(error)).lower().replace("_", " ")
    _, is_alert, alert = reason.partition(" alert ")
    return f"alert {alert}" if is_alert else reason
