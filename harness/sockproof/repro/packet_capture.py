"""A real capture of the loopback interface: Linux, and who may open a packet socket there.

Every packet passes ``lo`` twice, once on its way out and once on its way in; it is taken once. The
end of a capture is a datagram of our own: what was sent before it has been seen when it is seen.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Collection
from types import TracebackType
from typing import Any

from sockproof.errors import HarnessError
from sockproof.repro.packets import Endpoint, endpoints_of
from sockproof.repro.pcapng import Packet
from sockproof.timing import hang_bound_s

__all__ = ["Capture"]

_INTERFACE = "lo"
_EVERY_PROTOCOL = 3
_OUTGOING = 4
_SO_TIMESTAMP, _SO_RCVBUFFORCE = 29, 33
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_BUFFER_OCTETS = 64 << 20
_PACKET_OCTETS = 1 << 18
_TIME = struct.Struct("@ll")
_ANYWHERE = ("", "0.0.0.0", "::")


class Capture:
    """What passes ``lo`` while the block runs.

    Raises:
        HarnessError: this system has no packet sockets, we may not open one, or the end was not
            seen.
    """

    def __init__(self) -> None:
        self._socket = _packet_socket()
        self._packets: list[Packet] = []
        self._fence = b"end of a capture of sockproof" + os.urandom(16)
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Capture:
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind(("127.0.0.1", 0))
            own.sendto(self._fence, own.getsockname())
            self._reader.join(hang_bound_s())
        self._lost = struct.unpack("II", self._socket.getsockopt(*_STATISTICS, 8))[1]
        self._socket.close()
        if problem is None and self._reader.is_alive():
            raise HarnessError("the end of the capture was not seen on lo", "is the interface up?")

    @property
    def lost(self) -> int:
        """How many packets the system had no room for."""
        return int(self._lost)

    def packets(self, endpoints: Collection[Endpoint]) -> list[Packet]:
        """Those from or to these, or all where none are known. One at no address in particular is
        meant by its port."""
        if not endpoints:
            return list(self._packets)
        ports = {one.port for one in endpoints if one.host in _ANYWHERE}
        return [
            packet
            for packet in self._packets
            if any(one in endpoints or one.port in ports for one in endpoints_of(packet.octets))
        ]

    def _read(self) -> None:
        while True:
            try:
                data, told, _, source = self._socket.recvmsg(_PACKET_OCTETS, 64)
            except OSError:
                return
            if self._fence in data:
                return
            if source[2] != _OUTGOING:
                self._packets.append(Packet(_time_of(told), data))


_STATISTICS = (_SOL_PACKET, _PACKET_STATISTICS)


def _time_of(told: list[tuple[int, int, bytes]]) -> float:
    """When the system saw it, in seconds since 1970."""
    seconds, micros = _TIME.unpack(told[0][2][: _TIME.size])
    return float(seconds + micros / 1e6)


def _packet_socket() -> Any:
    family = getattr(socket, "AF_PACKET", None)
    if family is None:
        raise HarnessError("this system has no packet sockets to capture with", "see 'pcap'")
    try:
        made = socket.socket(family, socket.SOCK_DGRAM, socket.htons(_EVERY_PROTOCOL))
    except PermissionError:
        raise HarnessError(
            "capturing packets needs the privilege CAP_NET_RAW",
            "run it as root, or have 'sockproof pcap' make packets of the transcript",
        ) from None
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMP, 1)
    try:
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_OCTETS)
    except PermissionError:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_OCTETS)
    try:
        made.bind((_INTERFACE, _EVERY_PROTOCOL))
    except OSError as error:
        made.close()
        raise HarnessError(f"cannot capture on {_INTERFACE}: {error.strerror}", "") from None
    return made
