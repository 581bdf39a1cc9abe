"""The transcript: what both ends of a case did and saw, merged into one order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from sockproof.iut.case_log import CaseLog, Entry
from sockproof.iut.outcomes import Event
from sockproof.iut.process import CaseProcess
from sockproof.record.evidence import Octets, TranscriptEvent

__all__ = ["evidence_of", "transcript_of"]

# Characters of stderr and stdout that a row keeps: enough for the tracebacks of a case.
_OUTPUT_KEPT = 8000


def transcript_of(log: CaseLog) -> tuple[TranscriptEvent, ...]:
    """Both sides by time, each side's own order kept. Times count from the case's beginning."""
    lanes = _Lanes(log.pid)
    server = [_entry(event, lanes.lane(event)) for event in log.events]
    both = [*_never_back(log.entries), *_never_back(server)]
    both.sort(key=lambda entry: entry.at_s)
    return tuple(_told(entry, log.start_s) for entry in both)


def evidence_of(log: CaseLog, process: CaseProcess | None) -> dict[str, Any]:
    """What a row keeps of a case that needs a look: the transcript, and what the process printed,
    by the fields of the row."""
    output = dict(process.output) if process else {}
    kept = {name: text[:_OUTPUT_KEPT] for name, text in output.items()}
    for name, dropped in (process.dropped_octets if process else {}).items():
        if dropped:
            kept[name] += f"\n... and {dropped} octets more"
    return {"transcript": transcript_of(log), **kept}


def _told(entry: Entry, start_s: float) -> TranscriptEvent:
    payload = Octets.from_json(entry.payload) if entry.payload is not None else None
    at_s = round(entry.at_s - start_s, 6)
    return TranscriptEvent(at_s, entry.lane, entry.what, payload, entry.note, entry.error)


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
