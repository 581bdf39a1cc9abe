"""What needs attention, the same for every report: cases in groups, gravest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.report.findings import hashes_of, place_in_check
from sockproof.spec.levels import Level

__all__ = ["STALE", "Attention", "attention_groups", "is_of_finding", "what_happened"]

_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
# The kind of attention that an expectation needs which is no longer so.
STALE = "STALE"


@dataclass(frozen=True)
class Attention:
    """Cases of one requirement, or one finding, that need attention in the same way; never empty.

    ``kind`` is the verdict, or the teardown verdict where the verdict is no trouble, or STALE.
    ``hash`` is that of the finding; its ``requirement`` is that of its first case.
    """

    record: Record
    requirement: RequirementRow
    kind: str
    cases: list[CaseRow]
    hash: str = ""

    @property
    def requirements(self) -> list[str]:
        """The ids of those that show it."""
        return list(dict.fromkeys(case.requirement for case in self.cases))

    @property
    def first(self) -> CaseRow:
        return self.cases[0]

    @property
    def gravity(self) -> tuple[int, int]:
        """For sorting, gravest first: verdict, then level."""
        return _gravity(self.record, self.first)


def attention_groups(records: Iterable[Record]) -> list[Attention]:
    """What FAILs, ERRORs, is INCONCLUSIVE, left something behind, or is stale, gravest first.

    Nothing of what ended as was expected of it. Cases of a requirement that share a kind are
    together, of a check those of one finding, whatever requirements they are of; what is as grave
    stands as recorded, or as of a check its findings stand.
    """
    groups: dict[tuple[int, str, str], Attention] = {}
    for record in records:
        hashes = hashes_of(record)
        for case in (one for one in _as_told(record) if one.needs_attention):
            kind, row = _kind_of_attention(case), record.requirement_of(case)
            cause = hashes.get(case.id, "") if kind == Verdict.FAIL.value else ""
            group = Attention(record, row, kind, [], cause)
            groups.setdefault((id(record), kind, cause or row.id), group).cases.append(case)
    return sorted(groups.values(), key=lambda one: one.gravity)


def _as_told(record: Record) -> Iterable[CaseRow]:
    """Its cases, gravest first."""
    cases = record.cases
    if record.subject is not None:
        cases = tuple(sorted(cases, key=place_in_check(record)))
    return sorted(cases, key=lambda one: _gravity(record, one))


def is_of_finding(one: Attention) -> bool:
    """Whether a finding of a check tells of it."""
    return bool(one.hash)


def _gravity(record: Record, case: CaseRow) -> tuple[int, int]:
    """The lower, the graver: FAIL, ERROR, INCONCLUSIVE, unclean teardown, stale; then the level."""
    verdict = _FIRST.index(case.verdict) if case.verdict in _FIRST else len(_FIRST)
    return verdict + case.stale, list(Level).index(record.level_of(case))


def _kind_of_attention(case: CaseRow) -> str:
    if case.stale:
        return STALE
    return case.verdict.value if case.verdict in _FIRST else case.teardown.verdict.value


def what_happened(case: CaseRow) -> str:
    """The one text that says most: the actual behaviour, the reason, or what was left behind."""
    if case.known and case.known.stale:
        return f"{case.known.stale} ({case.known.file}: {case.known.reason})"
    if case.verdict in _FIRST:
        return case.actual or case.reason
    return ", ".join(case.teardown.leaks) or case.reason
