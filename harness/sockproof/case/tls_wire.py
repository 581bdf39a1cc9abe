"""TLS over a stream peer's socket, where what goes to the wire and what comes from it is held in
memory, and each record that passes is noted."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sockproof.case.certificates import SERVER_NAME, authority
from sockproof.case.client import END_OF_STREAM, RESET, TIMEOUT, StreamPeer
from sockproof.case.key_log import KeyLog
from sockproof.case.through_client import ThroughClient
from sockproof.case.tls_records import RecordSplitter
from sockproof.iut.agent import securing
from sockproof.record.evidence import KEY_LOG

__all__ = ["CLOSE_NOTIFY", "CUT_OFF", "TlsManner", "TlsWire", "error_words"]

CLOSE_NOTIFY = "close notify"
"""The server has said within TLS that it sends no more."""
CUT_OFF = str(END_OF_STREAM)
"""The connection has ended without that."""

_READ_OCTETS = 1 << 16
_T = TypeVar("_T")
_load_chain: Callable[[ssl.SSLContext, str], None] = securing.load_chain


@dataclass(frozen=True)
class TlsManner:
    """How a client shakes hands. ``version`` is the only one it speaks, or empty. It trusts the
    authority that the servers of cases have their certificates from, or nobody if it is not
    ``trusting``, and wants the certificate to be for ``name``. ``certificate`` is its own, by its
    name in that authority; empty for none. ``protocols`` are what it offers by ALPN. ``after`` is a
    client whose session it brings. A script looks at no certificate: there it refuses any if it is
    ``doubting``."""

    version: str = ""
    trusting: bool = True
    name: str = SERVER_NAME
    certificate: str = ""
    protocols: Sequence[str] = ()
    after: TlsWire | None = None
    doubting: bool = False

    def context(self) -> ssl.SSLContext:
        if self.after:
            return self.after.context  # a session is of one
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # looks at certificates and names
        if self.trusting:
            context.load_verify_locations(cadata=authority().trusted_pem)
        if self.certificate:
            _load_chain(context, authority().pem(self.certificate))
        if self.protocols:
            context.set_alpn_protocols(self.protocols)
        if self.version:
            only = ssl.TLSVersion[self.version]
            context.minimum_version = context.maximum_version = only
        return context

    def told(self) -> dict[str, Any]:
        """What is noted of it."""
        return {
            "version": self.version,
            "trusting": self.trusting and not self.doubting,
            "certificate": self.certificate,
            "pem": authority().pem(self.certificate) if self.certificate else "",
            "name": "" if self.name == SERVER_NAME else self.name,
            "protocols": list(self.protocols),
            "after": self.after.lane if self.after else "",
        }


class TlsWire(ThroughClient):
    """A client with TLS on a connected peer; see :class:`TlsManner` for its options. One that
    ``is_known`` has the certificate ``client``."""

    def __init__(
        self, client: StreamPeer, version: str = "", *, is_known: bool = False, **options: Any
    ) -> None:
        super().__init__(client)
        if is_known:
            options["certificate"] = "client"
        self._manner = manner = TlsManner(version, **options)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.context = manner.context()
        self.tls: ssl.SSLObject = self.context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_hostname=manner.name,
            session=manner.after.tls.session if manner.after else None,
        )
        self._keys: KeyLog = manner.after._keys if manner.after else KeyLog(self.context)
        self._records = {"sent": RecordSplitter(), "received": RecordSplitter()}
        self._arrived = b""

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
        self._note_records("sent", data)
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
        except OSError as error:
            self._log(str(RESET), error=str(error))
            return str(RESET)
        self._arrived += data
        self._incoming.write(data)
        if not data:
            self._log(str(END_OF_STREAM))
        return "" if data else CUT_OFF

    def _end_of_flight(self) -> None:
        """What has come is one entry, in however many pieces it came."""
        if arrived := self._arrived:
            self._arrived = b""
            self._note_records("received", arrived)

    def _note_records(self, way: str, data: bytes) -> None:
        """The records, and their octets as they pass."""
        told, left = [*self._records[way].take(data)], self._records[way].left
        told += [left] if left else []
        self.log.note(self.lane, f"records {way}", data, ", ".join(told), is_whole=True)

    def _note_keys(self) -> None:
        """What a reader of these octets needs, such as Wireshark."""
        if lines := self._keys.take():
            self.log.note(self.lane, KEY_LOG, lines, is_whole=True)

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
