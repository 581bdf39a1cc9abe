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
from sockproof.spec.levels import PythonLevel, parse_python_level

__all__ = [
    "ABSENT",
    "Difference",
    "DifferenceGroup",
    "deviates_as_well",
    "difference_groups",
    "differences",
    "differing",
    "not_yet_told",
    "value_text",
    "with_references",
]

ABSENT = "(not observed)"
"""What is shown where one of the two has no such observation."""


@dataclass(frozen=True)
class Difference:
    """One observation of a case: its name, the reference's value, and the value seen."""

    name: str
    reference: Any
    seen: Any


def with_references(records: Iterable[Record], folder: Path) -> list[Record]:
    """The records, each with the reference of its level; without one where none is shipped.

    Raises:
        RecordError: a reference cannot be read.
    """
    paths = {_level_of(path): path for path in sorted(folder.glob("cpython-*.jsonl"))}
    read: dict[Path, Record] = {}
    found = []
    for record in records:
        path = paths.get(_minor(record.implementation.level))
        if path is not None and path not in read:
            read[path] = read_record(path)
        found.append(dataclasses.replace(record, reference=read[path]) if path else record)
    return found


def _level_of(path: Path) -> PythonLevel:
    """``(3, 13)`` of ``cpython-3.13.0.jsonl``; empty for a name that is no version's."""
    return _minor(path.stem.removeprefix("cpython-"))


def _minor(text: str) -> PythonLevel:
    try:
        return parse_python_level(text)[:2]
    except ValueError:
        return ()


def differences(record: Record, case: CaseRow) -> tuple[Difference, ...]:
    """Where a case's observations are not the reference's.

    Where the two have not the same verdict, only what both observed is compared: a case that
    failed half-way saw less. What one of them did not play, or could not, does not differ.
    """
    own = record.reference.case(case.id) if record.reference else None
    if own is None or Verdict.NOT_APPLICABLE in (own.verdict, case.verdict):
        return ()
    names: Sequence[str] = list(dict.fromkeys((*own.observations, *case.observations)))
    if own.verdict is not case.verdict:
        names = [name for name in names if name in own.observations and name in case.observations]
    told = [
        Difference(name, own.observations.get(name, ABSENT), case.observations.get(name, ABSENT))
        for name in names
    ]
    return tuple(one for one in told if one.reference != one.seen)


def differing(record: Record) -> dict[str, tuple[Difference, ...]]:
    """The differences of a record's cases by case id; those that have none are left out."""
    found = {case.id: differences(record, case) for case in record.cases}
    return {case_id: told for case_id, told in found.items() if told}


def not_yet_told(records: Iterable[Record]) -> str:
    """How many cases have nothing to be held against as yet, and what to type; empty if none."""
    n_new = sum(
        record.reference.case(case.id) is None
        for record in records
        if record.reference
        for case in record.cases
    )
    if not n_new:
        return ""
    what = "1 case is" if n_new == 1 else f"{n_new:,} cases are"
    return f"{what} not yet in the reference of the level: make reference"


@dataclass(frozen=True)
class DifferenceGroup:
    """The cases of one requirement that differ in the same way; never empty."""

    requirement: str
    difference: Difference
    cases: tuple[str, ...]


def difference_groups(record: Record) -> list[DifferenceGroup]:
    """The differences of a record, those that are the same on several specs together."""
    groups: dict[tuple[str, str, str, str], list[tuple[str, Difference]]] = {}
    for case in record.cases:
        for one in differences(record, case):
            values = value_text(one.reference), value_text(one.seen)
            key = (case.requirement, one.name, *values)
            groups.setdefault(key, []).append((case.id, one))
    return [
        DifferenceGroup(key[0], members[0][1], tuple(case_id for case_id, _ in members))
        for key, members in groups.items()
    ]


def value_text(value: object) -> str:
    """An observed value as reports show it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def deviates_as_well(record: Record, case: CaseRow) -> bool:
    """Whether the reference has the same verdict: then the culprit may be older than the module."""
    own = record.reference.case(case.id) if record.reference else None
    return own is not None and own.deviates and own.verdict is case.verdict
