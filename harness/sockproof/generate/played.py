"""What came of playing a plan: what every client got, when handlers started and ended, what was
left behind. The properties are judged by this alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sockproof.case.client import TIMEOUT, Ending
from sockproof.generate.client_plan import Plan
from sockproof.generate.model import Owed
from sockproof.iut.outcomes import Event

__all__ = ["Played", "Received", "ended_handlers", "reset_addresses"]


def reset_addresses(plan: Plan, clients: Mapping[int, Any]) -> list[Any]:
    """The addresses of the clients that reset their connection, so far as they are connected."""
    return [clients[m.peer] for m in plan.moves if m.do == "reset" and m.peer in clients]


def ended_handlers(events: Sequence[Event], but_of: Collection[Any]) -> int:
    """How many handlers have come to their end, but for those of the clients named."""
    others = {
        event.fields["id"]
        for event in events
        if event.name == "handler" and event.fields["client"] in but_of
    }
    return sum(e.name == "handled" and e.fields["id"] not in others for e in events)


@dataclass
class Received:
    """What a client that read to the end got. ``pieces`` are datagrams; a stream's are one.

    ``owed`` is what a stream client should have got.
    """

    octets: bytes = b""
    ending: Ending = TIMEOUT
    owed: Owed | None = None
    pieces: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Played:
    """A plan that has been played to its end, and after it the server closed.

    ``clients`` are the addresses of the peers, by number; ``order`` the peers in the order in which
    they connected, or of datagrams, a peer for each one sent. ``handlers`` are how many must have
    come to their end: those of clients that did not reset their connection, which a system may
    withhold from the server.
    """

    plan: Plan
    received: Mapping[int, Received]
    clients: Mapping[int, Any]
    order: Sequence[int]
    handlers: int
    events: Sequence[Event]
    leaks: Sequence[str]

    @property
    def started(self) -> int:
        """How many handlers were started, for whomever."""
        return sum(what == "setup" for what, *_ in self.starts_and_ends())

    @property
    def ended(self) -> int:
        """How many of the handlers that must come to their end have."""
        return ended_handlers(self.events, reset_addresses(self.plan, self.clients))

    def starts_and_ends(self) -> list[tuple[str, str, Any]]:
        """Handlers as they started and ended: ("setup" or "end", id, the client's address)."""
        told = []
        for event in self.events:
            if event.name == "handler" and event.fields["phase"] == "setup":
                told.append(("setup", event.fields["id"], event.fields["client"]))
            elif event.name == "handled":
                told.append(("end", event.fields["id"], None))
        return told
