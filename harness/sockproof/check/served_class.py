"""A server of the user's own: a class or a factory by its name, which a starter makes and serves.

It is spelled ``package.module:Class``, or ``./file.py:Class``, and may end with ``@INTERPRETER``.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from sockproof._paths import expanded
from sockproof.check.starter import CANNOT_BE_MADE, NO_SUCH_NAME
from sockproof.errors import HarnessError, UsageError
from sockproof.iut.asked_program import said_by
from sockproof.iut.discovery import find_interpreter
from sockproof.timing import start_bound_s

__all__ = ["REFUSED", "ServedClass", "look_at", "served_class"]

STARTER = Path(__file__).with_name("starter.py")
_HOW = "such as mypkg.servers:ChatServer, ./chat.py:ChatServer or mypkg:make_server@python3.12"
_NAMED = re.compile(r"\w+(\.\w+)*:[^\W\d]\w*(\.\w+)*")
REFUSED: Mapping[int, Callable[[str], HarnessError]] = {
    NO_SUCH_NAME: lambda told: UsageError(told, _HOW),
    CANNOT_BE_MADE: lambda told: HarnessError(told, "see that it is imported by hand"),
}
"""What is said of a class of which no server comes, by the status with which its starter ends: what
is named has to be there; what is there may fail."""
# The port that is free stands there for whatever is asked of a server's address.
_PLACES = ("{address}", "{port}", "{path}")


@dataclass(frozen=True)
class ServedClass:
    """A class or factory: ``server`` and ``handler`` as the user spells them, the interpreter that
    runs it (empty: our own), and with what it is called. Without ``arguments`` that is the address,
    and the handler if there is one. ``variables`` are set in its environment, beside ours.
    """

    server: str
    handler: str = ""
    interpreter: str = ""
    arguments: Sequence[Any] | None = None
    keywords: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    is_alone: ClassVar[bool] = False
    """Whether nothing of the folder where one is takes part in it."""

    @property
    def given(self) -> str:
        """As in a command, without the option."""
        return f"{self.server}@{self.interpreter}" if self.interpreter else self.server

    @property
    def record_name(self) -> str:
        """What its record is called after."""
        return self.server.rpartition("/")[2].replace(":", "-")

    @property
    def words(self) -> str:
        """For the reader of a report."""
        return f"{self.given} with {self.handler}" if self.handler else self.given

    def to_json(self) -> dict[str, Any]:
        """What a record tells of it."""
        told = {"server": self.given, "handler": self.handler, "keywords": dict(self.keywords)}
        told |= {} if self.arguments is None else {"arguments": list(self.arguments)}
        told |= {"versions": dict(self.versions)}
        return {name: value for name, value in told.items() if value or name == "arguments"}

    @property
    def called_with(self) -> list[Any]:
        """Its arguments, with places for what is not known yet."""
        if self.arguments is not None:
            return list(self.arguments)
        return ["{address}", *(["{handler}"] if self.handler else [])]

    @property
    def is_told_its_place(self) -> bool:
        """Whether anything that it is called with has its address."""
        text = json.dumps([self.called_with, dict(self.keywords)])
        return any(place in text for place in _PLACES)

    @property
    def folders(self) -> list[str]:
        """Where the files are that are named instead of modules."""
        files = [_file(spec) for spec in (self.server, self.handler)]
        return list(dict.fromkeys(str(one.parent.resolve()) for one in files if one))

    @property
    def modules(self) -> tuple[str, str]:
        """Server and handler as ``module:Name``, whether their modules are named or files are."""
        return _as_module(self.server), _as_module(self.handler)

    @property
    def python_words(self) -> tuple[str, ...]:
        """What starts its interpreter."""
        return (_interpreter(self.interpreter),)

    @property
    def source(self) -> str:
        """The text of the server's module, if it is one of ours; else empty."""
        return ""

    @property
    def listens(self) -> str:
        """Where a server of it listens, as ``--listens`` has it.

        Raises:
            UsageError, HarnessError: as of :func:`look_at`.
        """
        return look_at(self)

    @property
    def versions(self) -> Mapping[str, str]:
        """Of what is judged, and of Python, as far as that is known."""
        return {}

    def prepare(self, tell: Callable[[str], None]) -> None:
        """Make what it needs; one line tells of whatever is made.

        Raises:
            HarnessError: it cannot be made.
        """

    def argv(self, **more: Any) -> tuple[str, ...]:
        """The words that start it, with a place for its address if it is told that."""
        server, handler = self.modules
        order = {
            "server": server,
            "handler": handler,
            "folders": self.folders,
            "arguments": self.called_with,
            "keywords": dict(self.keywords),
            "variables": dict(self.variables),
            "alone": self.is_alone,
            **more,
        }
        place = ["{address}"] if self.is_told_its_place and "look" not in more else []
        return (*self.python_words, str(STARTER), _sealed(order), *place)


def _sealed(order: Mapping[str, Any]) -> str:
    """The order as a word in which nothing is replaced before it comes to the starter."""
    text = json.dumps(order)
    for place in _PLACES:
        text = text.replace(place, f"\\u007b{place[1:]}")
    return text


def served_class(
    given: str,
    handler: str = "",
    arguments: Sequence[Any] | None = None,
    keywords: Mapping[str, Any] | None = None,
) -> ServedClass:
    """What the texts of ``--server`` and ``--handler`` mean.

    Raises:
        UsageError: one of them is no name of a class, or a file or interpreter is not there.
    """
    server, at, interpreter = given.rpartition("@")
    if not at:
        server, interpreter = given, ""
    for option, spec in (("--server", server), ("--handler", handler)):
        if spec or option == "--server":
            _refuse_wrong(option, spec)
    _interpreter(interpreter)
    return ServedClass(server, handler, interpreter, arguments, keywords or {})


def _refuse_wrong(option: str, spec: str) -> None:
    path, _, name = spec.rpartition(":")
    is_file = path.endswith(".py")
    if not _NAMED.fullmatch(f"module:{name}" if is_file else spec):
        raise UsageError(f"{option} {spec!r} names no class and no function", _HOW)
    if is_file and not expanded(path).is_file():
        raise UsageError(f"{option} {spec!r}: there is no file {path}", _HOW)


def _file(spec: str) -> Path | None:
    path = spec.rpartition(":")[0]
    return expanded(path) if path.endswith(".py") else None


def _as_module(spec: str) -> str:
    path = _file(spec)
    return f"{path.stem}:{spec.rpartition(':')[2]}" if path else spec


def _interpreter(name: str) -> str:
    if not name:
        return sys.executable
    found = find_interpreter(name)
    if found is None:
        raise UsageError(f"--server: no interpreter {name!r}", "see 'sockproof list --iuts'")
    return str(found)


def look_at(one: ServedClass) -> str:
    """Where a server of its class listens, as ``--listens`` has it: read from its class, which is
    imported, and not made. Of a factory nothing is known but the usual.

    Raises:
        UsageError: it is not there, or is none. HarnessError: it cannot be imported.
    """
    said = said_by(one.argv(look=True), start_bound_s())
    if said.status is None:
        told = f"{one.given}: not imported within {start_bound_s():g} s"
        raise HarnessError(told, "see that it is imported by hand")
    if said.status:
        last = [line for line in said.stderr.splitlines() if line.strip()]
        told = last[-1] if last else f"it ended with status {said.status}"
        raise REFUSED.get(said.status, REFUSED[CANNOT_BE_MADE])(f"{one.given}: {told}")
    return _listens(json.loads(said.stdout.splitlines()[-1]))


def _listens(told: Mapping[str, int]) -> str:
    is_datagram = told["socket_type"] == socket.SOCK_DGRAM
    if told["address_family"] == socket.AF_UNIX:
        return "unixgram:{path}" if is_datagram else "unix:{path}"
    host = "[::1]" if told["address_family"] == socket.AF_INET6 else "127.0.0.1"
    return f"{'udp:' * is_datagram}{host}:{{port}}"
