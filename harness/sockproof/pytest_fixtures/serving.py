"""Servers of one's own, started for a test: each in a process of its own, with scripted peers."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sockproof.case.client import StreamPeer
from sockproof.case.datagram import DatagramPeer
from sockproof.case.transcript import transcript_of
from sockproof.check.interruptible import interrupts_heard
from sockproof.check.listener import Listener, server_of
from sockproof.check.program_life import ProgramLife, lived
from sockproof.check.served_class import ServedClass, served_class
from sockproof.commands.transcript_lines import lines_of
from sockproof.errors import UsageError
from sockproof.iut.addresses import short_temporary_folder
from sockproof.iut.case_log import CaseLog
from sockproof.own_folder import own_folder
from sockproof.pytest_fixtures.server_gates import PLACE, ServerGate, closed_gates
from sockproof.spec.matrix import ServerSpec
from sockproof.timing import hang_bound_s

__all__ = ["ServedHere", "class_subject", "serving"]


class ServedHere:
    """A server that runs for a test. ``address`` is where it listens: a host and a port, or a path.

    It is ended with the test, whatever it does.
    """

    def __init__(
        self, life: ProgramLife, log: CaseLog, folder: Path, gates: Mapping[str, ServerGate]
    ) -> None:
        self._life, self._log, self._folder, self._gates = life, log, folder, gates
        self._peers: list[StreamPeer | DatagramPeer] = []

    @property
    def address(self) -> Any:
        return self._life.address.at

    @property
    def spec(self) -> ServerSpec:
        return self._life.address.spec

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._life.pid

    @property
    def printed(self) -> str:
        """What it has printed so far, on both of its streams."""
        return self._life.printed

    @property
    def status(self) -> int | None:
        """What its process has ended with, as :mod:`subprocess` has it; None while it runs."""
        return self._life.status

    def peer(self, lane: str = "") -> StreamPeer:
        """A client that is connected: what it sends, expects and meets is in the transcript.

        Raises:
            Mismatch: it is refused. Hang: nobody answers.
        """
        peer = StreamPeer(self._log, lane or self._next_lane())
        self._peers.append(peer)
        peer.connect(self)
        return peer

    def sender(self, lane: str = "") -> DatagramPeer:
        """A client that sends datagrams, at an address where it can be answered."""
        peer = DatagramPeer(self._log, lane or self._next_lane(), self._own_address())
        self._peers.append(peer)
        peer.connect(self)
        return peer

    def gate(self, name: str) -> ServerGate:
        """One of the gates that it was started with, at which its code waits by
        ``pass_gate(name)``. They are closed at first.

        Raises:
            UsageError: it was started without.
        """
        if name not in self._gates:
            hint = f"start it with gates=[{name!r}]"
            raise UsageError(f"the server was started without a gate {name!r}", hint)
        return self._gates[name]

    def _own_address(self) -> Any:
        if self.spec.is_unix:
            return str(self._folder / f"peer-{len(self._peers) + 1}")
        return (self.address[0], 0)

    def _next_lane(self) -> str:
        return f"client {len(self._peers) + 1}"

    def interrupt(self) -> None:
        """As Ctrl-C at its terminal does."""
        self._life.interrupt()

    def ends(self, bound_s: float | None = None) -> bool:
        """Whether its process ends within so many seconds; by default within the hang bound."""
        return self._life.ends(hang_bound_s() if bound_s is None else bound_s)

    @property
    def sections(self) -> list[tuple[str, str]]:
        """What a report of a failure has of it."""
        told = [("sockproof transcript", lines_of(transcript_of(self._log)))]
        return [*told, *([("sockproof server", self.printed)] if self.printed else [])]

    def close(self) -> None:
        """Its clients go."""
        for peer in self._peers:
            peer.close()


@contextmanager
def serving(served: list[ServedHere]) -> Iterator[Callable[..., ServedHere]]:
    """A function that starts a server and adds it to those that are ``served``; all of them are
    over at the end of the block."""
    with interrupts_heard(), own_folder(short_temporary_folder()) as folder, ExitStack() as lives:

        def start(
            server: object,
            handler: object = "",
            arguments: Sequence[Any] | None = None,
            keywords: Mapping[str, Any] | None = None,
            gates: Sequence[str] = (),
        ) -> ServedHere:
            """Start one.

            Raises:
                UsageError: it is no class or function that another process can import, or no gate
                    can be called so.
                HarnessError: it cannot be made, or does not come to listen.
            """
            log, place = CaseLog(), folder / f"gates-{len(served) + 1}"
            closed = lives.enter_context(closed_gates(place, gates))
            variables = {PLACE: str(place)} if gates else {}
            subject = class_subject(server, handler, arguments, keywords, variables)
            life = lives.enter_context(lived(subject, folder, log))
            one = ServedHere(life, log, folder, closed)
            lives.callback(one.close)
            served.append(one)
            return one

        yield start


def class_subject(
    server: object,
    handler: object = "",
    arguments: Sequence[Any] | None = None,
    keywords: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Listener:
    """The server of a class or factory, which is given itself, or by its name.

    Raises:
        UsageError, HarnessError: as of :func:`serving`.
    """
    named = served_class(_name(server), _name(handler) if handler else "", arguments, keywords)
    fields = {one.name: getattr(named, one.name) for one in dataclasses.fields(named)}
    return server_of(_BesideUs(**{**fields, "variables": variables or {}}))


@dataclasses.dataclass(frozen=True)
class _BesideUs(ServedClass):
    """A class of a process that finds modules where we do."""

    @property
    def folders(self) -> list[str]:
        return [*super().folders, *filter(None, sys.path)]


def _name(one: object) -> str:
    """``package.module:Class``; of a module that is found by no name, its file."""
    if isinstance(one, str):
        return one
    module, name = getattr(one, "__module__", ""), getattr(one, "__qualname__", "")
    if not callable(one) or "<" in name or not name:
        raise UsageError(f"{one!r} is no class and no function of a module", "move it to the top")
    if module != "__main__" and _is_found(module):
        return f"{module}:{name}"
    return f"{getattr(sys.modules.get(module), '__file__', module)}:{name}"


def _is_found(module: str) -> bool:
    """Whether another process finds it by its name, in the folders where we do."""
    place = Path(*module.split("."))
    names = (place.with_suffix(".py"), place / "__init__.py")
    return any((Path(folder) / name).is_file() for folder in sys.path for name in names)
