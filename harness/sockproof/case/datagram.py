"""Datagram peers: a scripted client on a real socket. Every datagram goes into the transcript."""

from __future__ import annotations

import errno
import select
import socket
from typing import Any

from sockproof.case.transcript import Transcript
from sockproof.iut.server import Server
from sockproof.iut.values import Fill
from sockproof.judge.checks import Hang, Inconclusive, Mismatch, same
from sockproof.timing import hang_bound_s

__all__ = ["DatagramPeer"]

_READ_OCTETS = 1 << 21
"""More than any datagram that loopback or a Unix socket carries."""


class DatagramPeer:
    """A client of a datagram server; it has an address of its own unless told otherwise.

    ``own_address`` is what it binds to: ``(host, 0)``, a path, or ``""`` for an abstract name that
    the kernel chooses; None leaves it unbound, so that a Unix server cannot answer.
    """

    def __init__(self, transcript: Transcript, lane: str, own_address: Any) -> None:
        self._transcript = transcript
        self.lane = lane
        self._own_address = own_address
        self._socket: socket.socket | None = None
        self._server_address: Any = None

    @property
    def socket(self) -> socket.socket:
        """The socket itself, for what no step can say."""
        if self._socket is None:
            raise Inconclusive(f"{self.lane} has no server")
        return self._socket

    @property
    def address(self) -> Any:
        """The peer's own address, as the server should see it."""
        return self.socket.getsockname()

    def connect(self, server: Server, *, exclusively: bool = False) -> DatagramPeer:
        """Take the server's address as the one to send to. The socket itself is not connected:
        a datagram from anywhere else is seen, and judged. ``exclusively`` connects it, so that the
        kernel takes nothing from elsewhere."""
        self._socket = socket.socket(server.spec.address_family, socket.SOCK_DGRAM)
        self._socket.settimeout(hang_bound_s())
        if self._own_address is not None:
            self._socket.bind(self._own_address)
        self._server_address = _as_received(server.address)
        if exclusively:
            self._socket.connect(server.address)
        self._log("open", note=f"{self.address!r} to {server.address!r}")
        return self

    def connect_at_once(self, server: Server) -> str:
        """Send an empty datagram from a connected socket; the errno name with which the kernel
        says that nobody is there, or empty if it does not within the hang bound."""
        self.connect(server)
        try:
            self.socket.connect(server.address)
            self.socket.send(b"")
            self.socket.recv(_READ_OCTETS)
        except TimeoutError:
            name = ""
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, str(error))
        else:
            name = ""
        self._log("connect at once", note=name)
        return name

    def send(self, data: bytes | Fill) -> DatagramPeer:
        """Send one datagram.

        Raises:
            Mismatch: it was refused. Hang: there was no room for it.
        """
        payload = bytes(data)
        try:
            self.socket.sendto(payload, self._server_address)
        except TimeoutError:
            raise Hang("the server takes a datagram", f"no room for {hang_bound_s():g} s") from None
        except OSError as error:
            self._log("send", payload, error=str(error))
            raise Mismatch(f"a datagram of {len(payload)} octets is taken", str(error)) from None
        self._log("send", payload)
        return self

    def send_at_once(self, data: bytes | Fill) -> str:
        """Send one datagram without waiting for room; the errno name if it is refused, or empty."""
        payload = bytes(data)
        self.socket.setblocking(False)
        try:
            self.socket.sendto(payload, self._server_address)
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, str(error))
        else:
            name = ""
        self.socket.settimeout(hang_bound_s())
        self._log("send at once", payload, error=name)
        return name

    def offer(self, data: bytes | Fill) -> DatagramPeer:
        """The same as :meth:`send`. For cases played on streams too."""
        return self.send(data)

    def receive(self) -> tuple[bytes, Any]:
        """The next datagram, and who sent it.

        Raises:
            Hang: none came within the hang bound.
        """
        try:
            data, sender = self.socket.recvfrom(_READ_OCTETS)
        except TimeoutError:
            self._log("timeout")
            raise Hang(
                f"{self.lane} receives a datagram", f"nothing for {hang_bound_s():g} s"
            ) from None
        except OSError as error:
            self._log("receive", error=str(error))
            raise Mismatch(f"{self.lane} receives a datagram", str(error)) from None
        self._log("receive", data, note=f"from {sender!r}")
        return data, sender

    def arrived(self) -> list[bytes]:
        """Every datagram that is here already, without waiting for more.

        On one machine a datagram is here once its sender's ``sendto()`` has returned.
        """
        found: list[bytes] = []
        while select.select([self.socket], [], [], 0)[0]:
            found.append(self.receive()[0])
        return found

    def expect(self, payload: bytes | Fill) -> DatagramPeer:
        """The next datagram has just this payload, and comes from the server's address.

        Raises:
            Mismatch: another came. Hang: none came.
        """
        __tracebackhide__ = True
        data, sender = self.receive()
        same(bytes(payload), data, f"the datagram {self.lane} receives")
        same(self._server_address, sender, "the sender of that datagram")
        return self

    def expect_end(self) -> DatagramPeer:
        """Nothing to do: a datagram socket has no end. For cases played on streams too."""
        return self

    def close(self) -> None:
        """Close; the peer may be closed already."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._log("close")

    def _log(self, what: str, data: bytes | None = None, note: str = "", error: str = "") -> None:
        self._transcript.note(self.lane, what, data, note, error)


def _as_received(address: Any) -> Any:
    """An address in the form that recvfrom() gives: abstract names are octets, text on 2.7."""
    if isinstance(address, str) and address.startswith("\0"):
        return address.encode("latin-1")
    return address
