"""The way to a case's process: pipes of our own where it is on this machine, else its agent."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sockproof.errors import ChannelError
from sockproof.iut.agent.child import GATES, PIPES
from sockproof.iut.incoming import Incoming, Rank
from sockproof.iut.message_lines import Message, MessageLines

__all__ = ["CasePipes", "ThroughAgent", "Way", "encoded", "token_in_a_pipe"]

# A command is written to the case's process in one go: it must fit into a pipe.
LONGEST_COMMAND_OCTETS = 32768


def encoded(order: dict[str, Any]) -> bytes:
    """One command, as it goes to an agent or a case's process.

    Raises:
        ChannelError: it is too long.
    """
    line = json.dumps(order).encode("ascii") + b"\n"
    if len(line) > LONGEST_COMMAND_OCTETS:
        raise ChannelError(f"a command of {len(line)} octets", "use fill() for long payloads")
    return line


@contextlib.contextmanager
def token_in_a_pipe() -> Iterator[dict[str, Any]]:
    """What an agent opens and reads, as it would the pipes of a case, to learn whether it can."""
    readable, writable = os.pipe()
    try:
        text = uuid.uuid4().hex
        os.write(writable, text.encode("ascii"))
        yield {"pid": os.getpid(), "fd": readable, "text": text}
    finally:
        os.close(readable)
        os.close(writable)


class Way(Protocol):
    """How a case's process is reached. ``order`` is what its agent must know to start it, ``lines``
    are what it tells."""

    order: dict[str, Any]
    lines: MessageLines

    def send(self, line: bytes) -> None: ...
    def open_gate(self, index: int, count: int) -> None: ...
    def started(self) -> None: ...
    def ended(self) -> None: ...
    def close(self) -> None: ...


class CasePipes:
    """Pipes to the case's process and from it. Its agent opens their other ends by the number that
    they have here; once it has ``started`` the process, that has them, and we need them no more.

    ``sink`` gets what the process tells, and what it prints as messages like those of an agent.
    """

    def __init__(self, incoming: Incoming, sink: Callable[[Message], None]) -> None:
        self._incoming = incoming
        self.lines = MessageLines(sink, of_process=True)
        commands, *others = _made(1 + GATES + len(PIPES))
        gates = others[:GATES]
        told = dict(zip(PIPES, others[GATES:], strict=True))
        self._commands = commands[1]
        self._gates = [gate[1] for gate in gates]
        self._ours = [self._commands, *self._gates, *(pipe[0] for pipe in told.values())]
        self._theirs = [commands[0], *(gate[0] for gate in gates), *(p[1] for p in told.values())]
        ends = {name: pipe[1] for name, pipe in told.items()}
        ends |= {"pid": os.getpid(), "commands": commands[0]}
        self.order = {"pipes": {**ends, "gates": [gate[0] for gate in gates]}}
        for name, pipe in told.items():
            incoming.add(
                pipe[0],
                Rank.EVENTS if name == "events" else Rank.PRINTED,
                self.lines if name == "events" else _printing(name, sink),
            )

    def send(self, line: bytes) -> None:
        """Give it one command; whether it lives is told by its agent."""
        self._write(self._commands, line)

    def open_gate(self, index: int, count: int) -> None:
        """Let so many more pass a gate."""
        self._write(self._gates[index], b"g" * count)

    def _write(self, fd: int, data: bytes) -> None:
        """Once all is closed, somebody else's descriptor may have the number of ours."""
        if self._ours:
            with contextlib.suppress(BrokenPipeError):
                os.write(fd, data)

    def started(self) -> None:
        """The process has its ends."""
        while self._theirs:
            os.close(self._theirs.pop())

    def ended(self) -> None:
        """The process has ended: what it wrote of a line stays what it is."""
        self.lines.finish()

    def close(self) -> None:
        """All that the process wrote was taken."""
        self.started()
        ours, self._ours = self._ours, []
        self._incoming.close(*ours)


def _made(count: int) -> list[tuple[int, int]]:
    """So many pipes, or none. Raises OSError: there are not so many descriptors."""
    made: list[tuple[int, int]] = []
    try:
        while len(made) < count:
            made.append(os.pipe())
    except OSError:
        for end in itertools.chain.from_iterable(made):
            os.close(end)
        raise
    return made


def _printing(name: str, sink: Callable[[Message], None]) -> Callable[[bytes], None]:
    def take(data: bytes) -> None:
        if data:
            sink({"r": name, "text": data.decode("latin-1")})

    return take


class ThroughAgent:
    """What its agent passes on, both ways, where nothing of ours can be opened from there.

    ``write`` gives the agent a line; ``lines`` are what it tells.
    """

    def __init__(self, write: Callable[[bytes], None], lines: MessageLines) -> None:
        self.order: dict[str, Any] = {}
        self.lines = lines
        self.send = write

    def open_gate(self, index: int, count: int) -> None:
        """Let so many more pass a gate."""
        self.send(encoded({"op": "gate", "index": index, "count": count}))

    def started(self) -> None:
        """Nothing of it was ours."""

    def ended(self) -> None:
        """Nothing of it was ours."""

    def close(self) -> None:
        """Nothing of it was ours."""
