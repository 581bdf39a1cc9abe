"""Holds one record against another, the baseline: everything that is not the same, in groups.

What is the same change on several server specs is one :class:`Change` with all their places.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sockproof.record.reader import Record
from sockproof.report.changes import FOLDED, Change, Kind, changes_of_cases, changes_of_rows
from sockproof.report.places import in_order
from sockproof.spec.levels import Level

__all__ = ["Comparison", "compare", "renamed"]

_WITH_REASON = (*FOLDED, Kind.BEGINS, Kind.ENDS)
"""Kinds of which a change for another reason is another change."""


@dataclass(frozen=True)
class Comparison:
    """A record beside its baseline; ``common`` is the number of cases that are in both."""

    baseline: Record
    other: Record
    changes: tuple[Change, ...]
    common: int

    @property
    def identical(self) -> bool:
        return not self.changes

    @property
    def incomplete(self) -> list[Record]:
        return [record for record in (self.baseline, self.other) if not record.complete]

    @property
    def regressions(self) -> list[Change]:
        return [change for change in self.changes if change.regression]

    @cached_property
    def by_kind(self) -> Mapping[Kind, list[Change]]:
        """The kinds there are, in the order of :class:`Kind`."""
        found: dict[Kind, list[Change]] = {kind: [] for kind in Kind}
        for change in self.changes:
            found[change.kind].append(change)
        return {kind: changes for kind, changes in found.items() if changes}


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
    return Comparison(baseline, other, tuple(_grouped(single, baseline, other)), common)


def _grouped(single: Iterable[Change], baseline: Record, other: Record) -> list[Change]:
    """The same change on several places as one, with the number of places there are."""
    groups: dict[Change, list[Change]] = {}
    for change in single:
        reason = change.why if change.kind in _WITH_REASON else ""
        groups.setdefault(dataclasses.replace(change, why=reason, places=()), []).append(change)
    whole = [
        dataclasses.replace(
            members[0],
            places=in_order(place for member in members for place in member.places),
            of=_count(key.requirement.id, baseline if key.kind is Kind.GONE else other),
        )
        for key, members in groups.items()
    ]
    kinds, levels = list(Kind), list(Level)
    order = {id_: n for n, id_ in enumerate([*other.requirements, *baseline.requirements])}

    def position(change: Change) -> tuple[int, bool, int, int]:
        row = change.requirement
        kind, level = kinds.index(change.kind), levels.index(row.level)
        return kind, not change.regression, level, order[row.id]

    return sorted(whole, key=position)


def _count(requirement_id: str, record: Record) -> int:
    return sum(case.requirement == requirement_id for case in record.cases)
