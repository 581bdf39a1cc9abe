"""What generated handlers are put together from: the steps of each piece, and its model.

The model of a piece goes through a :class:`Conversation` as a right handler would: what it reads,
what it writes, and where it has to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from sockproof.case.handler_script import (
    Echo,
    Gate,
    HalfClose,
    Raise,
    ReadLine,
    ReadToEnd,
    Reply,
    Run,
    Step,
)
from sockproof.iut.values import Fill

__all__ = [
    "EARLY",
    "FIRST",
    "GATE",
    "LAST",
    "Conversation",
    "ConversationOutcome",
    "follow",
    "steps_of",
]

GATE = "gate"
GREETING = b"hello\n"
LONG = Fill(20_000)
_ECHO_LINES = "for line in self.rfile:\n    self.wfile.write(line)\n"


class ConversationOutcome(Enum):
    """How far a handler comes with what has been sent so far."""

    DONE = "done"
    WAITS = "waits for its client"
    AT_GATE = "waits at the gate"
    RAISES = "raises"

    @property
    def is_over(self) -> bool:
        return self in (ConversationOutcome.DONE, ConversationOutcome.RAISES)


@dataclass
class Conversation:
    """One handler with one client: ``unread`` input, whether its end has come, what was written.

    ``at_end``: the handler has read to the end of its input.
    """

    unread: bytes
    ended: bool
    gate_open: bool
    written: bytearray = field(default_factory=bytearray)
    last: bytes = b""
    at_end: bool = False

    def read_line(self) -> ConversationOutcome:
        line, newline, rest = self.unread.partition(b"\n")
        if not newline and not self.ended:
            return ConversationOutcome.WAITS
        self.last, self.unread, self.at_end = line + newline, rest, not newline
        return ConversationOutcome.DONE

    def read_rest(self) -> ConversationOutcome:
        if not self.ended:
            return ConversationOutcome.WAITS
        self.last, self.unread, self.at_end = self.unread, b"", True
        return ConversationOutcome.DONE

    def echo_lines(self) -> ConversationOutcome:
        while not self.at_end:
            outcome = self.read_line()
            if outcome is not ConversationOutcome.DONE:
                return outcome
            self.written += self.last
        return ConversationOutcome.DONE

    def write(self, data: bytes) -> ConversationOutcome:
        self.written += data
        return ConversationOutcome.DONE

    def echo(self, read: ConversationOutcome) -> ConversationOutcome:
        """Write what was just read, if it was."""
        if read is ConversationOutcome.DONE:
            self.written += self.last
        return read

    def pass_gate(self) -> ConversationOutcome:
        return ConversationOutcome.DONE if self.gate_open else ConversationOutcome.AT_GATE


@dataclass(frozen=True)
class Piece:
    """A piece of a handler: its steps, and what a right one does of a conversation."""

    steps: tuple[Step, ...]
    model: Callable[[Conversation], ConversationOutcome]


PIECES: dict[str, Piece] = {
    "echo lines": Piece((Run(_ECHO_LINES),), Conversation.echo_lines),
    "echo a line": Piece((ReadLine(), Echo()), lambda talk: talk.echo(talk.read_line())),
    "echo the rest": Piece((ReadToEnd(), Echo()), lambda talk: talk.echo(talk.read_rest())),
    "greet": Piece((Reply(GREETING),), lambda talk: talk.write(GREETING)),
    "greet at length": Piece((Reply(LONG),), lambda talk: talk.write(bytes(LONG))),
    "pass the gate": Piece((Gate(GATE),), Conversation.pass_gate),
    "half-close": Piece((HalfClose(), ReadToEnd()), Conversation.read_rest),
    "raise": Piece((Raise(),), lambda _: ConversationOutcome.RAISES),
}
"""Every piece by its name."""

FIRST = ("echo a line", "greet", "pass the gate", "greet at length")
"""Pieces that others may follow; the simplest first, as everywhere that plans shrink to."""
LAST = ("echo lines", "echo the rest", "half-close")
"""Pieces that read to the end."""
EARLY = ("raise", "return")
"""Ends of a handler that leave input unread."""


def steps_of(names: Sequence[str]) -> list[Step]:
    """The handler's script; of a name that is no piece, such as "return", nothing."""
    return [step for name in names if name in PIECES for step in PIECES[name].steps]


def follow(names: Sequence[str], talk: Conversation) -> ConversationOutcome:
    """Go through the conversation as a right handler of these pieces does."""
    for name in names:
        outcome = PIECES[name].model(talk) if name in PIECES else ConversationOutcome.DONE
        if outcome is not ConversationOutcome.DONE:
            return outcome
    return ConversationOutcome.DONE
