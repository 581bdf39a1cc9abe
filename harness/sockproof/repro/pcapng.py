"""The pcapng file format, as far as it is needed: a section, an interface, packets, comments."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Packet", "pcapng"]

# LINKTYPE_RAW: the packet begins with its IPv4 or IPv6 header.
_RAW_IP = 101
_COMMENT = 1
_APPLICATION = 4
_LONGEST_COMMENT = 4000
_SECRETS, _TLS_KEY_LOG = 10, 0x544C534B


@dataclass(frozen=True)
class Packet:
    """One packet: when, in seconds since 1970, its octets, and what there is to say of it."""

    at_s: float
    octets: bytes
    comments: Sequence[str] = ()


def pcapng(
    packets: Iterable[Packet], comment: str, application: str, key_log: bytes = b""
) -> bytes:
    """The octets of a file. ``key_log`` has the keys of TLS connections, which Wireshark uses."""
    head = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    section = _block(0x0A0D0D0A, head, [(_COMMENT, comment), (_APPLICATION, application)])
    interface = _block(1, struct.pack("<HHI", _RAW_IP, 0, 0), [])
    secrets = struct.pack("<II", _TLS_KEY_LOG, len(key_log)) + _padded(key_log)
    keys = [_block(_SECRETS, secrets, [])] if key_log else []
    return b"".join([section, interface, *keys, *map(_packet, packets)])


def _packet(packet: Packet) -> bytes:
    micros = round(packet.at_s * 1e6)
    length = len(packet.octets)
    head = struct.pack("<IIIII", 0, micros >> 32, micros & 0xFFFFFFFF, length, length)
    comments = [(_COMMENT, text) for text in packet.comments]
    return _block(6, head + _padded(packet.octets), comments)


def _block(kind: int, body: bytes, options: Sequence[tuple[int, str]]) -> bytes:
    told = b"".join(_option(code, text) for code, text in options)
    if told:
        told += struct.pack("<HH", 0, 0)
    length = struct.pack("<I", 12 + len(body) + len(told))
    return struct.pack("<I", kind) + length + body + told + length


def _option(code: int, text: str) -> bytes:
    data = text[:_LONGEST_COMMENT].encode("utf-8", "replace")
    return struct.pack("<HH", code, len(data)) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
