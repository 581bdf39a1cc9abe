"""What a right server may answer to a plan: exact octets where they are determined, and the set of
endings that are allowed where they are not.

Nothing here knows how a server is made. What a client is owed follows from what it sent and from
the handler's pieces alone, in whatever pieces and order it came; how far a handler has come at a
moment follows from who is served then, which for a server without mixin is one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sockproof.case.client import END_OF_STREAM, RESET, Ending
from sockproof.generate.client_plan import Move, Plan
from sockproof.generate.pieces import Conversation, ConversationOutcome, follow
from sockproof.spec.matrix import ServerSpec, spec_by_id

__all__ = ["OWN_PACKET_OCTETS", "DatagramReply", "Guest", "Owed", "StreamModel", "replies_to"]

OWN_PACKET_OCTETS = 8192
"""``max_packet_size`` of UDPServer unless a subclass says otherwise."""


@dataclass
class Guest:
    """A stream client as the model sees it. ``left`` is how it went, empty while it has not."""

    number: int
    sent: bytearray = field(default_factory=bytearray)
    silent: bool = False
    left: str = ""


@dataclass(frozen=True)
class Owed:
    """What a client that reads to the end is owed: these octets, or where ``loosely`` as many of
    them as come before the end; and then one of the endings."""

    octets: bytes
    endings: frozenset[Ending]
    loosely: bool


@dataclass
class StreamModel:
    """A stream server's clients, in the order in which they connected, while a plan is played."""

    plan: Plan
    serving: bool = False
    gate_open: bool = False
    guests: dict[int, Guest] = field(default_factory=dict)

    @property
    def spec(self) -> ServerSpec:
        return spec_by_id(self.plan.spec)

    @property
    def in_turn(self) -> bool:
        """Whether each request is completed before the next is started."""
        return self.spec.mixin == "none"

    def take(self, move: Move) -> None:
        """A move has been made."""
        if move.do == "connect":
            self.guests[move.peer] = Guest(move.peer)
        elif move.do == "send" and move.payload is not None:
            self.guests[move.peer].sent += bytes(move.payload)
        elif move.do in ("half-close", "close", "reset"):
            self.guests[move.peer].silent = True
            self.guests[move.peer].left = move.do if move.do != "half-close" else ""
        self.serving = self.serving or move.do == "serve"
        self.gate_open = self.gate_open or move.do == "open the gate"

    def far(self, guest: Guest) -> tuple[ConversationOutcome, bytes]:
        """How far the guest's handler comes once it is served, and what it has written then."""
        talk = Conversation(bytes(guest.sent), guest.silent, self.gate_open)
        return follow(self.plan.handler, talk), bytes(talk.written)

    def served(self) -> list[Guest]:
        """Those whose handlers have certainly been started, when there was time."""
        found: list[Guest] = []
        for guest in self.guests.values() if self.serving else ():
            found.append(guest)
            if self.in_turn and not self.far(guest)[0].is_over:
                break
        return found

    def due(self, number: int) -> int:
        """How many octets the guest certainly gets without anything more being done."""
        guest = self.guests[number]
        return len(self.far(guest)[1]) if guest in self.served() else 0

    def at_gate(self) -> int:
        """How many handlers certainly come to the gate, or have."""
        here = [guest for guest in self.served() if not guest.left]
        return sum(self.far(guest)[0] is ConversationOutcome.AT_GATE for guest in here)

    def owed(self, number: int) -> Owed:
        """What a guest gets that sends nothing more and reads to the end, with the gate open."""
        talk = Conversation(bytes(self.guests[number].sent), ended=True, gate_open=True)
        follow(self.plan.handler, talk)
        exact = talk.at_end
        endings = {END_OF_STREAM} if exact else {END_OF_STREAM, RESET}
        return Owed(bytes(talk.written), frozenset(endings), not exact)

    @property
    def handlers_min(self) -> int:
        """Handlers that must have been made: a system may withhold connections that were reset."""
        return sum(guest.left != "reset" for guest in self.guests.values())


@dataclass(frozen=True)
class DatagramReply:
    """What one datagram is answered by; no reply is right as well where it is ``optional``."""

    peer: int
    octets: bytes
    optional: bool


def replies_to(plan: Plan) -> list[DatagramReply]:
    """The reply to each datagram of a plan, in the order in which they are sent.

    A datagram longer than ``max_packet_size`` is cut to it. A handler that raises or writes nothing
    promises no reply, and neither does one whose client has no address or has gone.
    """
    limit = plan.packet_octets or OWN_PACKET_OCTETS
    absent = {move.peer for move in plan.moves if move.unbound or move.do == "close"}
    replies = []
    for move in plan.moves:
        if move.do == "send" and move.payload is not None:
            talk = Conversation(bytes(move.payload)[:limit], ended=True, gate_open=True)
            outcome = follow(plan.handler, talk)
            optional = (
                outcome is not ConversationOutcome.DONE or not talk.written or move.peer in absent
            )
            replies.append(DatagramReply(move.peer, bytes(talk.written), optional))
    return replies
