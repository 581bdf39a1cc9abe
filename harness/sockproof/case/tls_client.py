"""TLS through a stream peer, by hand: what goes to the wire is held in memory first, so that it can
be cut, held back and put together anywhere, and what comes is looked at record by record.

How a stream ends has one word more than for a plain peer: *close notify*, which is said within TLS,
is not the *end of stream* of the connection below.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import select
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from sockproof.case.client import RESET, TIMEOUT, Ending
from sockproof.case.tls_wire import CLOSE_NOTIFY, CUT_OFF, TlsWire
from sockproof.iut.case_log import operation
from sockproof.iut.values import Fill
from sockproof.judge.checks import Hang, Mismatch, same
from sockproof.timing import hang_bound_s

__all__ = ["CLOSE_NOTIFY", "CUT_OFF", "LOOKS", "TlsClient"]

_READ_OCTETS = 1 << 16
# In the words of Python: what a connection can tell, and how it is asked.
LOOKS: Mapping[str, Callable[[ssl.SSLObject], Any]] = {
    "session_reused": operator.attrgetter("session_reused"),
    "selected_alpn_protocol()": operator.methodcaller("selected_alpn_protocol"),
}


def _handshaking(client: TlsClient, piece_octets: int = 0, data: bytes = b"") -> dict[str, Any]:
    return {**client._manner.told(), "piece_octets": piece_octets, "data": data}


def _wanted(_client: TlsClient, wanted: bytes | Fill, ending: str = "") -> dict[str, Any]:
    size = wanted.length_octets if isinstance(wanted, Fill) else len(wanted)
    return {"size_octets": None if ending else size, "wanted": (wanted, ending)}


class TlsClient(TlsWire):
    """A client with TLS, which does what a case wants."""

    @operation("TLS handshake", _handshaking)
    def attempt_handshake(self, piece_octets: int = 0, data: bytes = b"") -> str:
        """Shake hands, in pieces of so many octets each if that is not 0: the version that was
        agreed on, or what came instead. In TLS 1.3 ``data`` goes out in one segment with the last
        record of it."""

        def shake() -> None:
            self.tls.do_handshake()
            if data:
                self.tls.write(data)

        how = self._carry(shake, lambda: self._flush(piece_octets))
        self._note_keys()
        agreed = how if isinstance(how, str) else self.tls.version() or ""
        cipher = self.tls.cipher()
        self._log("TLS handshake", note=f"{agreed}{f', {cipher[0]}' if cipher else ''}")
        return agreed

    def handshake(self, piece_octets: int = 0, data: bytes = b"") -> TlsClient:
        """Shake hands.

        Raises:
            Mismatch: the server did not, or the connection ended. Hang: nothing came.
        """
        agreed = self.attempt_handshake(piece_octets, data)
        expected = "a TLS handshake"
        if agreed == str(TIMEOUT):
            raise Hang(expected, f"nothing for {hang_bound_s():g} s")
        if not agreed.startswith("TLS"):
            raise Mismatch(expected, agreed)
        return self

    @operation("begin TLS handshake", lambda client: client._manner.told())
    def begin(self) -> TlsClient:
        """Send the first record of the handshake, and wait for nothing."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        self._flush()
        self._log("begin TLS handshake")
        return self

    @operation("go on with TLS handshake", None, lambda client: client.tls.version())
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

    @operation("look at TLS")
    def look(self, at: str) -> Any:
        """What TLS tells of this connection: ``at`` is a key of LOOKS."""
        found = LOOKS[at](self.tls)
        self._log("look at TLS", note=f"{at} is {found!r}")
        return found

    @operation("is certified for")
    def is_certified_for(self, name: str) -> bool:
        """Whether the server's certificate is for this name."""
        found = name.encode("ascii") in (self.tls.getpeercert(binary_form=True) or b"")
        self._log("is certified for", note=f"{name}: {found}")
        return found

    @operation("nothing until")
    def is_quiet_until(self, at: datetime) -> bool:
        """Wait for a point in time, at which a certificate expires: whether nothing came before."""
        rest_s = max(0.0, (at - datetime.now(timezone.utc)).total_seconds())
        is_quiet = not select.select([self.client.socket], [], [], rest_s)[0]
        self._log("nothing until then" if is_quiet else "octets before then")
        return is_quiet

    @operation("send within TLS")
    def send(self, data: bytes | Fill, cuts: Sequence[int] = ()) -> TlsClient:
        """Send all of it; with ``cuts``, what goes to the wire is sent in pieces that end at these
        positions.

        Raises:
            Mismatch: the connection ended.
        """
        self.tls.write(bytes(data))
        self._log("send within TLS", bytes(data))
        self._sent(self._outgoing.read(), cuts)
        return self

    @operation("hold within TLS")
    def hold(self, data: bytes | Fill) -> TlsClient:
        """Make a record of it, which waits here: more may be put behind it."""
        self.tls.write(bytes(data))
        self._log("hold within TLS", bytes(data))
        return self

    @operation("release")
    def release(self, size_octets: int = 0) -> TlsClient:
        """Send what is held: so many octets of it, or all.

        Raises:
            Mismatch: the connection ended.
        """
        self._sent(self._outgoing.read(size_octets or -1), ())
        return self

    @operation("send damaged within TLS")
    def send_damaged(self, data: bytes) -> TlsClient:
        """Send a record of it whose last octet is another one.

        Raises:
            Mismatch: the connection ended.
        """
        self.tls.write(data)
        record = self._outgoing.read()
        self._log("send damaged within TLS", data)
        self._sent(record[:-1] + bytes([record[-1] ^ 1]), ())
        return self

    @operation("send close notify")
    def say_end(self) -> TlsClient:
        """Say within TLS that nothing more is sent; what comes is still heard.

        Raises:
            Mismatch: the connection ended.
        """
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self._sent(self._outgoing.read(), ())
        self._log("send close notify")
        return self

    def _sent(self, data: bytes, cuts: Sequence[int]) -> None:
        if problem := self._put(data, cuts):
            raise Mismatch("the connection is open", problem)

    @operation("receive within TLS")
    def receive(self, size_octets: int | None = None) -> tuple[bytes, str]:
        """Exactly so many octets, or all; and how the stream ended, if it did before."""
        data, ending = bytearray(), ""
        while not ending and (size_octets is None or len(data) < size_octets):
            most = _READ_OCTETS if size_octets is None else size_octets - len(data)
            got = self._carry(functools.partial(self.tls.read, most), self._flush)
            ending = got if isinstance(got, str) else "" if got else CLOSE_NOTIFY
            data += b"" if isinstance(got, str) else got
        self._log("receive within TLS", bytes(data), note=ending)
        return bytes(data), ending

    @operation("receive some within TLS")
    def receive_some(self) -> bytes | Ending:
        """What comes within TLS of the octets that one recv() gives, which may be nothing yet; or
        how the connection ended: an alert is as good as a reset."""
        ended, data = self._fill(), bytearray()
        try:
            while not ended and (got := self.tls.read(_READ_OCTETS)):
                data += got
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._log(str(RESET), error=str(error))
            ended = str(RESET)
        self._log("receive within TLS", bytes(data), note=ended)
        return Ending(ended) if ended else bytes(data)

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
