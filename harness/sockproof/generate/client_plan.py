"""Plans as data: what generated clients do, move by move, and what the handler they meet does.

A plan is a list of moves in the one order in which they are made. Its end is not among them, being
the same for all: the loop runs, the gate opens, whoever is still connected sends no more and reads
to the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["FAULTS", "Move", "Payload", "Plan", "Playable", "Profile", "legal"]

FAULTS = ("close", "reset")
"""Moves that no polite client makes."""
_SHOWN_OCTETS = 40


class Playable(Protocol):
    """A plan of whatever kind: a value that can be compared, told in words, and kept as JSON."""

    def __hash__(self) -> int: ...
    @property
    def size(self) -> tuple[int, ...]: ...
    def words(self) -> list[str]: ...
    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Profile:
    """What the plans of a requirement are made of.

    ``faults``: peers may reset, go without reading, and handlers raise. ``unread``: handlers may
    leave input unread. ``moves`` is how many at most.
    """

    faults: bool = False
    unread: bool = False
    moves: int = 10


@dataclass(frozen=True)
class Payload:
    """Octets by their recipe: lines of the given lengths, each begun with ``mark`` and its number,
    so that loss, repetition and exchange show; the last one unfinished unless ``ended``."""

    mark: str
    lines: tuple[int, ...]
    ended: bool = True

    def __bytes__(self) -> bytes:
        return b"".join(self._line(number) for number in range(len(self.lines)))

    def _line(self, number: int) -> bytes:
        text = f"{self.mark}{number}".encode()
        length = self.lines[number]
        line = (text * (length // len(text) + 1))[:length]
        return line + b"\n" if self.ended or number < len(self.lines) - 1 else line

    def __str__(self) -> str:
        data = bytes(self)
        if len(data) <= _SHOWN_OCTETS:
            return repr(data)
        return f"{len(data)} octets, {data[:12]!r}…"

    def to_json(self) -> dict[str, Any]:
        return {"mark": self.mark, "lines": list(self.lines), "ended": self.ended}


@dataclass(frozen=True)
class Move:
    """One thing that happens. ``peer`` counts from 1, and is 0 for what nobody's peer does.

    ``payload`` is what "send" sends, in pieces that end at ``cuts``. "connect" of a datagram peer
    opens its socket, which has no address to be answered at if it is ``unbound``.
    """

    do: str
    peer: int = 0
    payload: Payload | None = None
    cuts: tuple[int, ...] = ()
    unbound: bool = False

    def __str__(self) -> str:
        words = f"peer {self.peer}: {self.do}" if self.peer else self.do
        if self.payload is not None:
            words += f" {self.payload}"
        if self.cuts:
            words += f" cut at {', '.join(map(str, self.cuts))}"
        return words + (" without an address" if self.unbound else "")

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"do": self.do}
        if self.peer:
            told["peer"] = self.peer
        if self.payload is not None:
            told["payload"] = self.payload.to_json()
        if self.cuts:
            told["cuts"] = list(self.cuts)
        if self.unbound:
            told["unbound"] = True
        return told


@dataclass(frozen=True)
class Plan:
    """What clients do to a server of ``spec`` (an id), whose handler plays the pieces named.

    ``packet_octets`` is the server's ``max_packet_size``; 0 leaves it as it is.
    """

    spec: str
    handler: tuple[str, ...]
    moves: tuple[Move, ...]
    packet_octets: int = 0

    @property
    def starts_late(self) -> bool:
        """Whether the loop starts by a move, and not before all of them."""
        return any(move.do == "serve" for move in self.moves)

    @property
    def order(self) -> list[int]:
        """The peers in the order in which they connect."""
        return [move.peer for move in self.moves if move.do == "connect"]

    @property
    def size(self) -> tuple[int, ...]:
        """What makes a plan larger than another: moves, faults, peers, pieces, octets, cuts."""
        sends = [bytes(move.payload) for move in self.moves if move.payload is not None]
        return (
            len(self.moves),
            sum(move.do in FAULTS or move.unbound for move in self.moves),
            len(set(self.order)),
            sum(peer != number for number, peer in enumerate(self.order, 1)),
            len(self.handler) + bool(self.packet_octets),
            sum(map(len, sends)),
            sum(len(move.cuts) for move in self.moves),
        )

    def words(self) -> list[str]:
        """The plan, a line for the server, and one for each move."""
        limit = f", max_packet_size {self.packet_octets}" if self.packet_octets else ""
        head = f"{self.spec} whose handler does: {', '.join(self.handler) or 'nothing'}{limit}"
        return [head, *map(str, self.moves)]

    def to_json(self) -> dict[str, Any]:
        """The whole of it, as plain data."""
        return {
            "spec": self.spec,
            "handler": list(self.handler),
            "packet_octets": self.packet_octets,
            "moves": [move.to_json() for move in self.moves],
        }


@dataclass
class _Client:
    """What a peer has come to, while moves are made legal."""

    sends: int = 0
    octets: int = 0
    silent: bool = False
    gone: bool = False


_LAST_WORDS = ("half-close", "close", "reset")


def legal(moves: Sequence[Move], budget_octets: int, *, stream: bool) -> tuple[Move, ...]:
    """The moves without those that cannot be: of peers that have gone, or sends of those that have
    ended their sending. A peer connects with its first move.

    No peer sends more than ``budget_octets``, so that no move ever waits for somebody to read.
    """
    clients: dict[int, _Client] = {}
    made: list[Move] = []
    once: set[str] = set()
    for move in moves:
        if move.peer:
            made.extend(_of_peer(move, clients, budget_octets, stream=stream))
        elif move.do not in once:
            once.add(move.do)
            made.append(move)
    return tuple(made)


def _of_peer(
    move: Move, clients: dict[int, _Client], budget_octets: int, *, stream: bool
) -> Iterator[Move]:
    if move.peer not in clients:
        clients[move.peer] = _Client()
        yield Move("connect", move.peer, unbound=move.unbound)
    client = clients[move.peer]
    if client.gone or move.do == "connect":
        return
    if move.do == "send" and move.payload is not None:
        payload = Payload(_mark(move.peer, client.sends), move.payload.lines, move.payload.ended)
        size = len(bytes(payload))
        if not client.silent and client.octets + size <= budget_octets and (size or not stream):
            client.sends += 1
            client.octets += size
            yield Move("send", move.peer, payload, tuple(cut for cut in move.cuts if cut < size))
    elif not (client.silent and move.do == "half-close"):
        client.silent = client.silent or move.do in _LAST_WORDS
        client.gone = move.do in ("close", "reset")
        yield Move(move.do, move.peer)


def _mark(peer: int, sends: int) -> str:
    return f"{peer}{chr(ord('a') + sends % 26)}"
