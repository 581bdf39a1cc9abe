"""A record while it is read: its rows so far, each held against those before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.errors import ChangedRecord, RecordError
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import (
    AttributionRow,
    CaseRow,
    FooterRow,
    RequirementRow,
    counts_by_level,
    counts_by_verdict,
)

__all__ = ["RecordDraft"]

_NO_FOOTER = "the run ended before the record's last line was written"


@dataclass
class RecordDraft:
    """What has been read so far; ``cut_at`` is the number of a last line that was cut.

    Every case is kept as ``keep`` returns it.
    """

    keep: Callable[[CaseRow], CaseRow]
    requirements: dict[str, RequirementRow] = field(default_factory=dict)
    cases: dict[str, CaseRow] = field(default_factory=dict)
    footer: FooterRow | None = None
    cut_at: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Take the next row.

        Raises:
            RecordError: it is none, or not one that can follow.
        """
        kinds: Mapping[object, Callable[[Mapping[str, Any]], None]] = {
            RequirementRow.KIND: self._add_requirement,
            CaseRow.KIND: self._add_case,
            AttributionRow.KIND: self._attribute,
            FooterRow.KIND: self._end,
        }
        kind = row.get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            raise RecordError(f"unknown kind of line: {kind!r:.80}", "upgrade sockproof")
        if self.footer is not None:
            raise RecordError("a line after the footer", "keep one run to a file")
        kinds[kind](row)

    def _add_requirement(self, row: Mapping[str, Any]) -> None:
        requirement = RequirementRow.from_json(row)
        if requirement.id in self.requirements:
            raise RecordError(f"requirement {requirement.id!r:.80} is there twice", "run again")
        self.requirements[requirement.id] = requirement

    def _add_case(self, row: Mapping[str, Any]) -> None:
        case = CaseRow.from_json(row)
        if case.id in self.cases:
            raise RecordError(f"case {case.id!r:.80} is there twice", "keep one run to a file")
        if case.requirement not in self.requirements:
            raise RecordError(f"case {case.id!r:.80} belongs to no requirement listed above it")
        kept = self.keep(case)
        self.cases[kept.id] = kept

    def _attribute(self, row: Mapping[str, Any]) -> None:
        told = AttributionRow.from_json(row)
        if told.case not in self.cases:
            problem = f"what is said of case {told.case!r:.80} is said before it"
            raise RecordError(problem, "run again")
        case = self.cases[told.case]
        self.cases[told.case] = dataclasses.replace(
            case,
            inherited=told.inherited or case.inherited,
            override=told.override or case.override,
        )

    def _end(self, row: Mapping[str, Any]) -> None:
        self.footer = FooterRow.from_json(row)

    def incomplete_reason(self) -> str:
        """Why the run is not whole; empty when it is.

        Raises:
            ChangedRecord: the footer counts as many cases as there are, and other ones.
        """
        if self.cut_at:
            return f"line {self.cut_at} was cut in the middle"
        if self.footer is None:
            return _NO_FOOTER
        counted = sum(self.footer.counts.values())
        if counted == len(self.cases):
            self._refuse_other_counts(self.footer)
        if not self.footer.complete:
            return self.footer.reason or "the run was stopped"
        if counted != len(self.cases):
            return f"the footer counts {counted} cases, the file holds {len(self.cases)}"
        return ""

    def _refuse_other_counts(self, footer: FooterRow) -> None:
        found = [(self.requirements[one.requirement].level, one) for one in self.cases.values()]
        counts = counts_by_verdict(case.verdict for _, case in found)
        for verdict in Verdict:
            told = footer.counts.get(verdict.value, 0)
            if told != counts[verdict.value]:
                raise ChangedRecord(_unlike(verdict.value, told, counts[verdict.value]))
        levels = counts_by_level((level, case.verdict) for level, case in found)
        for level in {**footer.levels, **levels} if footer.levels else ():
            if footer.levels.get(level, {}) != levels.get(level, {}):
                told = sum(footer.levels.get(level, {}).values())
                raise ChangedRecord(_unlike(level, told, sum(levels.get(level, {}).values())))


def _unlike(what: str, told: int, found: int) -> str:
    return f"the footer counts {told} {what}, and the lines above it are {found}"
