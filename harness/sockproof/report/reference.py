"""The shipped reference: what the CPython of a level was seen to do, to hold other records against.

A case *differs* where an observation is not the reference's of the Python level that the
implementation claims. That is no failure: nobody promised it. ``--strict`` makes it count. A case
that the reference does not hold, because its requirement is newer, never differs: it is counted.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow
from sockproof.report.text import counted, version_numbers

__all__ = [
    "ABSENT",
    "Difference",
    "DifferenceGroup",
    "deviates_as_well",
    "difference_groups",
    "differences",
    "differing",
    "not_in_reference",
    "value_text",
    "with_references",
]

# Modules that records of reference are shipped of, as a record names them.
_SHIPPED = ("", "socket")
# What is shown where one of the two has no such observation.
ABSENT = "(not observed)"


@dataclass(frozen=True)
class Difference:
    """One observation of a case: its name, the reference's value, and the value seen."""

    name: str
    reference: Any
    seen: Any


def with_references(records: Iterable[Record], folder: Path) -> list[Record]:
    """The records, each with the reference of its module and level; without one where none is
    shipped. ``folder`` has those of socketserver, and in folders those of other modules.

    Raises:
        RecordError: a reference cannot be read.
    """
    shipped = {judged: _by_level(folder / judged) for judged in _SHIPPED}
    read: dict[Path, Record] = {}
    found = []
    for record in records:
        level = version_numbers(record.implementation.level)[:2]
        path = shipped.get(record.implementation.judged, {}).get(level)
        if path is not None and path not in read:
            read[path] = read_record(path)
        found.append(dataclasses.replace(record, reference=read[path]) if path else record)
    return found


def _by_level(folder: Path) -> dict[tuple[int, ...], Path]:
    shipped = sorted(folder.glob("cpython-*.jsonl"))
    return {version_numbers(path.stem.removeprefix("cpython-"))[:2]: path for path in shipped}


def differences(record: Record, case: CaseRow) -> tuple[Difference, ...]:
    """Where a case's observations are not the reference's.

    Where the two have not the same verdict, only what both observed is compared: a case that
    failed half-way saw less. What one of them did not play, or could not, does not differ, and
    neither does what a check has measured.
    """
    own = _in_reference(record, case)
    if own is None or Verdict.NOT_APPLICABLE in (own.verdict, case.verdict):
        return ()
    names: Sequence[str] = list(dict.fromkeys((*own.observations, *case.observations)))
    if record.subject:
        names = [name for name in names if _is_steady(own, name) and _is_steady(case, name)]
    if own.verdict is not case.verdict:
        names = [name for name in names if name in own.observations and name in case.observations]
    pairs = [
        Difference(name, own.observations.get(name, ABSENT), case.observations.get(name, ABSENT))
        for name in names
    ]
    return tuple(one for one in pairs if one.reference != one.seen)


def _is_steady(case: CaseRow, name: str) -> bool:
    """Whether a check sees the same each time: what it measures is another each time."""
    return isinstance(case.observations.get(name, ""), str | bool)


def _in_reference(record: Record, case: CaseRow) -> CaseRow | None:
    return record.reference.case(case.id) if record.reference else None


def differing(record: Record) -> dict[str, tuple[Difference, ...]]:
    """The differences of a record's cases by case id; those that have none are left out."""
    found = {case.id: differences(record, case) for case in record.cases}
    return {case_id: own for case_id, own in found.items() if own}


def not_in_reference(records: Iterable[Record]) -> str:
    """How many cases have nothing to be held against as yet, and what to type; empty if none."""
    held = [record for record in records if record.reference]
    n_new = sum(_in_reference(record, case) is None for record in held for case in record.cases)
    if not n_new:
        return ""
    what = f"{counted(n_new, 'case')} {'is' if n_new == 1 else 'are'}"
    return f"{what} not yet in the reference of the level: make reference"


@dataclass(frozen=True)
class DifferenceGroup:
    """The ids of the cases of one requirement that differ in the same way; never empty."""

    record: Record
    difference: Difference
    cases: list[str]


def difference_groups(records: Iterable[Record]) -> list[DifferenceGroup]:
    """The differences of records, those that are the same on several specs together."""
    groups: dict[tuple[str, ...], DifferenceGroup] = {}
    for record in records:
        for case in record.cases:
            for one in differences(record, case):
                values = value_text(one.reference), value_text(one.seen)
                key = (str(id(record)), case.requirement, one.name, *values)
                group = groups.setdefault(key, DifferenceGroup(record, one, []))
                group.cases.append(case.id)
    return list(groups.values())


def value_text(value: object) -> str:
    """An observed value as reports show it; in quotes where nothing else would be to be seen."""
    shown = isinstance(value, str) and value.strip()
    return str(value) if shown else json.dumps(value, ensure_ascii=False)


def deviates_as_well(record: Record, case: CaseRow) -> bool:
    """Whether the reference has the same verdict: then the culprit may be older than the module."""
    own = _in_reference(record, case)
    return own is not None and own.deviates and own.verdict is case.verdict
