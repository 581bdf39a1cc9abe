"""The strip at the top of the page: each implementation's run in words and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sockproof.record.reader import Record
from sockproof.record.scope import completeness
from sockproof.report.reference import differing
from sockproof.report.tally import LevelCount, Tally
from sockproof.report.text import one_line

__all__ = ["RunColumn", "bar_parts", "case_counts", "distinct"]

# Hundredths of a bar: one failure of a thousand cases is to be seen.
BAR_LEAST = 5.0


@dataclass(frozen=True)
class RunColumn:
    """What the top strip and the matrix's heading say of one record; ``id`` names its column."""

    id: str
    record: Record
    counted: Tally

    @property
    def version(self) -> str:
        about = self.record.implementation
        return one_line(f"{about.name} {about.version}".strip(), 60)

    @property
    def completeness(self) -> str:
        """``yes``, ``partial`` or ``no``."""
        return completeness(self.record)

    @property
    def about(self) -> list[str]:
        """Python, platform, module and command, as far as the header tells."""
        about = self.record.implementation
        if self.record.subject:
            versions = self.record.subject.versions.items()
            known = ", ".join(f"{name} {version}" for name, version in versions)
            told = (about.name, about.given, known, self.record.platform)
            return [one_line(fact, 120) for fact in told if fact]
        module = f"module {about.module}" if about.module not in ("", "socketserver") else ""
        given = f"--iut {about.given}" if about.given else ""
        level = f"level {about.level}" if not about.version.startswith(about.level) else ""
        facts = (self.version, level, self.record.platform, module, given)
        return [one_line(fact, 120) for fact in facts if fact]

    def parts(self, count: LevelCount) -> list[tuple[str, float, float]]:
        """A level's bar: letter, start and width of each verdict, in hundredths of the whole."""
        numbers = {"P": count.passed, "F": count.failed}
        return bar_parts(numbers | {"I": count.inconclusive, "E": count.error})


def bar_parts(numbers: Mapping[str, int]) -> list[tuple[str, float, float]]:
    """Letter, start and width of each number that is not 0; none is too narrow to be seen."""
    shown = {letter: number for letter, number in numbers.items() if number}
    widths = {k: max(BAR_LEAST, 100 * n / sum(shown.values())) for k, n in shown.items()}
    scale, start = 100 / (sum(widths.values()) or 1), 0.0
    parts = []
    for letter, width in widths.items():
        parts.append((letter, round(start, 2), round(width * scale, 2)))
        start += width * scale
    return parts


def case_counts(records: Sequence[Record]) -> dict[str, int]:
    """The cases of all columns by verdict, and how many left something behind, for the filters."""
    cases = [case for record in records for case in record.cases]
    own = [case for case in cases if not (case.as_known or case.as_inherited or case.as_chosen)]
    counts = Counter(case.verdict.value for case in own)
    counts["known"] = sum(case.as_known for case in cases)
    counts["inherited"] = sum(case.as_inherited for case in cases)
    counts["chosen"] = sum(case.as_chosen for case in cases)
    counts["stale"] = sum(case.stale for case in cases)
    counts["differs"] = sum(len(differing(record)) for record in records)
    counts["teardown"] = sum(case.teardown.unclean for case in cases)
    return dict(counts)


def distinct(records: Sequence[Record], key: str) -> list[str]:
    """The values of a header's key, each once, in order; a record of reference tells no time."""
    return sorted({one_line(str(record.header.get(key, "")), 60) for record in records} - {""})
