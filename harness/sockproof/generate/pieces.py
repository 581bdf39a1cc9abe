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


class _Stopped(Exception):
    """A handler comes no further; its argument is the outcome."""


@dataclass
class Conversation:
    """One handler with one client: ``unread`` input, whether its end has come, what was written.

    ``at_end``: the handler has read to the end of its input.
    """

    unread: bytes
    ended: bool
    gate_open: bool
    written: bytearray = field(default_factory=bytearray)
    at_end: bool = False

    def read_line(self) -> bytes:
        line, newline, rest = self.unread.partition(b"\n")
        if not newline and not self.ended:
            raise _Stopped(ConversationOutcome.WAITS)
        self.unread, self.at_end = rest, not newline
        return line + newline

    def read_rest(self) -> bytes:
        if not self.ended:
            raise _Stopped(ConversationOutcome.WAITS)
        rest, self.unread, self.at_end = self.unread, b"", True
        return rest

    def echo_lines(self) -> None:
        while not self.at_end:
            self.written += self.read_line()

    def pass_gate(self) -> None:
        if not self.gate_open:
            raise _Stopped(ConversationOutcome.AT_GATE)

    def fail(self) -> None:
        raise _Stopped(ConversationOutcome.RAISES)


@dataclass(frozen=True)
class Piece:
    """A piece of a handler: its steps, and what a right one does of a conversation."""

    steps: tuple[Step, ...]
    model: Callable[[Conversation], object]


# Every piece by its name.
PIECES: dict[str, Piece] = {
    "echo lines": Piece((Run(_ECHO_LINES),), Conversation.echo_lines),
    "echo a line": Piece((ReadLine(), Echo()), lambda talk: talk.written.extend(talk.read_line())),
    "echo the rest": Piece(
        (ReadToEnd(), Echo()), lambda talk: talk.written.extend(talk.read_rest())
    ),
    "greet": Piece((Reply(GREETING),), lambda talk: talk.written.extend(GREETING)),
    "greet at length": Piece((Reply(LONG),), lambda talk: talk.written.extend(bytes(LONG))),
    "pass the gate": Piece((Gate(GATE),), Conversation.pass_gate),
    "half-close": Piece((HalfClose(), ReadToEnd()), Conversation.read_rest),
    "raise": Piece((Raise(),), Conversation.fail),
}

# Pieces that others may follow; the simplest first, as everywhere that plans shrink to.
FIRST = ("echo a line", "greet", "pass the gate", "greet at length")
# Pieces that read to the end.
LAST = ("echo lines", "echo the rest", "half-close")
# Ends of a handler that leave input unread.
EARLY = ("raise", "return")


def steps_of(names: Sequence[str]) -> list[Step]:
    """The handler's script; of a name that is no piece, such as "return", nothing."""
    return [step for name in names if name in PIECES for step in PIECES[name].steps]


def follow(names: Sequence[str], talk: Conversation) -> ConversationOutcome:
    """Go through the conversation as a right handler of these pieces does."""
    try:
        for name in names:
            if name in PIECES:
                PIECES[name].model(talk)
    except _Stopped as stopped:
        outcome: ConversationOutcome = stopped.args[0]
        return outcome
    return ConversationOutcome.DONE
