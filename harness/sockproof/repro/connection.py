"""A TCP connection made up: the segments of its handshake, its data and its end."""

from __future__ import annotations

from dataclasses import dataclass

from sockproof.repro.packets import ACK, FIN, MOST_OCTETS, PSH, RST, SYN, Endpoint, tcp

__all__ = ["Connection", "Side"]


@dataclass
class Side:
    """One direction of a connection: the next sequence number, and whether it has ended."""

    endpoint: Endpoint
    seq: int
    ended: bool = False


class Connection:
    """A TCP connection whose two sides number and acknowledge as they must."""

    def __init__(self, client: Endpoint, server: Endpoint, number: int) -> None:
        self.client = Side(client, 1000 * number)
        self.server = Side(server, 500_000 + 1000 * number)

    def segment(self, of: Side, flags: int, payload: bytes = b"") -> bytes:
        other = self.server if of is self.client else self.client
        made = tcp(of.endpoint, other.endpoint, of.seq, other.seq, flags, payload)
        of.seq += len(payload) + bool(flags & (SYN | FIN))
        return made

    def handshake(self) -> list[bytes]:
        return [
            self.segment(self.client, SYN),
            self.segment(self.server, SYN | ACK),
            self.segment(self.client, ACK),
        ]

    def refusal(self) -> list[bytes]:
        return [self.segment(self.client, SYN), self.segment(self.server, RST | ACK)]

    def data(self, of: Side, payload: bytes, flags: int = 0) -> list[bytes]:
        other = self.server if of is self.client else self.client
        made = []
        for start in range(0, len(payload), MOST_OCTETS):
            piece = payload[start : start + MOST_OCTETS]
            made += [self.segment(of, PSH | ACK | flags, piece), self.segment(other, ACK)]
        return made

    def end(self, of: Side) -> list[bytes]:
        if of.ended:
            return []
        of.ended = True
        other = self.server if of is self.client else self.client
        return [self.segment(of, FIN | ACK), self.segment(other, ACK)]

    def reset(self, of: Side) -> list[bytes]:
        if self.client.ended and self.server.ended:
            return []
        self.client.ended = self.server.ended = True
        return [self.segment(of, RST | ACK)]
