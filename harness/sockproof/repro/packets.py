"""IP packets out of nothing: IPv4 and IPv6, TCP and UDP, with right lengths and checksums; and
whose they are."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

__all__ = [
    "ACK",
    "FIN",
    "MOST_OCTETS",
    "PSH",
    "RST",
    "SYN",
    "URG",
    "Endpoint",
    "endpoints_of",
    "tcp",
    "udp",
]

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
# More than this does not fit into one packet, whatever its headers.
MOST_OCTETS = 65000

_TTL = 64
_WINDOW = 65535
_TCP, _UDP = 6, 17
_ICMP = (1, 58)
_HEADER_4, _HEADER_6 = 20, 40


@dataclass(frozen=True)
class Endpoint:
    """An address and a port; the address is an IPv4 or an IPv6 one."""

    host: str
    port: int

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def packed(self) -> bytes:
        return socket.inet_pton(self.family, self.host.partition("%")[0])


def tcp(
    source: Endpoint, target: Endpoint, seq: int, ack: int, flags: int, payload: bytes = b""
) -> bytes:
    """A packet with one segment. ``seq`` and ``ack`` are taken modulo 2**32."""
    urgent = 1 if flags & URG else 0

    def segment(checksum: int) -> bytes:
        head = struct.pack(
            "!HHIIBBHHH",
            source.port,
            target.port,
            seq % (1 << 32),
            ack % (1 << 32) if flags & ACK else 0,
            5 << 4,
            flags,
            _WINDOW,
            checksum,
            urgent,
        )
        return head + payload

    return _ip(source, target, _TCP, segment(_checksum(source, target, _TCP, segment(0))))


def udp(source: Endpoint, target: Endpoint, payload: bytes) -> bytes:
    """A packet with one datagram."""

    def datagram(checksum: int) -> bytes:
        head = struct.pack("!HHHH", source.port, target.port, 8 + len(payload), checksum)
        return head + payload

    found = _checksum(source, target, _UDP, datagram(0)) or 0xFFFF  # 0 would say: there is none
    return _ip(source, target, _UDP, datagram(found))


def endpoints_of(packet: bytes) -> tuple[Endpoint, ...]:
    """Source and target of a segment or datagram, or of the one that an error message is about;
    none of any other packet."""
    if len(packet) >= _HEADER_4 and packet[0] >> 4 == 4:
        length, protocol, family = 4 * (packet[0] & 15), packet[9], socket.AF_INET
        hosts = packet[12:16], packet[16:20]
    elif len(packet) >= _HEADER_6 and packet[0] >> 4 == 6:
        length, protocol, family = _HEADER_6, packet[6], socket.AF_INET6
        hosts = packet[8:24], packet[24:40]
    else:
        return ()
    if protocol in _ICMP:
        return endpoints_of(packet[length + 8 :])
    ports = packet[length : length + 4]
    if protocol not in (_TCP, _UDP) or len(ports) < 4:
        return ()
    source, target = (socket.inet_ntop(family, host) for host in hosts)
    numbers = struct.unpack("!HH", ports)
    return Endpoint(source, numbers[0]), Endpoint(target, numbers[1])


def _ip(source: Endpoint, target: Endpoint, protocol: int, payload: bytes) -> bytes:
    if source.family == socket.AF_INET6:
        head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, _TTL)
        return head + source.packed + target.packed + payload

    def header(checksum: int) -> bytes:
        fixed = struct.pack(
            "!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, _TTL, protocol, checksum
        )
        return fixed + source.packed + target.packed

    return header(_ones_complement(header(0))) + payload


def _checksum(source: Endpoint, target: Endpoint, protocol: int, data: bytes) -> int:
    """That of TCP and UDP, which is over the addresses too."""
    if source.family == socket.AF_INET6:
        pseudo = source.packed + target.packed + struct.pack("!IHBB", len(data), 0, 0, protocol)
    else:
        pseudo = source.packed + target.packed + struct.pack("!BBH", 0, protocol, len(data))
    return _ones_complement(pseudo + data)


def _ones_complement(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
