"""What handlers and hooks of a script tell of themselves, and the gates that they wait at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.iut.case_log import Operation
from sockproof.iut.outcomes import Event

__all__ = ["Notes", "awaited", "event_label"]

# By event: how a script names that it happened.
_LABELS: Mapping[str, str] = {
    "handler": "{phase}",
    "handled": "handled",
    "step": "{do}",
    "call": "{method}",
    "return": "{method} returned",
    "raise": "{method} raised",
    "begun": "{label} begun",
    "ended": "{label} ended",
}


def awaited(operation: Operation) -> str:
    """What is waited for, or looked for, in a script's words; empty if no one thing is."""
    return _label(operation.arguments["event"], operation.arguments["wanted"])


def _label(event: str, wanted: Mapping[str, Any]) -> str:
    if event == "step" and wanted.get("do") == "gate":
        return f"at gate {wanted['name']}" if wanted.get("name") and "passed" in wanted else ""
    form = _LABELS.get(event, event)
    try:
        return form.format(**wanted)
    except KeyError:
        return ""


def event_label(event: Event) -> str:
    """What happened, in a script's words; empty for what is not told in scripts."""
    if event.fields.get("do") == "gate":
        return "" if event.fields.get("passed") else f"at gate {event.fields.get('name')}"
    return _label(event.name, event.fields)


@dataclass
class Notes:
    """Which of the things that happen a script notes.

    ``detail`` is the label of which more is told: ``aspect`` says what, ``detail`` or ``place``.
    ``preloaded``: whether a runtime may have patched ``os.read``. ``failing`` are the steps whose
    exceptions are told. ``counted`` are gates that are opened for some and not for all.
    ``keeping``: whether requests are kept, as the agent keeps them: else a socket that the server
    forgets is closed when it is collected, and looks as if it were right.
    """

    forking: bool
    is_stream: bool
    is_unix: bool = False
    wanted: set[str] = field(default_factory=set)
    detail: str = ""
    aspect: str = ""
    failing: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    keeping: bool = False
    preloaded: bool = False

    def line(self, what: str, detail: str = "") -> list[str]:
        """The line that notes it, or none."""
        if what not in self.wanted:
            return []
        if what == self.detail and self.aspect == "place":
            return [f'note("{what}", place())']
        if what == self.detail and detail:
            return [f'note("{what}", {detail})']
        return [f'note("{what}")']

    def keep(self, what: str) -> list[str]:
        """The line that keeps a request, or what refers to it, alive."""
        return [f"kept.append({what})"] if self.keeping else []

    def gate(self, name: str) -> str:
        """The variable of a gate."""
        return re.sub(r"\W", "_", f"gate_{name}" if name != "gate" else name)

    def making(self, name: str) -> str:
        """The statement that makes a gate."""
        if self.forking:
            return f"{self.gate(name)} = os.pipe()  # each octet in it lets one child pass"
        kind = "Semaphore(0)" if name in self.counted else "Event()"
        return f"{self.gate(name)} = threading.{kind}"

    def passing(self, name: str) -> str:
        """The statement that waits at a gate."""
        if self.forking:
            read = "native_read" if self.preloaded else "os.read"
            return f"{read}({self.gate(name)}[0], 1)"
        return f"{self.gate(name)}.{'acquire' if name in self.counted else 'wait'}()"

    def opening(self, name: str, count: int) -> list[str]:
        """The statements that open a gate for ``count``."""
        if self.forking:
            return [f'os.write({self.gate(name)}[1], b"x" * {count})']
        if name not in self.counted:
            return [f"{self.gate(name)}.set()"]
        each = f"{self.gate(name)}.release()"
        return [each] if count == 1 else [f"for _ in range({count}):", f"    {each}"]
