"""The matrix of the page: requirements by area, the cases under them, a cell per implementation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sockproof.judge.verdict import TeardownVerdict, Verdict, worst
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.report.reference import differences
from sockproof.report.text import visible
from sockproof.spec.levels import Level

__all__ = ["Cell", "MatrixRow", "build_matrix", "case_label", "letter", "link"]

_LETTERS = {
    Verdict.PASS: "P",
    Verdict.FAIL: "F",
    Verdict.INCONCLUSIVE: "I",
    Verdict.ERROR: "E",
    Verdict.NOT_APPLICABLE: "N",
}
_LETTER_WORDS = {"K": ", known deviation", "S": ", stale expectation"}
_LETTER_WORDS |= {"H": ", inherited from the interpreter's own module", "C": ", chosen"}


def letter(verdict: Verdict, level: Level) -> str:
    """The mark of a verdict: P F I E N, and O for what was observed and not judged."""
    observed = level is Level.OBSERVED and verdict is Verdict.PASS
    return "O" if observed else _LETTERS[verdict]


def link(source: str) -> str:
    """The source when it is a web address, else nothing: no other scheme becomes a link."""
    return source if source.lower().startswith(("https://", "http://")) else ""


def case_label(case: CaseRow) -> str:
    """What is in the brackets of a case id; ``=`` and the whole id where it has another form."""
    usual = (case.requirement, f"{case.requirement}[{case.place}]")
    return case.place if case.id in usual else "=" + case.id


@dataclass
class MatrixRow:
    """One requirement: its cases by label, of each implementation the one that it has, or None."""

    requirement: RequirementRow
    number: int = 0
    cases: dict[str, list[CaseRow | None]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return visible(self.requirement.id)

    @property
    def title(self) -> str:
        return visible(self.requirement.title)

    def of(self, iut: int) -> list[CaseRow]:
        """The cases that one implementation has."""
        return [case for by_iut in self.cases.values() if (case := by_iut[iut])]

    @property
    def varies(self) -> bool:
        """Some case has another verdict or observation on another implementation."""
        return any(_vary(by_iut) for by_iut in self.cases.values())


def _vary(cases: Iterable[CaseRow | None]) -> bool:
    """Not all of those that the case is applicable to show the same."""
    shown = [
        (case.verdict, _steady(case.observations))
        for case in cases
        if case and case.verdict is not Verdict.NOT_APPLICABLE
    ]
    return any(one != shown[0] for one in shown)


def _steady(observations: Mapping[str, Any]) -> dict[str, Any]:
    """Without floats: those are times, which differ from run to run."""
    return {name: value for name, value in observations.items() if not isinstance(value, float)}


@dataclass(frozen=True)
class Cell:
    """One requirement on one implementation, summed up."""

    letter: str
    verdict: str
    passed: int
    total: int
    unclean: str
    differs: int = 0

    @property
    def count(self) -> str:
        return f"{self.passed}/{self.total}" if self.total else ""

    @property
    def says(self) -> str:
        """The cell in words, for whoever cannot see it."""
        words = f"{self.verdict.replace('_', ' ').lower()}, {self.passed} of {self.total} passed"
        words += _LETTER_WORDS.get(self.letter, "")
        words += f", {self.differs} differing from the reference" if self.differs else ""
        return words + (f", teardown {self.unclean}" if self.unclean else "")


def cell(cases: Sequence[CaseRow], level: Level, record: Record) -> Cell | None:
    """The cases of one requirement on one implementation as a cell; None when there are none."""
    if not cases:
        return None
    verdict = worst(case.verdict for case in cases if case.verdict is not Verdict.NOT_APPLICABLE)
    unclean = {case.teardown.verdict for case in cases if case.teardown.unclean}
    order = (TeardownVerdict.STILL_RUNNING, TeardownVerdict.LEAKED)
    return Cell(
        _cell_letter(cases, letter(verdict, level)),
        verdict.value,
        sum(case.verdict is Verdict.PASS for case in cases),
        sum(case.verdict is not Verdict.NOT_APPLICABLE for case in cases),
        next((gravest.value for gravest in order if gravest in unclean), ""),
        sum(bool(differences(record, case)) for case in cases),
    )


def _cell_letter(cases: Sequence[CaseRow], otherwise: str) -> str:
    """S when an expectation is stale; when nothing that deviates is its own, C if all of that is
    chosen, H if all is inherited, else K."""
    if any(case.stale for case in cases):
        return "S"
    deviating = [case for case in cases if case.deviates]
    if not deviating or any(case.needs_attention for case in deviating):
        return otherwise
    if all(case.as_chosen for case in deviating):
        return "C"
    return "H" if all(case.as_inherited for case in deviating) else "K"


def build_matrix(records: Sequence[Record]) -> dict[str, list[MatrixRow]]:
    """The requirements of all records by area, in the order they were selected."""
    rows: dict[str, MatrixRow] = {}
    for record in records:
        for requirement in record.requirements.values():
            rows.setdefault(requirement.id, MatrixRow(requirement))
    for number, record in enumerate(records):
        for case in record.cases:
            by_label = rows[case.requirement].cases
            by_label.setdefault(case_label(case), [None] * len(records))[number] = case
    areas: dict[str, list[MatrixRow]] = {}
    for row in rows.values():
        areas.setdefault(visible(row.requirement.area), []).append(row)
    for number, row in enumerate(row for members in areas.values() for row in members):
        row.number = number
    return areas
