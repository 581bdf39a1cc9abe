"""Datagram peers: a scripted client on a real socket."""

from __future__ import annotations

import select
import socket
from typing import Any

from sockproof.case.peer import Reachable, ScriptedPeer, errno_name, whereto
from sockproof.iut.addresses import admit_others
from sockproof.iut.case_log import CaseLog, operation
from sockproof.iut.values import Fill
from sockproof.judge.checks import Hang, same
from sockproof.timing import hang_bound_s

__all__ = ["DatagramPeer"]

# More than any datagram that loopback or a Unix socket carries.
_READ_OCTETS = 1 << 21


def _whereto(peer: DatagramPeer, server: Any, **options: Any) -> dict[str, Any]:
    return {**whereto(peer, server, **options), "bound": peer._own_address is not None}


def _payload_wanted(peer: DatagramPeer, payload: bytes | Fill) -> dict[str, Any]:
    """What is noted of expecting: the payload, and who shall have sent it."""
    return {"wanted": (payload, peer._server_address)}


class DatagramPeer(ScriptedPeer):
    """A client of a datagram server; it has an address of its own unless told otherwise.

    ``own_address`` is what it binds to: ``(host, 0)``, a path, or ``""`` for an abstract name that
    the kernel chooses; None leaves it unbound, so that a Unix server cannot answer.
    """

    absence = "has no server"

    def __init__(self, log: CaseLog, lane: str, own_address: Any) -> None:
        super().__init__(log, lane)
        self._own_address = own_address
        self._server_address: Any = None

    @operation("open", _whereto, lambda peer: {"address": peer.address})
    def connect(self, server: Reachable, *, exclusively: bool = False) -> DatagramPeer:
        """Take the server's address as the one to send to. The socket itself is not connected:
        a datagram from anywhere else is seen, and judged. ``exclusively`` connects it, so that the
        kernel takes nothing from elsewhere."""
        own = self._take_socket(server, socket.SOCK_DGRAM)
        if self._own_address is not None:
            own = self._bound(own, server)
        self._server_address = _as_received(server.address)
        if exclusively:
            own.connect(server.address)
        self._log("open", note=f"{self.address!r} to {server.address!r}")
        return self

    def _bound(self, own: socket.socket, server: Reachable) -> socket.socket:
        """The socket, or another, at an address that no peer of the case has had: the kernel gives
        away the port of one that is gone, and a late reply to that would come to this one."""
        own.bind(self._own_address)
        if isinstance(self._own_address, str) and self._own_address:
            admit_others(self._own_address)  # its folder says who comes to it
        if self._own_address != "" and self._own_address[1:] != (0,):
            return own  # it is not the kernel that chooses
        while own.getsockname() in self.log.datagram_addresses:
            with own:  # it keeps the port from the next until that has one
                own = self._take_socket(server, socket.SOCK_DGRAM)
                own.bind(self._own_address)
        self.log.datagram_addresses.add(own.getsockname())
        return own

    @operation("knock", _whereto)
    def connect_at_once(self, server: Reachable) -> str:
        """Send an empty datagram from a connected socket; the errno name with which the kernel
        says that nobody is there, or empty if it does not within the hang bound."""
        self.connect(server)
        name = ""
        try:
            self.socket.connect(server.address)
            self.socket.send(b"")
            self.socket.recv(_READ_OCTETS)
        except TimeoutError:
            pass
        except OSError as error:
            name = errno_name(error)
        self._log("connect at once", note=name)
        return name

    @operation("send to")
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
            promise = f"a datagram of {len(payload)} octets is taken"
            raise self._refusal("send", promise, error, payload) from None
        self._log("send", payload)
        return self

    @operation("send to")
    def send_at_once(self, data: bytes | Fill) -> str:
        """Send one datagram without waiting for room; the errno name if it is refused, or empty."""
        payload, name = bytes(data), ""
        self.socket.setblocking(False)
        try:
            self.socket.sendto(payload, self._server_address)
        except OSError as error:
            name = errno_name(error)
        self.socket.settimeout(hang_bound_s())
        self._log("send at once", payload, error=name)
        return name

    def offer(self, data: bytes | Fill) -> DatagramPeer:
        """The same as :meth:`send`. For cases played on streams too."""
        return self.send(data)

    @operation("receive datagram")
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
                f"{self.who} receives a datagram", f"nothing for {hang_bound_s():g} s"
            ) from None
        except OSError as error:
            raise self._refusal("receive", f"{self.who} receives a datagram", error) from None
        self._log("receive", data, note=f"from {sender!r}")
        return data, sender

    @operation("arrived")
    def arrived(self) -> list[bytes]:
        """Every datagram that is here already, without waiting for more.

        On one machine a datagram is here once its sender's ``sendto()`` has returned.
        """
        found: list[bytes] = []
        while select.select([self.socket], [], [], 0)[0]:
            found.append(self.receive()[0])
        return found

    @operation("receive datagram", _payload_wanted)
    def expect(self, payload: bytes | Fill) -> DatagramPeer:
        """The next datagram has just this payload, and comes from the server's address.

        Raises:
            Mismatch: another came. Hang: none came.
        """
        __tracebackhide__ = True
        data, sender = self.receive()
        same(bytes(payload), data, f"the datagram {self.who} receives")
        same(self._server_address, sender, "the sender of that datagram")
        return self

    def expect_end(self) -> DatagramPeer:
        """Nothing to do: a datagram socket has no end. For cases played on streams too."""
        return self


def _as_received(address: Any) -> Any:
    """An address in the form that recvfrom() gives: abstract names are octets, text on 2.7."""
    if isinstance(address, str) and address.startswith("\0"):
        return address.encode("latin-1")
    return address
