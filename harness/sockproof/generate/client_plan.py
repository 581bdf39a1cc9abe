"""Plans as data: what generated clients do, move by move, and what the handler they meet does.

A plan is a list of moves in the one order in which they are made. Its end is not among them, being
the same for all: the loop runs, the gate opens, whoever is still connected sends no more and reads
to the end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["FAULTS", "Move", "Payload", "Plan", "Playable", "Profile", "legal"]

# Moves that no polite client makes.
FAULTS = ("close", "reset")
# A peer sends no more: with the replies it fits into any system's buffers, so that no move ever
# waits for somebody to read.
BUDGET_OCTETS = 45_000
_SHOWN_OCTETS = 40
# Keys that the JSON of a plan only has where they say something.
_OPTIONAL = ("peer", "client", "payload", "cuts", "unbound")


@dataclass(frozen=True)
class Playable(ABC):
    """A plan of whatever kind, for a server of ``spec`` (an id): a value that can be compared, told
    in words, and kept as JSON."""

    spec: str

    @property
    @abstractmethod
    def size(self) -> tuple[int, ...]:
        """What makes a plan larger than another."""

    @abstractmethod
    def words(self) -> list[str]:
        """A line for the server, and one for each move."""

    def to_json(self) -> dict[str, Any]:
        """The whole of it, as plain data."""
        return asdict(
            self, dict_factory=lambda pairs: {k: v for k, v in pairs if v or k not in _OPTIONAL}
        )


@dataclass(frozen=True)
class Profile:
    """What the plans of a requirement are made of.

    ``faults``: peers may reset, go without reading, and handlers raise. ``unread``: handlers may
    leave input unread. ``moves`` is how many at most. ``tls`` is the shape of a server with TLS,
    whose loop runs from the beginning: else no handshake would come to an end.
    """

    faults: bool = False
    unread: bool = False
    moves: int = 10
    tls: str = ""


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


@dataclass(frozen=True)
class Plan(Playable):
    """What clients do to a server, whose handler plays the pieces named.

    ``packet_octets`` is the server's ``max_packet_size``; 0 leaves it as it is.
    """

    handler: tuple[str, ...]
    packet_octets: int
    moves: tuple[Move, ...]

    @property
    def starts_late(self) -> bool:
        """Whether the loop starts by a move, and not before all of them."""
        return any(move.do == "serve" for move in self.moves)

    @property
    def absent(self) -> set[int]:
        """Datagram peers that cannot be answered: without an address, or gone in the end."""
        return {move.peer for move in self.moves if move.unbound or move.do == "close"}

    @property
    def size(self) -> tuple[int, ...]:
        """Moves, faults, peers, peers out of order, pieces, octets, cuts."""
        order = [move.peer for move in self.moves if move.do == "connect"]
        sends = [bytes(move.payload) for move in self.moves if move.payload is not None]
        return (
            len(self.moves),
            sum(move.do in FAULTS or move.unbound for move in self.moves),
            len(set(order)),
            sum(peer != number for number, peer in enumerate(order, 1)),
            len(self.handler) + bool(self.packet_octets),
            sum(map(len, sends)),
            sum(len(move.cuts) for move in self.moves),
        )

    def words(self) -> list[str]:
        limit = f", max_packet_size {self.packet_octets}" if self.packet_octets else ""
        head = f"{self.spec} whose handler does: {', '.join(self.handler) or 'nothing'}{limit}"
        return [head, *map(str, self.moves)]


@dataclass
class _Client:
    """What a peer has come to, while moves are made legal."""

    sends: int = 0
    octets: int = 0
    silent: bool = False
    gone: bool = False


def legal(moves: Sequence[Move], *, stream: bool) -> tuple[Move, ...]:
    """The moves without those that cannot be: of peers that have gone, or sends of those that have
    ended their sending, or have sent too much. A peer connects with its first move."""
    clients: dict[int, _Client] = {}
    made: list[Move] = []
    once: set[str] = set()
    for move in moves:
        if move.peer:
            made.extend(_of_peer(move, clients, stream=stream))
        elif move.do not in once:
            once.add(move.do)
            made.append(move)
    return tuple(made)


def _of_peer(move: Move, clients: dict[int, _Client], *, stream: bool) -> Iterator[Move]:
    if move.peer not in clients:
        clients[move.peer] = _Client()
        yield Move("connect", move.peer, unbound=move.unbound)
    client = clients[move.peer]
    if client.gone or move.do == "connect":
        return
    if move.do == "send" and move.payload is not None:
        payload = Payload(_mark(move.peer, client.sends), move.payload.lines, move.payload.ended)
        size = len(bytes(payload))
        if not client.silent and client.octets + size <= BUDGET_OCTETS and (size or not stream):
            client.sends += 1
            client.octets += size
            yield Move("send", move.peer, payload, tuple(cut for cut in move.cuts if cut < size))
    elif not (client.silent and move.do == "half-close"):
        client.gone = move.do in FAULTS
        client.silent = client.silent or client.gone or move.do == "half-close"
        yield Move(move.do, move.peer)


def _mark(peer: int, sends: int) -> str:
    return f"{peer}{chr(ord('a') + sends % 26)}"
