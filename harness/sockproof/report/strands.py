"""One requirement over many records: what each of its places shows, folded where places agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.report.changed_cases import holds
from sockproof.report.places import in_order, place_words
from sockproof.report.reference import ABSENT, value_text
from sockproof.spec.levels import Level

__all__ = [
    "Cases",
    "Segment",
    "Strand",
    "cases_by_requirement",
    "in_words",
    "joined",
    "segments",
    "strands",
]

# What one place shows in one record; None where there is nothing to be seen.
Cell = str | None
# The cases of a record by requirement, then by place.
Cases = dict[str, dict[str, CaseRow]]


@dataclass(frozen=True)
class Strand:
    """The places that show the same in every record, and what: a cell per record.

    ``of`` is the number of places that the requirement has.
    """

    places: tuple[str, ...]
    cells: tuple[Cell, ...]
    of: int

    @property
    def where(self) -> str:
        """The places in words; nothing where all agree."""
        return "" if len(self.places) == self.of else place_words(self.places, self.of)


def strands(
    row: RequirementRow, records: Sequence[Record], played: Sequence[Mapping[str, CaseRow]]
) -> tuple[tuple[Strand, ...], dict[str, tuple[Strand, ...]]]:
    """The verdicts of a requirement, and its observations by name; a cell per record in each.

    ``played`` has the requirement's cases of each record, by place.
    """
    places = in_order({place for cases in played for place in cases})
    columns = list(zip(records, played, strict=True))
    verdicts = {
        place: tuple(_state(record, row, cases.get(place)) for record, cases in columns)
        for place in places
    }
    observed = [cases[place] for cases in played for place in cases]
    names = dict.fromkeys(name for case in observed for name in case.observations)
    return _folded(verdicts), {
        name: _folded({place: _seen(name, place, played) for place in places}) for name in names
    }


def cases_by_requirement(record: Record) -> Cases:
    found: Cases = {}
    for case in record.cases:
        found.setdefault(case.requirement, {})[case.place] = case
    return found


def _folded(by_place: Mapping[str, tuple[Cell, ...]]) -> tuple[Strand, ...]:
    """Places with the same cells together; those where nothing is ever seen are left out."""
    groups: dict[tuple[Cell, ...], list[str]] = {}
    for place, cells in by_place.items():
        if any(cell is not None for cell in cells):
            groups.setdefault(cells, []).append(place)
    of = sum(map(len, groups.values()))
    return tuple(Strand(tuple(places), cells, of) for cells, places in groups.items())


_STATES: Mapping[Verdict, str] = {
    Verdict.PASS: "kept",
    Verdict.FAIL: "broken",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.INCONCLUSIVE: "not known",
    Verdict.ERROR: "not known",
}


def _state(record: Record, row: RequirementRow, case: CaseRow | None) -> Cell:
    """``kept``, ``observed``, ``broken``, ``not promised``, ``not applicable``, ``not known``."""
    if case is None:
        return None
    state = _STATES[case.verdict]
    if case.verdict is Verdict.NOT_APPLICABLE and not holds(record, row):
        state = "not promised"
    if case.verdict is Verdict.PASS and row.level is Level.OBSERVED:
        state = "observed"
    return f"{state}, {case.teardown.verdict.value}" if case.teardown.unclean else state


def _seen(name: str, place: str, played: Iterable[Mapping[str, CaseRow]]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for cases in played:
        case = cases.get(place)
        if case is None or case.verdict is Verdict.NOT_APPLICABLE:
            cells.append(None)
        else:
            cells.append(value_text(case.observations.get(name, ABSENT)))
    return tuple(cells) if set(cells) - {None, ABSENT} else (None,) * len(cells)


class Segment(NamedTuple):
    """Columns ``first`` to ``last`` that show the same; numbers from 0."""

    first: int
    last: int
    cell: Cell


def segments(cells: Sequence[Cell]) -> list[Segment]:
    """The cells with their neighbours that are the same."""
    groups = [list(group) for _, group in groupby(enumerate(cells), key=lambda item: item[1])]
    return [Segment(members[0][0], *members[-1]) for members in groups]


def in_words(labels: Sequence[str], cells: Sequence[Cell], whole: str) -> list[tuple[str, str]]:
    """Each value with when it holds: ``since 3.12``, ``until 3.6``, ``2.7 only``, ``3.7 to 3.8``.

    One value throughout is ``whole``; columns with nothing to be seen are skipped.
    """
    end = len(labels) - 1
    found = []
    for first, last, cell in segments(cells):
        when = f"until {labels[last]}" if first == 0 else f"{labels[first]} to {labels[last]}"
        if first == last:
            when = f"{labels[first]} only"
        if last == end:
            when = f"since {labels[first]}"
        if (first, last) == (0, end):
            when = whole if end else labels[0]
        if cell is not None:
            found.append((cell, when))
    return found


def joined(when: str) -> str:
    """As it stands behind a value: ``5, the same everywhere``, ``bytes since 3.6``."""
    return f" {when}" if when.startswith(("since", "until")) or when[:1].isdigit() else f", {when}"
