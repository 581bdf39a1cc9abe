"""What was seen of the connections that were relayed, as far as it is kept: in memory alone."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, field

__all__ = ["END", "GONE", "Conversation", "Ended", "Seen", "Side", "Turn"]

_MOST_TURNS = 2000
_MOST_CONVERSATIONS = 20_000
_MOST_OCTETS = 128 << 20


class Side(enum.Enum):
    """Who speaks."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> Side:
        """Who listens."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


END, GONE = "an end", "a reset"
"""How one side says no more: in order, or by a reset."""


@dataclass
class Turn:
    """What one side says until the other one does."""

    side: Side
    octets: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True)
class Ended:
    """That a side said no more, behind how many turns, and how long after the last octet."""

    side: Side
    how: str
    behind: int
    quiet_s: float


@dataclass(eq=False)
class Conversation:
    """One connection, or all datagrams of one client. ``why_cut`` says why what came later is not
    kept; empty if all is. ``is_open`` until both sides have ended."""

    limit_octets: int
    is_stream: bool = True
    turns: list[Turn] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    why_cut: str = ""
    is_open: bool = True
    last_s: float = field(default_factory=time.monotonic)

    def say(self, side: Side, octets: bytes) -> int:
        """Keep what came from a side; how many octets were kept."""
        self.last_s = time.monotonic()
        if self.why_cut:
            return 0
        if not (self.turns and self.turns[-1].side is side and self._goes_on(side)):
            if len(self.turns) >= _MOST_TURNS:
                self.why_cut = f"more than {_MOST_TURNS} turns in a connection"
                return 0
            self.turns.append(Turn(side))
        turn = self.turns[-1]
        if len(turn.octets) + len(octets) > self.limit_octets:
            # What follows would be read without what stands before it, also by what masks it.
            self.turns.pop()
            self.why_cut = f"more than {self.limit_octets} octets in one turn"
            return -len(turn.octets)
        turn.octets += octets
        return len(octets)

    def _goes_on(self, side: Side) -> bool:
        """Whether octets are a part of the turn before them: each datagram of a client is one."""
        return self.is_stream or side is Side.SERVER

    def cut_short(self) -> None:
        """What came last may not be all of it."""
        self.turns.pop()
        self.why_cut = "an answer that was still coming when the watch ended"

    def end(self, side: Side, how: str) -> None:
        """It says no more."""
        quiet_s = time.monotonic() - self.last_s
        self.ends.append(Ended(side, how, len(self.turns), quiet_s))

    def end_of(self, side: Side) -> Ended | None:
        """How it has ended, if it has."""
        return next((one for one in self.ends if one.side is side), None)


@dataclass
class Seen:
    """All connections, the first of them with what was said. ``refused`` are those for which the
    server was not there."""

    limit_octets: int
    conversations: list[Conversation] = field(default_factory=list)
    connections: int = 0
    refused: int = 0
    octets: int = 0

    @property
    def is_full(self) -> bool:
        """Whether no more is kept."""
        return self.octets >= _MOST_OCTETS or len(self.conversations) >= _MOST_CONVERSATIONS

    @property
    def unkept(self) -> int:
        """How many connections were relayed and not kept."""
        return self.connections - self.refused - len(self.conversations)

    def begin(self, *, is_stream: bool = True) -> Conversation:
        """One more, which is kept if there is room."""
        self.connections += 1
        new = Conversation(self.limit_octets, is_stream)
        if self.is_full:
            new.why_cut = "no more room"
        else:
            self.conversations.append(new)
        return new

    def refuse(self, conversation: Conversation) -> None:
        """The server was not there for it."""
        self.refused += 1
        if conversation in self.conversations[-64:]:
            self.conversations.remove(conversation)

    def say(self, conversation: Conversation, side: Side, octets: bytes) -> None:
        """Keep what came, as long as there is room."""
        if self.is_full and not conversation.why_cut:
            conversation.why_cut = f"more than {_MOST_OCTETS >> 20} MiB in all"
        self.octets += conversation.say(side, octets)
