"""Counting, the same for every report: by level, by verdict, by teardown, and what needs attention.

There is no number across implementations, and no percentage: counts per level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sockproof.judge.verdict import Conformance, TeardownVerdict, Verdict, conformance
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.report.reference import differing
from sockproof.spec.levels import Level

__all__ = [
    "STALE",
    "Attention",
    "LevelCount",
    "Tally",
    "attention_across",
    "attention_groups",
    "count_cases",
    "extra_texts",
    "kind_of_attention",
    "needs_attention",
    "shown_extra",
    "shown_levels",
    "tally",
    "teardown_words",
    "what_happened",
]

_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
_LEVELS = tuple(Level)
STALE = "STALE"
"""The kind of attention that an expectation needs which is no longer so."""


@dataclass(frozen=True)
class LevelCount:
    """The cases of one level: ``total`` is without those that were not applicable."""

    passed: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.inconclusive + self.error

    @property
    def whole(self) -> bool:
        """Every applicable case passed; a case at OBSERVED passes by being observed."""
        return self.passed == self.total

    def __str__(self) -> str:
        return f"{self.passed}/{self.total}"


@dataclass(frozen=True)
class Tally:
    """One implementation's run, counted.

    ``known`` cases deviate as was expected; ``differs`` cases observed something else than the
    reference, None where there is none.
    """

    levels: Mapping[Level, LevelCount]
    verdicts: Mapping[Verdict, int]
    known: int
    differs: int | None
    teardown: Mapping[TeardownVerdict, int]
    conformance: Conformance

    @property
    def cases(self) -> int:
        return sum(self.verdicts.values())


def tally(record: Record) -> Tally:
    """Count a record's cases."""
    pairs = [(record.level_of(case), case.verdict) for case in record.cases]
    by_pair = Counter(pairs)
    by_verdict = Counter(verdict for _, verdict in pairs)
    by_teardown = Counter(case.teardown.verdict for case in record.cases)
    return Tally(
        levels={level: _level_count(level, by_pair) for level in Level},
        verdicts={verdict: by_verdict[verdict] for verdict in Verdict},
        known=sum(case.as_known for case in record.cases),
        differs=len(differing(record)) if record.reference else None,
        teardown={verdict: by_teardown[verdict] for verdict in TeardownVerdict},
        conformance=conformance(pairs),
    )


def _level_count(level: Level, by_pair: Mapping[tuple[Level, Verdict], int]) -> LevelCount:
    counted = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
    return LevelCount(*(by_pair.get((level, verdict), 0) for verdict in counted))


def shown_levels(tallies: Sequence[Tally]) -> tuple[Level, ...]:
    """The levels worth a column: MAY only where some implementation has a case at it."""
    has_may = any(one.levels[Level.MAY].total for one in tallies)
    return tuple(level for level in Level if level is not Level.MAY or has_may)


def shown_extra(tallies: Sequence[Tally]) -> list[str]:
    """The columns that only some runs need: ``known`` deviations, and what ``differs``."""
    return [name for name in ("known", "differs") if any(getattr(one, name) for one in tallies)]


def extra_texts(counted: Tally, names: Sequence[str]) -> list[str]:
    """The cells of those columns; a dash where there is nothing to be held against."""
    values = [getattr(counted, name) for name in names]
    return ["–" if value is None else str(value) for value in values]


def count_cases(records: Sequence[Record]) -> int:
    """All cases of all records, not applicable ones too."""
    return sum(len(record.cases) for record in records)


def teardown_words(counted: Tally) -> str:
    """``clean``, or ``2 leaks, 1 still running``, or ``not checked`` when no case was checked."""
    leaked = counted.teardown[TeardownVerdict.LEAKED]
    running = counted.teardown[TeardownVerdict.STILL_RUNNING]
    if not leaked and not running:
        checked = counted.teardown[TeardownVerdict.CLEAN]
        return "clean" if checked else "not checked"
    leaks = f"{leaked} leak{'' if leaked == 1 else 's'}" if leaked else ""
    return ", ".join(filter(None, (leaks, f"{running} still running" if running else "")))


def needs_attention(record: Record) -> list[CaseRow]:
    """The cases that FAIL, ERROR or are INCONCLUSIVE, left something behind, or are stale.

    None of those that ended as was expected of them. Gravest first: FAIL by level, ERROR,
    INCONCLUSIVE, unclean teardown, stale; then as recorded.
    """
    return sorted(
        (case for case in record.cases if case.needs_attention),
        key=lambda case: _gravity(case, record.level_of(case)),
    )


def _gravity(case: CaseRow, level: Level) -> tuple[int, int]:
    """The lower, the graver: verdict first, then level."""
    verdict = _FIRST.index(case.verdict) if case.verdict in _FIRST else len(_FIRST)
    verdict += kind_of_attention(case) == STALE
    return verdict, _LEVELS.index(level)


def kind_of_attention(case: CaseRow) -> str:
    """One word or two: the verdict, or the teardown verdict where the verdict is no trouble."""
    if case.known and case.known.stale:
        return STALE
    return case.verdict.value if case.verdict in _FIRST else case.teardown.verdict.value


def what_happened(case: CaseRow) -> str:
    """The one text that says most: the actual behaviour, the reason, or what was left behind."""
    if case.known and case.known.stale:
        return f"{case.known.stale} ({case.known.file}: {case.known.reason})"
    if case.verdict in _FIRST:
        return case.actual or case.reason
    return ", ".join(case.teardown.leaks) or case.reason


@dataclass(frozen=True)
class Attention:
    """Cases of one requirement that need attention in the same way; never empty."""

    requirement: str
    level: Level
    kind: str
    cases: tuple[CaseRow, ...]

    @property
    def first(self) -> CaseRow:
        return self.cases[0]

    @property
    def gravity(self) -> tuple[int, int]:
        """For sorting, gravest first: verdict, then level."""
        return _gravity(self.first, self.level)


def attention_groups(record: Record) -> list[Attention]:
    """:func:`needs_attention`, with the cases of a requirement that share a verdict together."""
    groups: dict[tuple[str, str], list[CaseRow]] = {}
    for case in needs_attention(record):
        groups.setdefault((case.requirement, kind_of_attention(case)), []).append(case)
    return [
        Attention(requirement, record.requirements[requirement].level, kind, tuple(cases))
        for (requirement, kind), cases in groups.items()
    ]


def attention_across(records: Sequence[Record]) -> list[tuple[Record, Attention]]:
    """The groups of all records, gravest first whichever implementation they are of."""
    entries = [(record, group) for record in records for group in attention_groups(record)]
    return sorted(entries, key=lambda entry: entry[1].gravity)
