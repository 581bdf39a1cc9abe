"""Transcripts as lines of a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from sockproof.record.evidence import RECORDS, TranscriptEvent
from sockproof.report.text import one_line

__all__ = ["LONGEST", "event_line", "lines_of", "print_events"]

LONGEST = 4000
"""Characters of what a record or an implementation says in one line."""


def print_events(
    console: Console, events: Sequence[TranscriptEvent], marked: TranscriptEvent | None = None
) -> None:
    """A line for each, one of which is marked."""
    for event in events:
        mark = ">" if marked is not None and event is marked else " "
        console.print(f"{mark} {event_line(event)}", markup=False)


def lines_of(events: Sequence[TranscriptEvent]) -> str:
    """A line for each, as one text."""
    return "\n".join(map(event_line, events))


def event_line(event: TranscriptEvent) -> str:
    """When, who, what."""
    octets = event.octets
    told = ""
    if octets is not None:
        text = repr(octets.text.encode("latin-1", "replace"))
        told = text if octets.length <= 60 else f"{octets.length} octets, {text[:60]}…"
    words = [told, event.note, event.error]
    if event.what in RECORDS:
        words = [event.note, told]  # what they are says more than what is in them
    more = "  ".join(filter(None, words))
    return one_line(
        f"{event.t_s * 1e3:9.2f} ms  {event.lane:9} {event.what}  {more}".rstrip(), LONGEST
    )
