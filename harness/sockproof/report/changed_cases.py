"""Finds what has changed between two records, case by case and requirement by requirement."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.record.scope import scope_of
from sockproof.report.attention_groups import what_happened
from sockproof.report.changes import Change, Kind
from sockproof.report.findings import hashes_of
from sockproof.report.reference import ABSENT, differences, value_text
from sockproof.spec.levels import Level, holds_between, parse_python_level

__all__ = ["changes_of_cases", "changes_of_rows", "holds"]

_PROMISES = (Level.MUST, Level.SHOULD)
_NOT_KNOWN = (Verdict.ERROR, Verdict.INCONCLUSIVE)


def changes_of_rows(baseline: Record, other: Record) -> Iterator[Change]:
    """Requirements whose level or title is another."""
    for id_, row in other.requirements.items():
        before = baseline.requirements.get(id_)
        if before and before.level is not row.level:
            yield Change(Kind.LEVEL, row, before.level.value, row.level.value)
        if before and before.title != row.title:
            yield Change(Kind.TITLE, row, before.title, row.title)


def changes_of_cases(baseline: Record, other: Record) -> Iterator[Change]:
    """Each change of each case by itself; ``other`` has ``baseline`` as its reference.

    A case is gone, or new, where the record that lacks it can speak about it.
    """
    was_played, is_played = scope_of(baseline).holds, scope_of(other).holds
    was_found, is_found = hashes_of(baseline), hashes_of(other)
    for before in baseline.cases:
        now = other.case(before.id)
        if now is not None:
            is_same = now.id in is_found and is_found[now.id] == was_found.get(now.id)
            yield from _changes_of(_Pair(baseline, other, before, now, is_same))
        elif is_played(before.id, before.spec):
            yield _gone(baseline.requirement_of(before), before)
    for now in other.cases:
        if baseline.case(now.id) is None and was_played(now.id, now.spec):
            row, verdict = other.requirement_of(now), now.verdict.value
            yield Change(Kind.NEW, row, "", verdict, why=_why(now), places=(now.place,))


def _gone(row: RequirementRow, before: CaseRow) -> Change:
    """A promise that nobody looks at any more may well be broken."""
    looked_at = before.verdict is not Verdict.NOT_APPLICABLE and row.level in _PROMISES
    places = (before.place,)
    return Change(Kind.GONE, row, before.verdict.value, regression=looked_at, places=places)


@dataclass(frozen=True)
class _Pair:
    """A case as it was and as it is now; ``other`` has the baseline as its reference.

    ``is_same_finding``: a check has failed of the same cause, whatever the figures are.
    """

    baseline: Record
    other: Record
    before: CaseRow
    now: CaseRow
    is_same_finding: bool = False

    @property
    def row(self) -> RequirementRow:
        return self.other.requirement_of(self.now)

    def change(self, kind: Kind, was: str, now: str, **more: Any) -> Change:
        """A change of the case; ``more`` are fields of :class:`Change`."""
        return Change(kind, self.row, was, now, places=(self.now.place,), **more)


def _changes_of(pair: _Pair) -> Iterator[Change]:
    before, now = pair.before, pair.now
    if before.verdict is not now.verdict:
        yield _verdict_change(pair)
    yield from _teardown_change(pair)
    if before.verdict is now.verdict is Verdict.FAIL:
        yield from _message_change(pair)
    for one in differences(pair.other, now):
        texts = value_text(one.reference), value_text(one.seen)
        if texts[0] == texts[1] and ABSENT not in (one.reference, one.seen):
            texts = json.dumps(one.reference), json.dumps(one.seen)  # a number, and it as a text
        yield pair.change(Kind.OBSERVATION, *texts, name=one.name)


# The kind of a changed verdict, by what it is now; of one that passes now, by what it was.
_NOW: Mapping[Verdict, Kind] = {
    Verdict.FAIL: Kind.FAILING,
    Verdict.NOT_APPLICABLE: Kind.LOST,
    **dict.fromkeys(_NOT_KNOWN, Kind.UNKNOWN),
}
_NOW_PASSES: Mapping[Verdict, Kind] = {
    Verdict.FAIL: Kind.PASSING,
    Verdict.NOT_APPLICABLE: Kind.APPLICABLE,
}


def _verdict_change(pair: _Pair) -> Change:
    was, now = pair.before.verdict, pair.now.verdict
    kind = _NOW.get(now) or _NOW_PASSES.get(was, Kind.VERDICT)
    if was in _NOT_KNOWN and kind is Kind.UNKNOWN:
        kind = Kind.VERDICT
    if kind is Kind.LOST and not holds(pair.other, pair.row):
        kind = Kind.ENDS
    if kind is Kind.APPLICABLE and not holds(pair.baseline, pair.row):
        kind = Kind.BEGINS
    known = pair.now.known.reason if pair.now.known and pair.now.as_known else ""
    lost = kind is Kind.LOST and was is Verdict.PASS and pair.row.level in _PROMISES
    counts = (lost or kind is Kind.FAILING) and not known
    why = _why(pair.before if now is Verdict.PASS else pair.now)
    return pair.change(kind, was.value, now.value, regression=counts, why=why, known=known)


def _why(case: CaseRow) -> str:
    if case.verdict is Verdict.FAIL and case.expected:
        return f"expected {case.expected}, got {case.actual}"
    return case.reason if case.verdict is Verdict.NOT_APPLICABLE else what_happened(case)


def holds(record: Record, row: RequirementRow) -> bool:
    """Whether the requirement is one of the record's Python level; so, where that is not told."""
    try:
        level = parse_python_level(record.implementation.level)
        since, until = (parse_python_level(text) if text else () for text in (row.since, row.until))
    except ValueError:
        return True
    return holds_between(level, since, until)


def _teardown_change(pair: _Pair) -> Iterator[Change]:
    before, now = pair.before.teardown, pair.now.teardown
    kind = _teardown_kind(pair)
    if before.verdict is not now.verdict and kind is not None:
        known = pair.now.known.reason if pair.now.known and pair.now.known.teardown else ""
        counts = kind is Kind.UNCLEAN and not known
        why = ", ".join(now.leaks or before.leaks)
        texts = before.verdict.value, now.verdict.value
        yield pair.change(kind, *texts, regression=counts, why=why, known=known)


def _teardown_kind(pair: _Pair) -> Kind | None:
    """The kind of another teardown verdict; None where the verdict tells it already."""
    before, now = pair.before, pair.now
    unchecked = TeardownVerdict.NOT_CHECKED in (before.teardown.verdict, now.teardown.verdict)
    if unchecked and before.verdict is now.verdict is Verdict.FAIL:
        return Kind.TEARDOWN  # whether a dying process could still be asked is a race
    if before.teardown.unclean is not now.teardown.unclean:
        return Kind.UNCLEAN if now.teardown.unclean else Kind.CLEAN
    return None if unchecked and before.verdict is not now.verdict else Kind.TEARDOWN


def _message_change(pair: _Pair) -> Iterator[Change]:
    before, now = pair.before, pair.now
    if (before.expected, before.actual) == (now.expected, now.actual) or pair.is_same_finding:
        return
    if before.expected == now.expected:
        yield pair.change(Kind.MESSAGE, before.actual, now.actual, name="actual")
    else:
        yield pair.change(Kind.MESSAGE, _why(before), _why(now))
