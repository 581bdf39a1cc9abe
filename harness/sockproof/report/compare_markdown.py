"""A comparison in Markdown, for a CI page. All that an implementation said is in code spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sockproof.record.reader import Record
from sockproof.report.changes import Change, Kind
from sockproof.report.compare_words import PROMISED, Fold, folds, is_folded, summary, told, where
from sockproof.report.comparison import Comparison
from sockproof.report.markdown import code

__all__ = ["alarms", "compare_markdown", "kind_blocks"]

SHOWN = 50
"""Lines of the list of one kind; the rest is counted."""


def compare_markdown(comparisons: Sequence[Comparison], names: Sequence[str]) -> str:
    """The comparisons one after the other; an incomplete record is said first and loudly."""
    records = [comparisons[0].baseline, *(one.other for one in comparisons)]
    blocks = ["## sockproof compare", *alarms(records, names)]
    for comparison, name in zip(comparisons, names[1:], strict=True):
        blocks.append(_headline(comparison, names[0], name))
        for kind, changes in comparison.by_kind.items():
            blocks += kind_blocks(kind, changes, f"#### {kind} ({len(changes)})")
    return "\n\n".join(blocks) + "\n"


def alarms(records: Sequence[Record], names: Sequence[str]) -> list[str]:
    """A block for every record that is not whole."""
    return [
        f"> [!CAUTION]\n> **INCOMPLETE RUN** of {code(name, 80)}: "
        f"{code(record.incomplete_reason, 1000)}. Cases are missing below."
        for record, name in zip(records, names, strict=True)
        if not record.complete
    ]


def _headline(comparison: Comparison, baseline: str, other: str) -> str:
    regressions = len(comparison.regressions)
    loud = f" **{regressions} regression{'' if regressions == 1 else 's'}.**" if regressions else ""
    title = f"### {code(other, 80)} beside {code(baseline, 80)}"
    return f"{title}\n\n{summary(comparison)}.{loud}"


def kind_blocks(kind: Kind, changes: Sequence[Change], title: str) -> list[str]:
    """A heading and a list of the changes of one kind."""
    if is_folded(kind):
        lines = [_fold_line(fold) for fold in folds(changes)]
    else:
        lines = [_change_line(change) for change in changes]
    more = [f"- and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [title, "\n".join([*lines[:SHOWN], *more])]


def _change_line(change: Change) -> str:
    places = where(change)
    on = f" on {code(places)}" if places else ""
    loud = "**" if change.regression else ""
    head = f"- {loud}{change.requirement.level.value}{loud} {code(change.requirement.id)}{on}"
    if change.kind in PROMISED:
        head += f": {code(change.requirement.title, 300)}"
    facts = "; ".join(_facts(change))
    return f"{head}: {facts}" if facts else head


def _facts(change: Change) -> Iterable[str]:
    for label, text in told(change):
        yield f"{label} {code(text, 300)}".strip()


def _fold_line(fold: Fold) -> str:
    levels = ", ".join(level.value for level in fold.levels)
    return f"- {fold.count} ({levels}) on {code(fold.where)}; {fold.label} {code(fold.why)}"
