"""Holds a transcript against a stored one: what is the same in every run, and the first that is
not.

Compared is what is deterministic: who did what, with which octets, and which kind of error. Lanes
are compared one by one, since their steps interleave as they like; threads and children have no
order among themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sockproof.record.evidence import KEY_LOG, RECORDS, TranscriptEvent
from sockproof.record.rows import CaseRow

__all__ = ["CaseEnding", "TranscriptDifference", "ending_of", "first_difference"]

# Called as often as the loop goes round.
_POLLED = "service_actions"
_UNORDERED = re.compile(r"(thread|child) \d+")
_ERRNO = re.compile(r"\[Errno (\d+)\]")


@dataclass(frozen=True)
class _Step:
    """One step of a lane, without what varies. ``text`` begins what was carried."""

    what: str
    length: int
    text: str
    error: str
    event: TranscriptEvent

    def same(self, other: _Step) -> bool:
        known = min(len(self.text), len(other.text))
        texts = self.text[:known] == other.text[:known]
        mine, its = (self.what, self.length, self.error), (other.what, other.length, other.error)
        return texts and mine == its


@dataclass(frozen=True)
class TranscriptDifference:
    """The first step that differs: what was stored and what is there now; None where nothing is."""

    lane: str
    stored: TranscriptEvent | None
    found: TranscriptEvent | None


@dataclass(frozen=True)
class CaseEnding:
    """How a case ended, in what does not vary: verdict, teardown, and what it said of a failure.

    ``message`` has ``#`` for every number; ``words`` is what it said, for people.
    """

    verdict: str
    teardown: str
    message: str
    words: str = field(default="", compare=False)

    def __str__(self) -> str:
        is_unclean = self.teardown in ("leaked", "still running")
        return ": ".join(
            filter(
                None, [f"{self.verdict}{f', {self.teardown}' if is_unclean else ''}", self.words]
            )
        )


def ending_of(row: CaseRow) -> CaseEnding:
    """How a case ended."""
    told = "; ".join(filter(None, [row.expected, row.actual, row.reason.partition("\n")[0]]))
    message = re.sub(r"/tmp/sockproof-[\w/]*", "#", told)
    without_numbers = re.sub(r"\d+", "#", message)
    return CaseEnding(str(row.verdict), str(row.teardown.verdict), without_numbers, told)


def first_difference(
    stored: Sequence[TranscriptEvent], found: Sequence[TranscriptEvent]
) -> TranscriptDifference | None:
    """The first step that differs, of whatever lane; None when none does."""
    lanes = [_lanes(stored), _lanes(found)]
    told: list[TranscriptDifference] = []
    for lane in dict.fromkeys([*lanes[0], *lanes[1]]):
        pair = _paired(lanes[0].get(lane, []), lanes[1].get(lane, []))
        for mine, its in pair:
            difference = _of_lane(lane, mine, its)
            if difference:
                told.append(difference)
    return min(told, key=_when, default=None)


def _when(difference: TranscriptDifference) -> float:
    return min(one.t_s for one in (difference.found, difference.stored) if one is not None)


def _of_lane(lane: str, mine: Sequence[_Step], its: Sequence[_Step]) -> TranscriptDifference | None:
    for stored, found in zip(mine, its, strict=False):
        if not stored.same(found):
            return TranscriptDifference(lane, stored.event, found.event)
    if len(mine) == len(its):
        return None
    rest = mine[len(its) :], its[len(mine) :]
    return TranscriptDifference(
        lane, rest[0][0].event if rest[0] else None, rest[1][0].event if rest[1] else None
    )


def _lanes(events: Iterable[TranscriptEvent]) -> dict[str, list[list[_Step]]]:
    """The steps by lane; of threads and children, all those by one name."""
    lanes: dict[str, list[_Step]] = {}
    for event in events:
        if _POLLED not in event.what:
            _add(lanes.setdefault(event.lane, []), event)
    found: dict[str, list[list[_Step]]] = {}
    for lane, steps in lanes.items():
        match = _UNORDERED.fullmatch(lane)
        found.setdefault(match.group(1) if match else lane, []).append(steps)
    return found


def _add(steps: list[_Step], event: TranscriptEvent) -> None:
    """A step; of what is received in pieces, the pieces put together."""
    octets = None if event.what in (KEY_LOG, *RECORDS) else event.octets
    step = _Step(
        event.what,
        octets.length if octets else 0,
        octets.text if octets else "",
        _kind(event.error),
        event,
    )
    last = steps[-1] if steps else None
    if last is None or not (last.what == step.what == "receive") or event.note:
        steps.append(step)
        return
    whole = last.text if len(last.text) < last.length else last.text + step.text
    steps[-1] = _Step(last.what, last.length + step.length, whole, step.error, last.event)


def _kind(error: str) -> str:
    """The class or the number of an error: its text may name a port."""
    number = _ERRNO.search(error)
    return number.group(1) if number else error.partition(":")[0]


def _paired(
    mine: Sequence[list[_Step]], its: Sequence[list[_Step]]
) -> list[tuple[list[_Step], list[_Step]]]:
    """Lanes of the same name put side by side: those that agree first, then the rest in order."""
    left, right = list(mine), list(its)
    pairs = []
    for steps in mine:
        equal = next((other for other in right if _of_lane("", steps, other) is None), None)
        if equal is not None:
            pairs.append((steps, equal))
            left.remove(steps)
            right.remove(equal)
    longest = max(len(left), len(right))
    left += [[]] * (longest - len(left))
    right += [[]] * (longest - len(right))
    return pairs + list(zip(left, right, strict=True))
