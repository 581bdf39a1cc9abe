"""The lines that an agent and a case's process tell, as messages: what each may be, and how much.

All limits of what arrives are here. What goes beyond them is garbage, and costs its own case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sockproof.iut.agent.child import GARBAGE_OCTETS, PASSED_ON
from sockproof.json_depth import is_too_deep

__all__ = ["ALLOWED", "Message", "MessageLines", "value_of_line"]

Message = dict[str, Any]

# What the process of one case may tell, in octets. Each command that it was given gives it back as
# much of that as an answer has that is not in parts.
ALLOWED = 32 << 20
_FOR_EACH_COMMAND = 4096
# What a line and each of its values cost at least, since they cost memory.
_OF_A_LINE, _OF_A_VALUE = 256, 32

# The kinds of messages, and the fields that are needed of each.
_OF_PROCESS: Mapping[str, Mapping[str, type]] = {
    "done": {"seq": int},
    "raised": {"seq": int},
    "part": {"seq": int, "text": str},
}
_OF_AGENT: Mapping[str, Mapping[str, type]] = {
    "started": {"pid": int, "case": int},
    "unstarted": {"text": str, "case": int},
    "over": {"why": str, "status": int, "case": int},
    "stdout": {"text": str, "case": int},
    "stderr": {"text": str, "case": int},
    "garbage": {"text": str},
    "hello": {"value": dict},
    "refused": {"value": dict},
    "clock": {"value": float},
    "usage": {"value": list},
    "done": {"seq": int},
}
# The fields of events that whoever reads them relies upon.
_OF_EVENT = {"method": str, "phase": str, "do": str, "label": str, "error": dict, "octets": dict}
_OF_ERROR = {"type": str, "bases": list, "errno_name": str, "text": str}
_OF_OCTETS = {"text": str, "length": int}
# More than any clock of ours has.
_SECONDS = 1e12


_NUMBER = re.compile(rb"[0-9]{1,18}")


class MessageLines:
    """Gives each line that comes to ``sink``, as a message: what is none becomes ``garbage``.

    ``of_process``: they are of a case's process. Else they are of an agent, which may pass on some
    of such a process; that may tell as many octets as are ``allowed``.
    """

    def __init__(
        self,
        sink: Callable[[Message], None],
        *,
        of_process: bool = False,
        allowed: int = ALLOWED,
    ) -> None:
        self._sink = sink
        self._of_process = of_process
        self._rest = b""
        self._allowed = self._left = allowed

    def __call__(self, data: bytes) -> None:
        if self._of_process and self._left < 0:
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self._take(line)
        if len(self._rest) > GARBAGE_OCTETS:
            self.finish()

    def renew(self) -> None:
        """What was told was forgotten."""
        self._left = self._allowed

    def allow_answer(self) -> None:
        """A command was given, and is answered."""
        self._left = min(self._allowed, self._left + _FOR_EACH_COMMAND)

    def finish(self) -> None:
        """What is there of a line will have no end."""
        if self._rest:
            self._sink(_garbage(self._rest))
            self._rest = b""

    def _take(self, line: bytes) -> None:
        if self._of_process:
            self._take_of_process(line, {})
        elif not line.startswith(PASSED_ON):
            self._sink(_message(line, _OF_AGENT))
        else:
            number, _, rest = line[len(PASSED_ON) :].partition(b" ")
            self._take_of_process(rest, {"case": int(number)} if _NUMBER.fullmatch(number) else {})

    def _take_of_process(self, line: bytes, whose: Message) -> None:
        if self._left >= 0:
            self._left -= max(_OF_A_LINE, len(line) + _OF_A_VALUE * line.count(b","))
            message = _message(line, _OF_PROCESS) if self._left >= 0 else _TOO_MUCH
            self._sink({**message, **whose})


def value_of_line(line: bytes) -> Any:
    """What a line holds. Python's own reader takes what a faster one refuses, such as NaN.

    Raises:
        ValueError: it is no JSON, or too deep.
    """
    if is_too_deep(line):
        raise ValueError("too deep")
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError:
        return json.loads(line)


def _message(line: bytes, kinds: Mapping[str, Mapping[str, type]]) -> Message:
    """One line of the protocol."""
    try:
        message = value_of_line(line)
    except ValueError:
        return _garbage(line)
    if isinstance(message, dict):
        fits = _is_event if "e" in message and kinds is _OF_PROCESS else _is_message
        if fits(message, kinds):
            return message
    return _garbage(line)


def _is_event(message: Message, _kinds: object) -> bool:
    pid = message.get("p")
    return (
        _is(message.get("t"), float)
        and type(pid) is int
        and 0 <= pid < 1 << 32
        and isinstance(message["e"], str)
        and isinstance(message.get("th"), str)
        and all(_is(message[key], own) for key, own in _OF_EVENT.items() if key in message)
        and _has(message.get("error"), _OF_ERROR)
        and _has(message.get("octets"), _OF_OCTETS)
    )


def _is_message(message: Message, kinds: Mapping[str, Mapping[str, type]]) -> bool:
    kind = message.get("r")
    needed = kinds.get(kind) if isinstance(kind, str) else None
    return needed is not None and _has(message, needed)


def _has(value: Any, needed: Mapping[str, type]) -> bool:
    """Whether it is nothing, or an object with these fields."""
    return value is None or all(_is(value.get(key), own) for key, own in needed.items())


def _is(value: object, wanted: type) -> bool:
    if wanted is float:  # of seconds: not NaN either
        return isinstance(value, int | float) and abs(value) < _SECONDS
    return type(value) is wanted


def _garbage(line: bytes) -> Message:
    return {"r": "garbage", "text": line[:200].decode("latin-1")}


_TOO_MUCH = {"r": "garbage", "text": f"more than {ALLOWED >> 20} MiB"}
