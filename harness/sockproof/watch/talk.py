"""What was seen of the connections that were relayed, as far as it is kept: in memory alone."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, field

__all__ = ["END", "GONE", "Ended", "Party", "Talk", "Turn", "Witnessed"]

_MOST_TURNS = 2000
_MOST_TALKS = 20_000
_MOST_OCTETS = 32 << 20
_NO_ROOM = "what came when there was no more room"


class Party(enum.Enum):
    """Who speaks."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> Party:
        """Who listens."""
        return Party.SERVER if self is Party.CLIENT else Party.CLIENT


END, GONE = "an end", "a reset"
"""How one side says no more: in order, or by a reset."""


@dataclass
class Turn:
    """What one side says until the other one does. One that is not ``is_whole`` is the last of its
    talk, and is kept for the secrets in it alone."""

    side: Party
    octets: bytearray = field(default_factory=bytearray)
    is_whole: bool = True


@dataclass(frozen=True)
class Ended:
    """That a side said no more, behind how many turns, and how long after the last octet."""

    side: Party
    how: str
    behind: int
    quiet_s: float


@dataclass(eq=False)
class Talk:
    """One connection, or all datagrams of one client. ``why_cut`` says why what came later is not
    kept; empty if all is. ``is_open`` until both sides have ended."""

    limit_octets: int
    is_stream: bool = True
    turns: list[Turn] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    why_cut: str = ""
    is_open: bool = True
    last_s: float = field(default_factory=time.monotonic)

    def say(self, side: Party, octets: bytes) -> int:
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
            octets = octets[: self.limit_octets - len(turn.octets)]
            self.cut_short(f"more than {self.limit_octets} octets in one turn")
        turn.octets += octets
        return len(octets)

    def _goes_on(self, side: Party) -> bool:
        """Whether octets are a part of the turn before them: each datagram of a client is one."""
        return self.is_stream or side is Party.SERVER

    def cut_short(self, why: str) -> None:
        """What came last is not all of it, or may not be. Nothing that follows it is kept: it would
        be read without what stands before, also by what masks it."""
        self.why_cut = why
        if self.turns:
            self.turns[-1].is_whole = False

    def end(self, side: Party, how: str) -> None:
        """It says no more."""
        quiet_s = time.monotonic() - self.last_s
        self.ends.append(Ended(side, how, len(self.turns), quiet_s))

    def end_of(self, side: Party) -> Ended | None:
        """How it has ended, if it has."""
        return next((one for one in self.ends if one.side is side), None)


@dataclass
class Witnessed:
    """All connections, the first of them with what was said. ``refused`` are those for which the
    server was not there."""

    limit_octets: int
    talks: list[Talk] = field(default_factory=list)
    connections: int = 0
    refused: int = 0
    octets: int = 0

    @property
    def is_full(self) -> bool:
        """Whether no more octets are kept."""
        return self.octets >= _MOST_OCTETS

    @property
    def unkept(self) -> int:
        """How many connections were relayed and not kept."""
        return self.connections - self.refused - len(self.talks)

    def begin(self, *, is_stream: bool = True) -> Talk:
        """One more, which is kept if there is room."""
        self.connections += 1
        new = Talk(self.limit_octets, is_stream)
        if self.is_full or len(self.talks) >= _MOST_TALKS:
            new.why_cut = _NO_ROOM
        else:
            self.talks.append(new)
        return new

    def refuse(self, talk: Talk) -> None:
        """The server was not there for it."""
        self.refused += 1
        if talk in self.talks:
            self.talks.remove(talk)

    def say(self, talk: Talk, side: Party, octets: bytes) -> None:
        """Keep what came, as long as there is room."""
        if self.is_full and not talk.why_cut:
            talk.cut_short(_NO_ROOM)
        self.octets += talk.say(side, octets)
