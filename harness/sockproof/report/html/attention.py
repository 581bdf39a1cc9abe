"""The list that the page opens on: what needs attention, by requirement, gravest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import RequirementRow
from sockproof.report.html.matrix_view import case_label, letter
from sockproof.report.tally import STALE, Attention, attention_groups, what_happened
from sockproof.report.text import one_line, visible

__all__ = ["AttentionEntry", "Finding", "attention_list", "fragment"]

CHIPS = 5


def fragment(iut: str, case_id: str) -> str:
    """The part of the page's address that opens the drawer of one case."""
    return "#" + urlencode({"iut": visible(iut), "case": visible(case_id)})


@dataclass(frozen=True)
class Sufferer:
    """One implementation's cases of a finding, out of ``of`` that it has of the requirement."""

    iut: str
    group: Attention
    of: int

    @property
    def address(self) -> str:
        return fragment(self.iut, self.group.first.id)

    @property
    def count(self) -> str:
        return f"{len(self.group.cases)} of {self.of} case{'' if self.of == 1 else 's'}"


@dataclass(frozen=True)
class Finding:
    """The same trouble with one requirement, on one implementation or several; never empty."""

    who: list[Sufferer]

    @property
    def group(self) -> Attention:
        return self.who[0].group

    @property
    def kind(self) -> str:
        return self.group.kind

    @property
    def letter(self) -> str:
        """The mark; T for an unclean teardown, S for a stale expectation."""
        if self.kind == STALE:
            return "S"
        trouble = self.group.first.verdict
        known = trouble in (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
        return letter(trouble, self.group.level) if known else "T"

    @property
    def text(self) -> str:
        return one_line(what_happened(self.group.first), 400)

    @property
    def expected(self) -> str:
        return _expected(self.group)

    @property
    def count(self) -> str:
        """``3 of 40 cases``, where it is the same on all of them; else nothing."""
        counts = {one.count for one in self.who}
        return counts.pop() if len(counts) == 1 else ""

    @property
    def _labels(self) -> dict[str, str]:
        """The address of every server spec concerned, on the first implementation that has it."""
        found: dict[str, str] = {}
        for one in self.who:
            for case in one.group.cases:
                found.setdefault(case_label(case) or "open", fragment(one.iut, case.id))
        return found

    @property
    def chips(self) -> list[tuple[str, str]]:
        """Label and address of the first cases."""
        found = self._labels
        return [(one_line(label, 60), found[label]) for label in list(found)[:CHIPS]]

    @property
    def more(self) -> int:
        return max(0, len(self._labels) - CHIPS)


def _expected(group: Attention) -> str:
    return one_line(group.first.expected, 400) if group.first.verdict is Verdict.FAIL else ""


@dataclass
class AttentionEntry:
    """A requirement, and the findings of every implementation that has trouble with it."""

    requirement: RequirementRow
    by_text: dict[tuple[str, ...], Finding] = field(default_factory=dict)

    def add(self, one: Sufferer) -> None:
        """Put an implementation with the others that show the same, where there are any."""
        key = (one.group.kind, _expected(one.group), what_happened(one.group.first))
        self.by_text.setdefault(key, Finding([])).who.append(one)

    @property
    def findings(self) -> list[Finding]:
        return list(self.by_text.values())

    @property
    def expected(self) -> str:
        """What was expected, when the findings agree on it."""
        texts = {finding.expected for finding in self.findings if finding.expected}
        return texts.pop() if len(texts) == 1 else ""

    @property
    def gravity(self) -> tuple[int, int]:
        return min(finding.group.gravity for finding in self.findings)


def attention_list(records: Sequence[Record], names: Sequence[str]) -> list[AttentionEntry]:
    """Every requirement that needs attention somewhere, gravest first; columns by ``names``."""
    entries: dict[str, AttentionEntry] = {}
    for name, record in zip(names, records, strict=True):
        of = Counter(case.requirement for case in record.cases)
        for group in attention_groups(record):
            row = record.requirements[group.requirement]
            entry = entries.setdefault(group.requirement, AttentionEntry(row))
            entry.add(Sufferer(name, group, of[group.requirement]))
    return sorted(entries.values(), key=lambda entry: entry.gravity)
