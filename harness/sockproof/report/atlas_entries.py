"""What changed at which version of Python: every requirement and observation over many records.

The records of CPython stand in the order of their versions; whatever else there is stands beside
them, each held against the CPython of its level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sockproof.errors import UsageError
from sockproof.record.reader import Record
from sockproof.record.rows import RequirementRow
from sockproof.report.changes import Change, Kind
from sockproof.report.comparison import Comparison, compare
from sockproof.report.strands import Cases, Strand, cases_by_requirement, in_words, strands
from sockproof.report.text import column_names, counted, one_line, version_numbers
from sockproof.spec.area_names import SOCKETS, module_of
from sockproof.spec.levels import PythonLevel, format_python_level

__all__ = ["Atlas", "AtlasEntry", "Boundary", "Column", "make_atlas"]

# What comes first when one asks what a version brings.
_FIRST = (Kind.BEGINS, Kind.ENDS, Kind.APPLICABLE, Kind.LOST)


@dataclass(frozen=True)
class Column:
    """One record: its label, and the version of CPython it is of, empty for anything else."""

    label: str
    record: Record
    version: PythonLevel = ()


@dataclass(frozen=True)
class Boundary:
    """A column beside the one before it, or beside the CPython of its level."""

    old: Column
    new: Column
    comparison: Comparison

    @property
    def title(self) -> str:
        """``What changes from 3.11 to 3.12``, or ``pypy-7.3.11 beside CPython 3.9``."""
        if self.new.version:
            return f"What changes from {self.old.label} to {self.new.label}"
        return f"{one_line(self.new.label, 80)} beside CPython {self.old.label}"

    @property
    def kinds(self) -> list[tuple[Kind, list[Change]]]:
        """The changes by their kind, promises first."""
        by_kind = self.comparison.by_kind
        return [(k, by_kind[k]) for k in dict.fromkeys((*_FIRST, *Kind)) if k in by_kind]


@dataclass(frozen=True)
class AtlasEntry:
    """One requirement over all columns: its verdicts, and its observations by name.

    ``changes`` tells whether any of it is not the same in all versions.
    """

    requirement: RequirementRow
    verdicts: tuple[Strand, ...]
    observations: Mapping[str, tuple[Strand, ...]]
    changes: bool

    @property
    def strands(self) -> list[tuple[str, Strand]]:
        """The verdicts under no name, then the observations under theirs."""
        named = {"": self.verdicts, **self.observations}
        return [(name, strand) for name, found in named.items() for strand in found]

    @property
    def plain(self) -> bool:
        """Every strand shows one thing in all columns, so that no table is needed."""
        return all(len(set(strand.cells)) == 1 for _, strand in self.strands)


@dataclass(frozen=True)
class Atlas:
    """``versions`` are in order; ``others`` follow them, as columns of every strand, too.

    ``unchanged`` is how many requirements are the same in all versions, told in ``entries`` or not.
    """

    versions: tuple[Column, ...]
    others: tuple[Column, ...]
    boundaries: tuple[Boundary, ...]
    beside: tuple[Boundary, ...]
    entries: tuple[AtlasEntry, ...]
    unchanged: int

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*self.versions, *self.others)

    @property
    def overview(self) -> str:
        """Which columns there are, and of which module, in a sentence."""
        labels = [column.label for column in self.versions]
        span = f", {labels[0]} to {labels[-1]}" if len(labels) > 1 else "".join([" ", *labels])
        modules = {module_of(one.requirement.area) for one in self.entries}
        whose = "CPython's socket" if modules == {SOCKETS} else "CPython"
        text = f"{counted(len(labels), 'version')} of {whose}{span}".rstrip()
        others = ", ".join(one_line(column.label, 80) for column in self.others)
        return f"{text}; beside them {others}" if others else text

    def spans(self, strand: Strand) -> list[tuple[str, str]]:
        """Each value of a strand with when it holds, and what other columns show beside them.

        Of these, only what is not as in the CPython of their level.
        """
        n = len(self.versions)
        peers = {one.new.label: self.versions.index(one.old) for one in self.beside}
        own = [
            (cell, column.label)
            for cell, column in zip(strand.cells[n:], self.others, strict=True)
            if cell is not None
            and not (column.label in peers and strand.cells[peers[column.label]] == cell)
        ]
        alone = "every CPython" if own else "the same everywhere"
        return in_words([one.label for one in self.versions], strand.cells[:n], alone) + own


def make_atlas(records: Sequence[Record], first: str = "", last: str = "") -> Atlas:
    """The atlas of these records, of the versions from ``first`` to ``last``, ``3.8`` to ``3.13``.

    Raises:
        UsageError: a bound is no version on record, or they are in the wrong order; a record is of
            a check, which knows no versions.
    """
    for record in records:
        if record.subject:
            problem = f"{record.path} is of a check: an atlas is of versions of Python"
            raise UsageError(problem, "see 'sockproof compare'")
    versions, others = _columns(records)
    versions = _between(versions, first, last)
    boundaries = [_boundary(old, new) for old, new in pairwise(versions)]
    peers = {column.version[:2]: column for column in versions}
    beside = [
        _boundary(peers[level], column)
        for column in others
        if (level := version_numbers(column.record.implementation.level)[:2]) in peers
    ]
    entries = _entries((*versions, *others), len(versions))
    changed = [entry for entry in entries if entry.changes]
    shown = changed if first or last else entries
    unchanged = len(entries) - len(changed)
    return Atlas(versions, others, tuple(boundaries), tuple(beside), tuple(shown), unchanged)


def _boundary(old: Column, new: Column) -> Boundary:
    return Boundary(old, new, compare(old.record, new.record))


def _columns(records: Sequence[Record]) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """Those of CPython's own module, a version each, and the others as they were given."""
    own: dict[PythonLevel, Record] = {}
    others: list[tuple[str, Record]] = []
    for record, name in zip(records, column_names(records), strict=True):
        version = _version(record)
        if version and version not in own:
            own[version] = record
        else:
            others.append((name, record))
    minors = [version[:2] for version in own]
    versions = []
    for version in sorted(own):
        label = format_python_level(version if minors.count(version[:2]) > 1 else version[:2])
        versions.append(Column(label, own[version], version))
    return tuple(versions), tuple(Column(name, record) for name, record in others)


def _version(record: Record) -> PythonLevel:
    """``(3, 13, 0)`` of CPython 3.13.0 with its own module; empty for anything else."""
    about = record.implementation
    is_own = about.name == "CPython" and about.id == f"cpython-{about.version}"
    return version_numbers(about.version) if is_own else ()


def _between(columns: tuple[Column, ...], first: str, last: str) -> tuple[Column, ...]:
    bounds = [_position(columns, text) for text in (first, last)]
    start, end = bounds[0][0], bounds[1][-1]
    if first and last and start >= end:
        raise UsageError(f"{first} to {last} is not a step forward", "give the older version first")
    return columns[start : end + 1]


def _position(columns: tuple[Column, ...], text: str) -> list[int]:
    """The numbers of the columns of a version; of all columns where none is named."""
    level = version_numbers(text)
    found = [n for n, column in enumerate(columns) if column.version[: len(level)] == level]
    if text and not (level and found):
        labels = ", ".join(column.label for column in columns)
        raise UsageError(f"no record of CPython {text}", f"on record: {labels or 'none'}")
    return found or [0, -1]


def _entries(columns: Sequence[Column], n_versions: int) -> list[AtlasEntry]:
    """Every requirement, in the order of the newest record that has it; areas together."""
    rows: dict[str, RequirementRow] = {}
    for column in columns:
        rows |= column.record.requirements
    order = {id_: n for column in columns for n, id_ in enumerate(column.record.requirements)}
    by_area = sorted(rows.values(), key=lambda row: (row.area, order[row.id]))
    cases = [cases_by_requirement(column.record) for column in columns]
    records = [column.record for column in columns]
    return [_entry(row, records, cases, n_versions) for row in by_area]


def _entry(
    row: RequirementRow, records: Sequence[Record], cases: Sequence[Cases], n_versions: int
) -> AtlasEntry:
    verdicts, observations = strands(row, records, [one.get(row.id, {}) for one in cases])
    every = [*verdicts, *(one for found in observations.values() for one in found)]
    changes = any(len(set(one.cells[:n_versions]) - {None}) > 1 for one in every)
    return AtlasEntry(row, verdicts, observations, changes)
