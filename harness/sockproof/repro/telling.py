"""Outcomes and events of a playing as the values that a script would get of them."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sockproof.case.client import Ending
from sockproof.iut.case_log import HANG, REFUSED, CaseLog, Operation
from sockproof.iut.outcomes import Event
from sockproof.iut.values import octets
from sockproof.record.rows import CaseRow
from sockproof.repro.plain import Names
from sockproof.repro.socket_code import tells_descriptor

__all__ = [
    "Told",
    "by_identity",
    "detail",
    "either_end",
    "is_long",
    "outcome",
    "place",
    "received",
    "words",
]


@dataclass(frozen=True)
class Told:
    """One playing of a case: what its log has, in the names of a script."""

    row: CaseRow
    log: CaseLog
    names: Names


def outcome(one: Operation, names: Names) -> Any:
    """What a script would get of the same operation."""
    if one.ending == REFUSED and one.name == "program says":
        return one.outcome if one.outcome == "it has ended" else "something else"
    if one.ending:
        return _ENDINGS.get((one.name, one.ending)) or _raised(str(one.outcome))
    if one.name == "do":
        return _of_process(one, names)
    if one.name == "until true":
        return True
    if one.name in ("receive", "receive within TLS"):
        return names.normal(received(one))
    if one.name == "receive datagram":
        data, sender = one.outcome or one.arguments["wanted"]
        return names.normal((bytes(data), sender))
    if one.name in ("connect", "open"):
        return True
    if one.name == "stop":
        return None
    return names.normal(str(one.outcome) if isinstance(one.outcome, Ending) else one.outcome)


def _of_process(one: Operation, names: Names) -> Any:
    if one.outcome.error is not None:
        return f"raises {one.outcome.error.name}"
    if tells_descriptor(one):
        return "a descriptor"
    return one.arguments["op"] == "make" or names.normal(one.outcome.value)


def words(one: Operation, names: Names) -> Any:
    """What an exception says with which a call came back; None where none did."""
    error = one.outcome.error if one.name == "do" and not one.ending else None
    return error and names.normal(error.text)


def received(one: Operation) -> tuple[bytes, str]:
    """The octets that a stream gave, or that shall come, and how it ended if it did."""
    told = one.outcome or one.arguments.get("wanted", b"")
    data, ending = told if isinstance(told, tuple) else (told, None)
    if isinstance(data, Ending):
        data, ending = b"", data
    return bytes(data), str(ending or "")


def either_end(expected: Any, observed: Any) -> str:
    """In words what is expected of a connection that shall end and does not, where nobody says
    who comes first: then it may end in either way."""
    ends = [
        one[1] if isinstance(one, tuple) and len(one) == 2 else "" for one in (expected, observed)
    ]
    either = ("end of stream", "reset")
    return " or ".join(either) if ends[0] in either and ends[1] == "timeout" else ""


def by_identity(value: Any, seen: dict[int, int]) -> Any:
    """The same with identities of objects (``id()``, a thread's number) told by number, in the
    order in which they come, as a script's ``by_identity()`` does: no two runs have the same."""
    if isinstance(value, dict):
        return {key: by_identity(value[key], seen) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return type(value)([by_identity(one, seen) for one in value])
    if isinstance(value, int) and value > _LEAST_IDENTITY:
        return f"object {seen.setdefault(value, len(seen) + 1)}"
    return value


# No count and no size in a case is so large; every address of an object is.
_LEAST_IDENTITY = 1 << 40

_ENDINGS = {
    ("do", HANG): "does not return",
    ("stop", HANG): "does not return",
    ("receive datagram", HANG): ("nothing", None),
    ("until true", HANG): False,
    **{(f"{how}TLS handshake", HANG): "timeout" for how in ("", "go on with ")},
    ("program says", HANG): "it says nothing",
    ("program exits", HANG): "does not exit",
}


def _raised(text: str) -> str:
    """A refusal of the kernel as a script's ``attempt()`` tells it."""
    found = re.match(r"\[Errno (\d+)\]", text)
    if found is None:
        return text or "does not return"
    error = OSError(int(found.group(1)), "")
    return f"raises {type(error).__name__} {errno.errorcode.get(error.errno or 0, '')}".strip()


def place(event: Event, told: Told) -> str:
    """Where it happened, as a script's ``place()`` tells it."""
    if event.pid != told.log.pid:
        return "a child"
    if event.thread == "MainThread":
        return "main thread"
    return "the loop's thread" if event.thread.startswith("serve_forever") else "a thread"


def detail(event: Event, told: Told) -> Any:
    """More of what happened, as handlers and hooks of a script note it."""
    fields, names = event.fields, told.names
    if event.name == "step" and "error" in fields:
        return f"raises {fields['error']['type']}"
    if event.name == "call":
        error: Mapping[str, Any] = fields.get("error") or {}
        more = [error["type"], error["text"]] if error else []
        return [names.normal(one) for one in fields.get("arguments", ())] + more
    for key in ("client", "octets", "values", "outcomes", "value"):
        if key in fields:
            return _MORE.get(key, lambda value, of: of.normal(value))(fields[key], names)
    return f"raises {fields['error']['type']}" if "error" in fields else None


def _payload(told: Mapping[str, Any], _names: Names) -> Any:
    if told["length"] <= 256:
        return told["text"].encode("latin-1")
    return (told["length"], told["sha256"][:16])


def _outcomes(told: list[Mapping[str, Any]], names: Names) -> list[Any]:
    return [
        f"raises {one['error']['type']} {one['error']['errno_name']}".strip()
        if "error" in one
        else names.normal(one["value"])
        for one in told
    ]


_MORE: Mapping[str, Any] = {"octets": _payload, "outcomes": _outcomes}


def is_long(events: list[Event]) -> bool:
    """Whether a payload is told by its digest."""
    return any((e.fields.get("octets") or octets(b""))["length"] > 256 for e in events)
