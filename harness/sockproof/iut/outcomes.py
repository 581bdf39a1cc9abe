"""What a case's process tells: how a call ended, what happened, what was left behind."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.judge.checks import Mismatch

__all__ = ["Event", "Leftovers", "Outcome", "RaisedError"]


# What Python says of a name that a module or class has not, of any version.
_ASKED_FOR = re.compile(r"has no attribute '(\w+)'")
_FILES = re.compile(r'File "([^"]*)"')
# What the agent calls the source that a case sends, and the expressions.
_CASE_SOURCES = ("<case source>", "<string>")
_OWN_FAULTS = ("NameError", "SyntaxError", "KeyError", "ModuleNotFoundError")


@dataclass(frozen=True)
class RaisedError:
    """An exception of the implementation: its class, the classes it derives from, errno, text."""

    type_name: str
    bases: tuple[str, ...]
    errno_name: str
    text: str
    traceback: str = ""

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> RaisedError:
        """What the agent says of it in ``events.describe_error()``."""
        type_name, errno_name, text = (str(error[key]) for key in ("type", "errno_name", "text"))
        bases = tuple(map(str, error["bases"]))
        return cls(type_name, bases, errno_name, text, str(error.get("traceback", "")))

    @property
    def name(self) -> str:
        """Its class and errno, such as ``ConnectionResetError ECONNRESET``: no text that varies."""
        return f"{self.type_name} {self.errno_name}".strip()

    def is_a(self, *names: str) -> bool:
        """Whether it is an instance of any of the classes named."""
        return any(name in self.bases for name in names)

    def asks_for(self, names: Collection[str]) -> str:
        """Which of these was asked for where it is not; empty if none was."""
        found = _ASKED_FOR.search(self.text) if self.is_a("AttributeError") else None
        return found[1] if found and found[1] in names else ""

    @property
    def is_of_the_case(self) -> bool:
        """Whether a case's own source is at fault: it was raised there, not in what that calls,
        and no object of the implementation's can have caused it."""
        files = _FILES.findall(self.traceback)
        return self.is_a(*_OWN_FAULTS) and files[-1:] in ([one] for one in _CASE_SOURCES)

    def expect_errno(self, errno_name: str) -> None:
        """It is ``socket.error``, which is OSError from Python 3.3 on, with this errno.

        Raises:
            Mismatch: otherwise.
        """
        if self.errno_name != errno_name or not self.is_a("OSError", "error"):
            actual = f"{self} (errno {self.errno_name or 'none'})"
            raise Mismatch(f"socket.error with {errno_name}", actual)

    def __str__(self) -> str:
        return f"{self.type_name}: {self.text}"


@dataclass(frozen=True)
class Outcome:
    """How a call ended: with a value, or with an error."""

    value: Any = None
    error: RaisedError | None = None


@dataclass(frozen=True)
class Leftovers:
    """What a case left behind: ``leaks`` in words, ``zombies`` the children nobody had reaped."""

    leaks: tuple[str, ...]
    zombies: int


@dataclass(frozen=True)
class Event:
    """One thing the implementation's process told: what, when, in which thread and process."""

    name: str
    at_s: float
    pid: int
    thread: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, wanted: Mapping[str, Any]) -> bool:
        """Whether every field in ``wanted`` has that value here."""
        return all(self.fields.get(key) == value for key, value in wanted.items())
