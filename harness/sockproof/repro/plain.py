"""Values of a case as code: what differs from run to run is named instead of written down."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sockproof.iut.case_log import CaseLog, Operation
from sockproof.iut.values import Fill, Opaque, decode
from sockproof.repro.fills import fills_in

__all__ = ["TAKEN", "Code", "Names", "code_of", "peer_name", "server_name", "thread_name"]

# The address of a socket that the case itself holds: a server's or a client's has another name.
TAKEN = "taken.getsockname()"
_ABSTRACT = re.compile(r"\0sockproof-\d+-\d+x*")
_FILLED = re.compile(r"x{4,}$")
_ABSTRACT_LITERAL = re.compile(r"(b?)'\\x00sockproof-\d+-\d+x*'")
# Longer payloads are written as what makes them, where that is known.
_LITERAL_OCTETS = 600


@dataclass(frozen=True)
class Code:
    """A value that a script asks for instead of knowing it: ``client.getsockname()``."""

    text: str


def server_name(handle: int) -> str:
    """The variable of a server by its handle."""
    return f"server_{handle + 1}" if handle else "server"


def peer_name(lane: str) -> str:
    """The variable of a peer by its lane."""
    return re.sub(r"\W", "_", lane.replace("peer", "client", 1)) or "client"


def thread_name(label: str) -> str:
    """The variable of the thread that a method runs in, by the label of the call."""
    name = re.sub(r"\W", "_", label.replace("-0.", "_").replace("-0", ""))
    return name.replace("serve_forever", "loop")


@dataclass
class Names:
    """What the values of one log are called in a script.

    ``folder`` is where the case's socket files were: paths below it become paths of the script's
    own folder, numbered in the order in which they come.
    """

    folder: Path
    values: dict[Any, Code] = field(default_factory=dict)
    fills: dict[bytes, Fill] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, log: CaseLog, folder: Path) -> Names:
        names = cls(folder)
        for value, text in _addresses(log):
            if value and not names.is_made_up(value) and not _is_relative(value):
                names.values.setdefault(value, Code(text))
        if log.pid:
            names.values[log.pid] = Code("os.getpid()")
        children = dict.fromkeys(e.pid for e in log.events if e.pid != log.pid)
        for number, pid in enumerate(children):
            names.values[pid] = Code(f"children()[{number}]")
        for fill in fills_in([one.arguments for one in log.operations]):
            names.fills[bytes(fill)] = fill
        return names

    def normal(self, value: Any) -> Any:
        """The value with everything named that has a name, as plain data."""
        if isinstance(value, Code | bool) or value is None:
            return value
        if isinstance(value, Opaque):
            return f"<{value.type_name}>"
        if isinstance(value, int | str | bytes | tuple) and (code := self._named(value)):
            return code
        if isinstance(value, str | bytes):
            return self._text(value)
        if isinstance(value, tuple):
            return tuple(map(self.normal, value))
        if isinstance(value, list):
            return list(map(self.normal, value))
        if isinstance(value, dict):
            if "$socket" in value:
                return "a socket"
            return {key: self.normal(item) for key, item in value.items()}
        return value

    def _named(self, value: Any) -> Code | None:
        try:
            return self.values.get(value)
        except TypeError:  # a tuple of what cannot be looked up
            return None

    def is_made_up(self, value: Any) -> bool:
        """Whether it is a path or an abstract name that the case made up."""
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if not isinstance(text, str):
            return False
        return text.startswith(str(self.folder)) or bool(_ABSTRACT.fullmatch(text))

    def _text(self, value: str | bytes) -> Any:
        if self.is_made_up(value):
            text = value if isinstance(value, str) else value.decode("latin-1")
            code = self._place(text).text
            how = "" if text.isascii() else '"latin-1"'
            return Code(code if isinstance(value, str) else f"{code}.encode({how})")
        return value

    def _place(self, text: str) -> Code:
        """A path or an abstract name that the case made up. One that was filled up to a length has
        that length."""
        bare = _FILLED.sub("", text)
        if bare != text:
            return Code(f"{self._place(bare).text}.ljust({len(text)}, 'x')")
        if text.startswith("\0"):
            return Code(f'("\\0repro-{self._serial(text)}-%d" % os.getpid())')
        below = text[len(str(self.folder)) + 1 :].split("/")
        rest = below[2:] if below[0] == "pytest" else below[1:]
        if rest and (found := re.match(r"s\d+", rest[0])):
            rest[0] = f"s{self._serial(found[0])}{rest[0][found.end() :]}"
        return Code(f"(folder + {'/' + '/'.join(rest)!a})" if rest else "folder")

    def _serial(self, name: str) -> int:
        """The number of a name among those that the case made up, in their order."""
        return self._places.setdefault(name, len(self._places) + 1)

    def in_source(self, source: str) -> str:
        """Source text of a case with its literals named."""
        for value, code in self.values.items():
            if isinstance(value, tuple | bytes | str) and len(value) > 1:
                source = source.replace(repr(value), code.text)
            elif isinstance(value, int):
                source = re.sub(rf"\b{value}\b", code.text, source)
        source = _ABSTRACT_LITERAL.sub(self._literal, source)
        return re.sub(rf"(b?)'{re.escape(str(self.folder))}[^']*'", self._literal, source)

    def _literal(self, found: re.Match[str]) -> str:
        quoted = found.group()[len(found.group(1)) :]
        code = self._place(quoted[1:-1].replace("\\x00", "\0")).text
        return f"{code}.encode()" if found.group(1) else code

    def code(self, value: Any) -> str:
        """The value as an expression, of names and literals."""
        return code_of(self.normal(value), self.fills)


def code_of(value: Any, fills: dict[bytes, Fill]) -> str:
    """A normal value as an expression that Python 2 and 3 read alike."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, Fill):
        return f"fill({value.length_octets}, {value.seed})"
    if isinstance(value, bytes) and len(value) > 64:
        return _long_octets(value, fills)
    if isinstance(value, float) and value in (math.inf, -math.inf):
        return f'float("{value}")'
    if isinstance(value, tuple):
        inner = ", ".join(code_of(item, fills) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(code_of(item, fills) for item in value)}]"
    if isinstance(value, dict):
        items = (f"{key!r}: {code_of(item, fills)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    return repr(value)


def _long_octets(value: bytes, fills: dict[bytes, Fill]) -> str:
    """By what makes them, or as they are: a part of a known payload, one octet many times."""
    for whole, fill in fills.items():
        start = whole.find(value)
        if start >= 0:
            part = "" if value == whole else f"[{start}:{start + len(value)}]"
            return code_of(fill, fills) + part
    if len(value) > _LITERAL_OCTETS and len(set(value)) == 1:
        return f"{value[:1]!r} * {len(value)}"
    return repr(value)


def _addresses(log: CaseLog) -> Iterator[tuple[Any, str]]:
    for one in log.operations:
        if one.name == "do" and one.arguments["op"] == "make" and _is_taken(one):
            address = decode(one.arguments["address"])
            yield (address if isinstance(address, tuple) else None), TAKEN
        elif one.name == "do" and one.arguments["op"] == "evaluate" and not one.ending:
            yield _identity(one)
        elif one.name == "do" and one.arguments["op"] == "make" and not one.ending:
            yield _made(one), f"{server_name(one.arguments['handle'])}.socket.getsockname()"
        elif one.name in ("connect", "open") and not one.ending:
            yield one.outcome["address"], f"{peer_name(one.actor)}.getsockname()"
            handle = one.arguments["server"]
            yield one.arguments["address"], _place_of(handle)
        elif one.name == "listen" and not one.ending:
            yield one.outcome["address"], f"{peer_name(one.actor)}.getsockname()"
        elif one.name == "do" and one.arguments["op"] == "step" and not one.ending:
            yield from _told_by_a_step(one)


def _place_of(handle: int | str | None) -> str:
    """The expression for the address of a server, a plain socket, or what a program has made."""
    if isinstance(handle, str):
        return f"{handle}.getsockname()"
    return "address" if handle is None else f"{server_name(handle)}.socket.getsockname()"


def _told_by_a_step(step: Operation) -> Iterator[tuple[Any, str]]:
    """The addresses that a socket has told of itself and of its peer."""
    told = step.arguments
    address = step.outcome.value
    is_known = (isinstance(address, tuple) and address[1]) or isinstance(address, str)
    if told["name"] in ("getsockname", "getpeername") and is_known:
        yield address, f"{told['on']}.{told['name']}()"


def _is_relative(address: Any) -> bool:
    """Whether it is the path of a file in the working folder: it is the same in a script."""
    return isinstance(address, str) and not address.startswith(("/", "\0"))


def _is_taken(made: Operation) -> bool:
    """Whether a server could not be made because somebody has its address."""
    error = getattr(made.outcome, "error", None)
    return error is not None and error.errno_name == "EADDRINUSE"


def _identity(operation: Operation) -> tuple[Any, str]:
    """What ``id(server)`` was, if that was asked for."""
    is_asked = operation.arguments["expression"] == "id(server)"
    name = server_name(operation.arguments.get("handle") or 0)
    return (operation.outcome.value if is_asked else None), f"id({name})"


def _made(operation: Operation) -> Any:
    address = (operation.outcome.value or {}).get("address")
    is_free = isinstance(address, tuple) and len(address) > 1 and address[1] == 0
    return None if is_free else address
