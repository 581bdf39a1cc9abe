"""A socket that speaks TLS with a server, and is any other socket to whoever uses it.

It shakes hands when it first says or hears something: a client that is connected and silent is
silent in the handshake. What goes wrong within TLS is told as a connection that is reset; an end
without a close notify is an end of the stream, and is remembered. ``shutdown(SHUT_WR)`` says a
close notify, and what comes is still heard.
https://docs.python.org/3/library/ssl.html#ssl.MemoryBIO
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from sockproof.case.tls_wire import error_words

__all__ = ["SecuredSocket"]

_HEADER_OCTETS = 5
_RECORD_OCTETS = 1 << 14
_T = TypeVar("_T")


class SecuredSocket(socket.socket):
    """One that is not yet connected. ``name`` is what the server is called; ``agreed`` is told the
    version and the cipher, once there are any."""

    def __init__(
        self,
        family: int,
        context: ssl.SSLContext,
        name: str,
        agreed: Callable[[str], object] = str,
    ) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._agreed = agreed
        self._unsent = self._ahead = b""
        # What is missing of the record that comes; of no more is taken than of one, so that the
        # kernel tells of the next.
        self._record, self._missing = b"", _HEADER_OCTETS
        self.is_agreed = self._has_said_end = False
        self.is_cut_off = False
        """Whether the stream has ended without a close notify."""

    def shake_hands(self) -> None:
        """Until both have agreed, if they have not.

        Raises:
            OSError: they do not, in time.
        """
        if self.is_agreed:
            return
        try:
            self._carry(self._tls.do_handshake)
        except EOFError:
            raise ConnectionResetError("end of stream in the handshake") from None
        self.is_agreed = True
        cipher = self._tls.cipher()
        self._agreed(f"{self._tls.version()}{f', {cipher[0]}' if cipher else ''}")

    def recv(self, size_octets: int, _flags: int = 0, /) -> bytes:
        """What comes next within TLS; flags have no meaning there."""
        if self._ahead:
            data, self._ahead = self._ahead[:size_octets], self._ahead[size_octets:]
            return data
        try:
            self.shake_hands()
            return self._carry(functools.partial(self._tls.read, size_octets))
        except ssl.SSLZeroReturnError:
            return b""
        except EOFError:
            self.is_cut_off = True
            return b""

    def send(self, data: Any, _flags: int = 0, /) -> int:
        """Take as much as a record holds; what finds no room at once goes with what is next."""
        self.shake_hands()
        self._flush()
        piece = bytes(data[:_RECORD_OCTETS])
        self._tls.write(piece)
        with contextlib.suppress(BlockingIOError):
            self._flush()
        return len(piece)

    def sendall(self, data: Any, _flags: int = 0, /) -> None:
        """All of it, however many records that are."""
        rest = memoryview(data)
        self.shake_hands()
        while rest:
            rest = rest[self.send(rest) :]

    def send_plain(self, data: bytes) -> None:
        """Octets that are no TLS, whatever has been agreed on."""
        super().sendall(data)

    def begin(self) -> bytes:
        """The first octets of the handshake, which are not sent."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._outgoing.read()

    def shutdown(self, how: int, /) -> None:
        """Say no more: a close notify. The connection below goes on, unless nothing is to be read
        either."""
        if not self._has_said_end:
            self.shake_hands()
            self._ahead += self._tls.read(self._tls.pending()) if self._tls.pending() else b""
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._has_said_end = True
        self._flush()
        if how != socket.SHUT_WR:
            super().shutdown(how)

    def _carry(self, act: Callable[[], _T]) -> _T:
        """What ``act`` gives once the server has said all that it takes.

        Raises:
            EOFError: the stream ends first. ssl.SSLZeroReturnError: it is told to end.
        """
        while True:
            try:
                value = act()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except ssl.SSLZeroReturnError:
                raise
            except ssl.SSLError as error:
                with contextlib.suppress(OSError):
                    self._flush()  # the alert that we owe
                raise ConnectionResetError(error_words(error)) from None
            else:
                self._flush()
                return value

    def _flush(self) -> None:
        self._unsent += self._outgoing.read()
        while self._unsent:
            self._unsent = self._unsent[super().send(self._unsent) :]

    def _fill(self) -> None:
        """Take what comes of one record."""
        part = super().recv(self._missing)
        if not part:
            raise EOFError
        self._incoming.write(part)
        self._record, self._missing = self._record + part, self._missing - len(part)
        if self._missing:
            return
        if len(self._record) == _HEADER_OCTETS:
            self._missing = int.from_bytes(self._record[3:], "big")
        if not self._missing:
            self._record, self._missing = b"", _HEADER_OCTETS
