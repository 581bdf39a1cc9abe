"""Counting, the same for every report: by level, by verdict, and by teardown.

There is no number across implementations, and no percentage: counts per level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sockproof.judge.verdict import Conformance, TeardownVerdict, Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.report.judged import standing
from sockproof.report.reference import differing
from sockproof.report.text import counted
from sockproof.spec.levels import Level

__all__ = [
    "LevelCount",
    "Tally",
    "extra_texts",
    "headline",
    "inherited_words",
    "shown_extra",
    "shown_levels",
    "shows_teardown",
    "subject_word",
    "tally",
]

# Requirements that are named of what is inherited; the rest is counted.
_NAMED = 4


@dataclass(frozen=True)
class LevelCount:
    """The cases of one level: ``total`` is without those that were not applicable, or deviate as
    the author of a class has chosen."""

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

    ``known`` cases deviate as was expected, ``inherited`` ones as the interpreter's own module
    does, ``chosen`` ones by what a user's class may set; ``differs`` cases observed something else
    than the reference, None where there is none.
    """

    levels: Mapping[Level, LevelCount]
    verdicts: Mapping[Verdict, int]
    known: int
    inherited: int
    chosen: int
    differs: int | None
    teardown: Mapping[TeardownVerdict, int]
    conformance: Conformance

    @property
    def cases(self) -> int:
        return sum(self.verdicts.values())

    @property
    def unclean(self) -> bool:
        """Some case left something behind."""
        return bool(self._leaks)

    @property
    def teardown_words(self) -> str:
        """``clean``, or ``2 leaks, 1 still running``; ``not checked`` when no case was checked."""
        return self._leaks or ("clean" if self.teardown[TeardownVerdict.CLEAN] else "not checked")

    @property
    def _leaks(self) -> str:
        leaked = self.teardown[TeardownVerdict.LEAKED]
        running = self.teardown[TeardownVerdict.STILL_RUNNING]
        words = {counted(leaked, "leak"): leaked, f"{running} still running": running}
        return ", ".join(text for text, number in words.items() if number)


def tally(record: Record) -> Tally:
    """Count a record's cases."""
    held = (case for case in record.cases if not case.as_chosen)
    by_pair = Counter((record.level_of(case), case.verdict) for case in held)
    by_verdict = Counter(case.verdict for case in record.cases)
    by_teardown = Counter(case.teardown.verdict for case in record.cases)
    return Tally(
        levels={level: _level_count(level, by_pair) for level in Level},
        verdicts={verdict: by_verdict[verdict] for verdict in Verdict},
        known=sum(case.as_known for case in record.cases),
        inherited=sum(case.as_inherited for case in record.cases),
        chosen=sum(case.as_chosen for case in record.cases),
        differs=len(differing(record)) if record.reference else None,
        teardown={verdict: by_teardown[verdict] for verdict in TeardownVerdict},
        conformance=standing(record),
    )


def _level_count(level: Level, by_pair: Mapping[tuple[Level, Verdict], int]) -> LevelCount:
    told_apart = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
    return LevelCount(*(by_pair.get((level, verdict), 0) for verdict in told_apart))


def shown_levels(tallies: Sequence[Tally]) -> tuple[Level, ...]:
    """The levels worth a column: MAY only where some implementation has a case at it."""
    has_may = any(one.levels[Level.MAY].total for one in tallies)
    return tuple(level for level in Level if level is not Level.MAY or has_may)


def shown_extra(tallies: Sequence[Tally]) -> list[str]:
    """The columns that only some runs need: deviations by whose they are, and what ``differs``."""
    return [
        name
        for name in ("known", "inherited", "chosen", "differs")
        if any(getattr(one, name) for one in tallies)
    ]


def extra_texts(one: Tally, names: Sequence[str]) -> list[str]:
    """The cells of those columns; a dash where there is nothing to be held against."""
    values = [getattr(one, name) for name in names]
    return ["–" if value is None else str(value) for value in values]


def headline(records: Sequence[Record]) -> str:
    """``2,715 cases, 1 implementation``; not applicable cases are counted, too."""
    n_cases = sum(len(record.cases) for record in records)
    return f"{counted(n_cases, 'case')}, {counted(len(records), subject_word(records))}"


def subject_word(records: Sequence[Record]) -> str:
    """What the records are of: servers that were checked from outside, else implementations."""
    return "server" if records and all(one.subject for one in records) else "implementation"


def shows_teardown(records: Sequence[Record]) -> bool:
    """Whether teardowns were judged in any of them: a check judges none."""
    return not records or any(one.subject is None for one in records)


def inherited_words(record: Record) -> list[str]:
    """A line for each implementation that deviations are inherited from: how many there are, and of
    which requirements."""
    found: dict[str, list[CaseRow]] = {}
    for case in record.cases:
        if case.as_inherited and case.inherited:
            found.setdefault(case.inherited.of, []).append(case)
    lines = []
    for of, cases in found.items():
        ids = list(dict.fromkeys(case.requirement for case in cases))
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        what = f"{counted(len(cases), 'case')}, as {of}'s own module does"
        lines.append(f"{what}: {', '.join(ids[:_NAMED])}{more}")
    return lines
