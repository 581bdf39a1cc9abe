"""A comparison in a terminal. What an implementation said is never a control sequence or markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from sockproof.record.reader import Record
from sockproof.report.changes import Change, Fold, Kind, folds
from sockproof.report.comparison import Comparison
from sockproof.report.terminal import incomplete
from sockproof.report.text import counted, one_line

__all__ = ["print_changes", "print_comparisons", "print_incomplete"]

# Entries of one kind that are printed; the rest is counted.
SHOWN = 20
# Characters of an observation and its two values that stand in one line.
SHORT = 90

_STYLES = {
    Kind.FAILING: "bold red",
    Kind.UNCLEAN: "bold dark_orange",
    Kind.GONE: "bold red",
    Kind.LOST: "bold red",
    Kind.UNKNOWN: "bold magenta",
    Kind.PASSING: "green",
    Kind.CLEAN: "green",
}


def print_comparisons(
    comparisons: Sequence[Comparison], names: Sequence[str], console: Console
) -> None:
    """Print each comparison; ``names`` are those of the baseline and of each other record."""
    records = [comparisons[0].baseline, *(one.other for one in comparisons)]
    print_incomplete(records, names, console)
    for comparison, name in zip(comparisons, names[1:], strict=True):
        console.print(_headline(comparison, names[0], name), soft_wrap=True)
        for kind, changes in comparison.by_kind.items():
            title = Text(f"\n  {kind}", _STYLES.get(kind, "bold"))
            console.print(title.append(f"  {len(changes)}", "dim"), soft_wrap=True)
            print_changes(kind, changes, console, SHOWN)
        if not comparison.identical:
            console.print()


def print_incomplete(records: Sequence[Record], names: Sequence[str], console: Console) -> None:
    """Say loudly which records are not whole."""
    for record, name in zip(records, names, strict=True):
        if not record.complete:
            line = Text("  ").append_text(incomplete(one_line(name, 80), record)).append("\n")
            console.print(line, soft_wrap=True)


def _headline(comparison: Comparison, baseline: str, other: str) -> Text:
    names = [one_line(name, 80) for name in (other, baseline)]
    recorded = " in what was recorded" if comparison.incomplete else ""
    if comparison.identical:
        cases = comparison.summary.partition(", ")[2]
        line = Text(f"  {names[0]} and {names[1]} are identical{recorded}: {cases}", "bold")
    else:
        line = Text(f"  {names[0]} beside {names[1]}", "bold")
        regressions = len(comparison.regressions)
        line.append(f": {comparison.summary.partition(':')[0]}{recorded}")
        words = f", {counted(regressions, 'regression')}"
        line.append(words, "bold red" if regressions else "")
    partial = one_line(comparison.partial, 300)
    return line.append(f"; {partial}", "bold yellow") if partial else line


def print_changes(kind: Kind, changes: Sequence[Change], console: Console, shown: int) -> None:
    """Print the changes of one kind, those of one reason together where they come by the dozen."""
    by_reason = kind.by_reason
    entries = [*map(_fold_lines, folds(changes))] if by_reason else [*map(_change_lines, changes)]
    for lines in entries[:shown]:
        for line in lines:
            console.print(line, soft_wrap=True)
    if len(entries) > shown:
        console.print(Text(f"  and {len(entries) - shown} more"), soft_wrap=True)


def _change_lines(change: Change) -> Iterable[Text]:
    row = change.requirement
    line = Text(f"  {row.level.value:<9}").append(one_line(row.id, 120))
    if places := change.where:
        line.append(f"  {one_line(places, 160)}", "dim")
    yield line
    if change.kind.of_promise:
        yield Text("     ").append(one_line(row.title, 300), "dim")
    short = f"{change.name}: {change.was} → {change.now}"
    if change.kind is Kind.OBSERVATION and len(short) <= SHORT:
        yield Text("     ").append(one_line(short))
        return
    for label, text in change.facts:
        start = Text("     ").append(f"{label:<8}" if label else "", "dim")
        yield start.append(one_line(text, 300) or "(nothing)", "" if label else "italic")


def _fold_lines(fold: Fold) -> Iterable[Text]:
    levels = "/".join(level.value for level in fold.levels)
    line = Text(f"  {levels}  {fold.count}")
    yield line.append(f"  {one_line(fold.where, 160)}", "dim")
    label = f"{fold.kind.reason_label:<8}"
    yield Text("     ").append(label, "dim").append(one_line(fold.why, 300))
