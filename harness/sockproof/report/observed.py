"""What one case observes, beside what the records of reference have of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sockproof.record.rows import CaseRow
from sockproof.report.reference import ABSENT, value_text
from sockproof.report.text import one_line, version_numbers

__all__ = ["observed_lines", "rows_of_references"]


def rows_of_references(case_id: str, folder: Path) -> dict[str, CaseRow]:
    """The case in each record of the folder that has it, by the record's name; oldest first."""
    mark = f'"id":{json.dumps(case_id)},'.encode()
    found = {}
    for path in sorted(folder.glob("*.jsonl"), key=_by_version):
        for line in path.read_bytes().splitlines():
            if mark in line:
                found[path.stem] = CaseRow.from_json(json.loads(line))
    return found


def _by_version(path: Path) -> tuple[str, tuple[int, ...]]:
    name, _, version = path.stem.partition("-")
    return name, version_numbers(version)


def observed_lines(row: CaseRow, others: Mapping[str, CaseRow]) -> Iterable[str]:
    """Each observation with its value, and below it which of the others show the same, and what the
    rest show instead."""
    names = dict.fromkeys(name for one in (row, *others.values()) for name in one.observations)
    for name in names:
        own = value_text(row.observations.get(name, ABSENT))
        yield f"{one_line(name, 120)}: {one_line(own, 300)}"
        by_value: dict[str, list[str]] = {}
        for who, other in others.items():
            by_value.setdefault(value_text(other.observations.get(name, ABSENT)), []).append(who)
        same = by_value.pop(own, [])
        if same:
            yield f"  the same: {_named(same)}"
        for value, rest in by_value.items():
            yield f"  {one_line(value, 300)}: {_named(rest)}"


def _named(who: Sequence[str]) -> str:
    return ", ".join(one_line(one, 60) for one in who)
