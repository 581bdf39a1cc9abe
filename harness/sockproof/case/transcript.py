"""The transcript: what both ends of a case did and saw, merged into one order."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sockproof.iut.outcomes import Event
from sockproof.iut.values import octets

__all__ = ["Entry", "Transcript"]


@dataclass(frozen=True)
class Entry:
    """One line: when (seconds of this machine's monotonic clock), in which lane, what.

    ``payload`` is what :func:`sockproof.iut.values.octets` tells, or None.
    """

    at_s: float
    lane: str
    what: str
    payload: dict[str, Any] | None = None
    note: str = ""
    error: str = ""

    def to_json(self, start_s: float) -> dict[str, Any]:
        told: dict[str, Any] = {
            "t_s": round(self.at_s - start_s, 6),
            "lane": self.lane,
            "what": self.what,
            "octets": self.payload,
            "note": self.note,
            "error": self.error,
        }
        return {key: value for key, value in told.items() if value not in (None, "")}


@dataclass
class Transcript:
    """Collects the peers' entries; the server's events are merged in when it is read."""

    start_s: float = field(default_factory=time.monotonic)
    entries: list[Entry] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(
        self, lane: str, what: str, data: bytes | None = None, note: str = "", error: str = ""
    ) -> None:
        """Add an entry that happened now."""
        payload = None if data is None else octets(data)
        with self._lock:
            self.entries.append(Entry(time.monotonic(), lane, what, payload, note, error))

    def merged(self, events: Iterable[Event], case_pid: int) -> list[dict[str, Any]]:
        """Both sides by time, each side's own order kept, as plain data for the record."""
        lanes = _Lanes(case_pid)
        server = [_entry(event, lanes.lane(event)) for event in events]
        both = [*_never_back(self.entries), *_never_back(server)]
        both.sort(key=lambda entry: entry.at_s)
        return [entry.to_json(self.start_s) for entry in both]


def _never_back(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Times that do not decrease: of two threads the later to read the clock may write first."""
    latest_s = 0.0
    for entry in entries:
        latest_s = max(latest_s, entry.at_s)
        yield dataclasses.replace(entry, at_s=latest_s)


class _Lanes:
    """Names for the threads and processes of a case that do not differ from run to run."""

    def __init__(self, case_pid: int) -> None:
        self._case_pid = case_pid
        self._names: dict[tuple[int, str], str] = {}

    def lane(self, event: Event) -> str:
        key = (event.pid, event.thread if event.pid == self._case_pid else "")
        if key not in self._names:
            self._names[key] = self._new_name(event)
        return self._names[key]

    def _new_name(self, event: Event) -> str:
        if event.pid != self._case_pid:
            children = sum(pid != self._case_pid for pid, _ in self._names)
            return f"child {children + 1}"
        if event.thread == "MainThread" or event.thread.startswith("serve_forever"):
            return "server"
        handlers = sum(name.startswith("thread") for name in self._names.values())
        return f"thread {handlers + 1}"


def _entry(event: Event, lane: str) -> Entry:
    fields = event.fields
    error = fields.get("error")
    what = " ".join(str(fields[k]) for k in ("method", "phase", "do") if fields.get(k))
    return Entry(
        event.at_s,
        lane,
        f"{event.name} {what}".strip(),
        fields.get("octets"),
        _note(event),
        f"{error['type']}: {error['text']}" if error else "",
    )


_TOLD_ELSEWHERE = ("method", "phase", "do", "octets", "error", "id", "label", "server")


def _note(event: Event) -> str:
    told = {k: v for k, v in event.fields.items() if k not in _TOLD_ELSEWHERE and v not in ("", [])}
    return " ".join(f"{key}={_shown(value)}" for key, value in told.items())


def _shown(value: Any) -> str:
    """A value as a reader wants it: a socket of the implementation by its descriptor."""
    if isinstance(value, dict) and "$socket" in value:
        return f"<socket on descriptor {value['$socket']}>"
    if isinstance(value, tuple | list):
        inner = ", ".join(map(_shown, value))
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    return repr(value)
