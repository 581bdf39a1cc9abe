"""A comparison in Markdown, for a CI page. All that an implementation said is in code spans."""

from __future__ import annotations

from collections.abc import Sequence

from sockproof.record.reader import Record
from sockproof.report.changes import Change, Fold, Kind, folds
from sockproof.report.comparison import Comparison
from sockproof.report.markdown import alarm, code, partly
from sockproof.report.text import counted

__all__ = ["alarms", "compare_markdown", "kind_blocks"]

# Lines of the list of one kind; the rest is counted.
SHOWN = 50


def compare_markdown(comparisons: Sequence[Comparison], names: Sequence[str]) -> str:
    """The comparisons one after the other; an incomplete record is said first and loudly."""
    records = [comparisons[0].baseline, *(one.other for one in comparisons)]
    blocks = ["## sockproof compare", *alarms(records, names)]
    for comparison, name in zip(comparisons, names[1:], strict=True):
        blocks.append(_headline(comparison, names[0], name))
        for kind, changes in comparison.by_kind.items():
            blocks += kind_blocks(kind, changes)
    return "\n\n".join(blocks) + "\n"


def alarms(records: Sequence[Record], names: Sequence[str]) -> list[str]:
    """A block for every record that is not whole."""
    return [
        alarm(name, record)
        for record, name in zip(records, names, strict=True)
        if not record.complete
    ]


def _headline(comparison: Comparison, baseline: str, other: str) -> str:
    regressions = len(comparison.regressions)
    loud = f" **{counted(regressions, 'regression')}.**" if regressions else ""
    title = f"### {code(other, 80)} beside {code(baseline, 80)}"
    return f"{title}\n\n{partly(comparison.partial)}{comparison.summary}.{loud}"


def kind_blocks(kind: Kind, changes: Sequence[Change]) -> list[str]:
    """A heading and a list of the changes of one kind."""
    by_reason = kind.by_reason
    lines = [*map(_fold_line, folds(changes))] if by_reason else [*map(_change_line, changes)]
    more = [f"- and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [f"#### {kind} ({len(changes)})", "\n".join([*lines[:SHOWN], *more])]


def _change_line(change: Change) -> str:
    on = f" on {code(change.where)}" if change.where else ""
    loud = "**" if change.regression else ""
    head = f"- {loud}{change.requirement.level.value}{loud} {code(change.requirement.id)}{on}"
    if change.kind.of_promise:
        head += f": {code(change.requirement.title, 300)}"
    facts = "; ".join(f"{label} {code(text, 300)}".strip() for label, text in change.facts)
    return f"{head}: {facts}" if facts else head


def _fold_line(fold: Fold) -> str:
    levels = ", ".join(level.value for level in fold.levels)
    reason = f"{fold.kind.reason_label} {code(fold.why)}"
    return f"- {fold.count} ({levels}) on {code(fold.where)}; {reason}"
