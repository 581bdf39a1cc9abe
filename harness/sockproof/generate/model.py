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

__all__ = ["OWN_PACKET_OCTETS", "Guest", "Owed", "PlanModel"]

# ``max_packet_size`` of UDPServer unless a subclass says otherwise.
OWN_PACKET_OCTETS = 8192


@dataclass
class Guest:
    """Whom a handler is for: a stream client, or a datagram of ``peer`` as far as it is received.

    ``silent``: it sends no more. ``left`` is how a client went, empty while it has not.
    """

    peer: int
    sent: bytearray = field(default_factory=bytearray)
    silent: bool = False
    left: str = ""


@dataclass(frozen=True)
class Owed:
    """What a guest must get: these octets. Where ``loosely``, a client as many of them as come
    before the end, and a datagram no reply as well."""

    peer: int
    octets: bytes
    loosely: bool

    @property
    def endings(self) -> frozenset[Ending]:
        """How a client's connection may end."""
        return frozenset({END_OF_STREAM, RESET} if self.loosely else {END_OF_STREAM})


@dataclass
class PlanModel:
    """A server while a plan is played. ``guests`` are stream clients by their numbers, as they
    connected, or datagrams as they were sent."""

    plan: Plan
    serving: bool = False
    gate_open: bool = False
    guests: dict[int, Guest] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.serving = not self.plan.starts_late

    @property
    def spec(self) -> ServerSpec:
        return spec_by_id(self.plan.spec)

    @property
    def in_turn(self) -> bool:
        """Whether each request is completed before the next is started."""
        return self.spec.mixin == "none"

    def take(self, move: Move) -> None:
        """A move has been made."""
        if not self.spec.is_stream:
            self._take_datagram(move)
        elif move.do == "connect":
            self.guests[move.peer] = Guest(move.peer)
        elif move.do == "send" and move.payload is not None:
            self.guests[move.peer].sent += bytes(move.payload)
        elif move.do in ("half-close", "close", "reset"):
            self.guests[move.peer].silent = True
            self.guests[move.peer].left = move.do if move.do != "half-close" else ""
        self.serving = self.serving or move.do == "serve"
        self.gate_open = self.gate_open or move.do == "open the gate"

    def _take_datagram(self, move: Move) -> None:
        """One longer than ``max_packet_size`` is cut to it."""
        if move.do == "send" and move.payload is not None:
            limit = self.plan.packet_octets or OWN_PACKET_OCTETS
            octets = bytearray(bytes(move.payload)[:limit])
            self.guests[len(self.guests) + 1] = Guest(move.peer, octets, silent=True)

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
        """How many octets a stream client certainly gets without anything more being done."""
        guest = self.guests[number]
        return len(self.far(guest)[1]) if guest in self.served() else 0

    def at_gate(self) -> int:
        """How many handlers certainly come to the gate, or have."""
        here = [guest for guest in self.served() if not guest.left]
        return sum(self.far(guest)[0] is ConversationOutcome.AT_GATE for guest in here)

    def owed(self, guest: Guest) -> Owed:
        """What a guest gets that sends nothing more and reads to the end, with the gate open.

        A handler that raises or writes nothing promises no datagram, and neither does one whose
        client has no address or has gone.
        """
        talk = Conversation(bytes(guest.sent), ended=True, gate_open=True)
        outcome = follow(self.plan.handler, talk)
        loosely = not talk.at_end
        if not self.spec.is_stream:
            silent = outcome is not ConversationOutcome.DONE or not talk.written
            loosely = silent or guest.peer in self.plan.absent
        return Owed(guest.peer, bytes(talk.written), loosely)

    @property
    def reset(self) -> list[int]:
        """The clients that reset their connection, which a system may withhold from the server."""
        return [number for number, guest in self.guests.items() if guest.left == "reset"]

    @property
    def handlers_min(self) -> int:
        """Handlers that must have been made, and come to their end."""
        return len(self.guests) - len(self.reset)
