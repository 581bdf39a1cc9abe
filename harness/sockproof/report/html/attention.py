"""The list that the page opens on: what needs attention, by requirement, gravest first; of a check
by finding, as the terminal counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.report.attention_groups import (
    STALE,
    Attention,
    attention_groups,
    what_happened,
)
from sockproof.report.class_changes import override_words
from sockproof.report.html.matrix_view import case_label, letter
from sockproof.report.text import one_line, visible

__all__ = ["AttentionEntry", "Finding", "attention_list", "fragment"]


def fragment(iut: str, case_id: str) -> str:
    """The part of the page's address that opens the drawer of one case."""
    return "#" + urlencode({"iut": visible(iut), "case": visible(case_id)})


def _is_applicable(case: CaseRow) -> bool:
    """Whether anything was looked at: only of such it is said how many there are."""
    return case.verdict is not Verdict.NOT_APPLICABLE


@dataclass(frozen=True)
class Sufferer:
    """One implementation's cases of a finding, and how many it has of the requirement."""

    iut: str
    group: Attention
    count: str

    @property
    def address(self) -> str:
        return fragment(self.iut, self.group.first.id)


@dataclass(frozen=True)
class Finding:
    """The same trouble with one requirement, on one implementation or several; never empty."""

    expected: str
    text: str
    who: list[Sufferer]

    @property
    def group(self) -> Attention:
        return self.who[0].group

    @property
    def letter(self) -> str:
        """The mark; T for an unclean teardown, S for a stale expectation."""
        if self.group.kind == STALE:
            return "S"
        trouble = self.group.first.verdict
        is_verdict = trouble in (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
        return letter(trouble, self.group.requirement.level) if is_verdict else "T"

    @property
    def override(self) -> str:
        """Of what in a user's class it comes, if that is known."""
        return one_line(override_words(self.group.first), 400)

    @property
    def cause(self) -> str:
        """Why the first of them failed, as far as its process has told."""
        return one_line(self.group.first.cause, 400)

    @property
    def hash(self) -> str:
        """Of a check the name of what was found."""
        return self.group.hash

    @property
    def as_well(self) -> list[str]:
        """The ids of other requirements that show the same finding."""
        told = dict.fromkeys(name for one in self.who for name in one.group.requirements)
        return [name for name in told if name != self.group.requirement.id]

    @property
    def count(self) -> str:
        """``3 of 40 cases``, where it is the same on all of them; else nothing."""
        counts = {one.count for one in self.who}
        return counts.pop() if len(counts) == 1 else ""

    @property
    def chips(self) -> list[tuple[str, str]]:
        """Each server spec concerned, and the address of the first implementation that has it."""
        found: dict[str, str] = {}
        for one in self.who:
            for case in one.group.cases:
                found.setdefault(self._label(case), fragment(one.iut, case.id))
        return list(found.items())

    def _label(self, case: CaseRow) -> str:
        """What tells the case from others of the finding."""
        label = case_label(case) or "open"
        if case.requirement == self.group.requirement.id:
            return label
        return f"{case.requirement.partition('/')[2]} {label}"


@dataclass
class AttentionEntry:
    """A requirement, and the findings of every implementation that has trouble with it; of checks
    one finding, on every server that has it."""

    requirement: RequirementRow
    by_text: dict[tuple[str, ...], Finding] = field(default_factory=dict)

    @property
    def findings(self) -> list[Finding]:
        return list(self.by_text.values())

    @property
    def expected(self) -> str:
        """What was expected, when the findings agree on it."""
        texts = {finding.expected for finding in self.findings if finding.expected}
        return texts.pop() if len(texts) == 1 else ""


def attention_list(records: Sequence[Record], names: Sequence[str]) -> list[AttentionEntry]:
    """Every requirement that needs attention somewhere, gravest first, of a check every finding;
    columns by ``names``."""
    entries: dict[tuple[str, str], AttentionEntry] = {}
    for name, record in zip(names, records, strict=True):
        of = Counter(case.requirement for case in record.cases if _is_applicable(case))
        for group in attention_groups([record]):
            row, first = group.requirement, group.first
            total = sum(of[name] for name in group.requirements)
            count = f"{len(group.cases)} of {total} case{'' if total == 1 else 's'}"
            expected = one_line(first.expected, 400) if first.verdict is Verdict.FAIL else ""
            told = (group.hash,) if group.hash else (expected, what_happened(first))
            finding = Finding(expected, one_line(what_happened(first), 400), [])
            entry = entries.setdefault((row.id, group.hash), AttentionEntry(row))
            entry.by_text.setdefault((group.kind, *told), finding).who.append(
                Sufferer(name, group, count)
            )
    return sorted(entries.values(), key=lambda one: min(f.group.gravity for f in one.findings))
