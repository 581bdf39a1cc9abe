"""Holds one record against another, the baseline: everything that is not the same, in groups.

What is the same change on several server specs is one :class:`Change` with all their places.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sockproof.record.reader import Record
from sockproof.record.scope import scope_of
from sockproof.report.changed_cases import changes_of_cases, changes_of_rows
from sockproof.report.changes import Change, Kind
from sockproof.report.places import in_order
from sockproof.report.text import counted
from sockproof.spec.levels import Level

__all__ = ["Comparison", "compare", "renamed"]


@dataclass(frozen=True)
class Comparison:
    """A record beside its baseline; ``common`` is the number of cases that are in both, and
    ``unknown`` that of cases in one of which the other cannot speak."""

    baseline: Record
    other: Record
    changes: tuple[Change, ...]
    common: int
    unknown: int = 0

    @property
    def identical(self) -> bool:
        return not self.changes

    @property
    def incomplete(self) -> list[Record]:
        return [record for record in (self.baseline, self.other) if not record.complete]

    @property
    def partial(self) -> str:
        """``partial: -k 'flush'``, if one of the two is of less than the whole suite."""
        words = dict.fromkeys(scope_of(one).partial for one in (self.baseline, self.other))
        return " | ".join(f"partial: {text}" for text in words if text)

    @property
    def regressions(self) -> list[Change]:
        return [change for change in self.changes if change.regression]

    @cached_property
    def by_kind(self) -> Mapping[Kind, list[Change]]:
        """The kinds there are, in the order of :class:`Kind`."""
        found = {kind: [one for one in self.changes if one.kind is kind] for kind in Kind}
        return {kind: changes for kind, changes in found.items() if changes}

    @property
    def summary(self) -> str:
        """``1,486 cases in both: 3 newly failing, 1 gone``, or that they are identical."""
        if self.identical:
            return f"identical, {self.cases}"
        kinds = ", ".join(f"{len(changes)} {kind}" for kind, changes in self.by_kind.items())
        return f"{self.cases}: {kinds}"

    @property
    def cases(self) -> str:
        """``1,486 cases in both``, and how many there are of which one of the two cannot speak."""
        cases = f"{counted(self.common, 'case')} in both"
        return f"{cases}, {self.unknown:,} not played in one of them" if self.unknown else cases


def renamed(record: Record, renames: Mapping[str, str]) -> Record:
    """The record with the requirement ids of today; an id that it has already is never doubled."""
    due: dict[str, str] = {}
    for old, new in renames.items():
        if old in record.requirements and new not in (*record.requirements, *due.values()):
            due[old] = new
    if not due:
        return record
    rows = [
        dataclasses.replace(row, id=due.get(id_, id_), area=due.get(id_, id_).partition("/")[0])
        for id_, row in record.requirements.items()
    ]
    cases = [
        dataclasses.replace(case, id=new + case.id[len(case.requirement) :], requirement=new)
        if (new := due.get(case.requirement, ""))
        else case
        for case in record.cases
    ]
    return dataclasses.replace(
        record, requirements={row.id: row for row in rows}, cases=tuple(cases)
    )


def compare(baseline: Record, other: Record) -> Comparison:
    """All that is not in ``other`` as it is in ``baseline``, gravest first."""
    held = dataclasses.replace(other, reference=baseline)
    single = [*changes_of_cases(baseline, held), *changes_of_rows(baseline, other)]
    common = sum(baseline.case(case.id) is not None for case in other.cases)
    unknown = _unknown(baseline, other) + _unknown(other, baseline)
    return Comparison(baseline, other, tuple(_grouped(single, baseline, other)), common, unknown)


def _unknown(one: Record, other: Record) -> int:
    """How many cases of the one the other has not, and cannot speak about."""
    is_played = scope_of(other).holds
    return sum(
        other.case(case.id) is None and not is_played(case.id, case.spec) for case in one.cases
    )


def _grouped(single: Iterable[Change], baseline: Record, other: Record) -> list[Change]:
    """The same change on several places as one, with the number of places there are."""
    groups: dict[Change, list[Change]] = {}
    for change in single:
        reason = change.why if change.kind.by_reason or change.kind.of_promise else ""
        groups.setdefault(dataclasses.replace(change, why=reason, places=()), []).append(change)
    numbers = [Counter(case.requirement for case in one.cases) for one in (baseline, other)]
    whole = []
    for key, members in groups.items():
        of = numbers[key.kind is not Kind.GONE][key.requirement.id]
        places = in_order(place for member in members for place in member.places)
        whole.append(dataclasses.replace(members[0], places=places, of=of))
    kinds, levels = list(Kind), list(Level)
    order = {id_: n for n, id_ in enumerate([*other.requirements, *baseline.requirements])}

    def position(change: Change) -> tuple[int, bool, int, int]:
        row = change.requirement
        kind, level = kinds.index(change.kind), levels.index(row.level)
        return kind, not change.regression, level, order[row.id]

    return sorted(whole, key=position)
