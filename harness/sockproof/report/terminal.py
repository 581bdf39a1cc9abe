"""The closing block of a run, in a terminal: counts per implementation, then what needs attention.

Nothing that an implementation said reaches the terminal as a control sequence or as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.scope import completeness, partial_words
from sockproof.report.observed import observed_lines
from sockproof.report.reference import (
    DifferenceGroup,
    difference_groups,
    not_in_reference,
    value_text,
)
from sockproof.report.tally import (
    LevelCount,
    Tally,
    attention_groups,
    extra_texts,
    headline,
    inherited_words,
    shown_extra,
    shown_levels,
    tally,
)
from sockproof.report.terminal_attention import TEARDOWN_STYLE, entry_lines, next_commands
from sockproof.report.text import one_line, seconds
from sockproof.spec.levels import Level

__all__ = ["incomplete", "print_summary"]

# Entries of "needs attention" that are printed; the rest is counted.
SHOWN = 20
# Entries of "differs" that are printed.
DIFFERING_SHOWN = 8
# Cases, at most, whose observed values are printed.
OBSERVED_SHOWN = 4


def print_summary(records: Sequence[Record], console: Console) -> None:
    """Print what one needs after a run: how it went, what needs attention, how to see it again."""
    tallies = [tally(record) for record in records]
    line = _headline(records)
    if partial := partial_words(records):
        line.append(f"; {one_line(partial, 1000)}", "bold yellow")
    console.print(line, soft_wrap=True, highlight=False)
    if generated := _generated(records):
        console.print(generated, soft_wrap=True, highlight=False)
    console.print()
    for line in _table(records, tallies):
        console.print(line, soft_wrap=True)
    for record in records:
        if not record.complete:
            line = incomplete(one_line(record.iut_id, 60), record)
            console.print(Text("\n  ").append_text(line), soft_wrap=True)
        for stale in record.stale:
            console.print(_stale(record, stale), soft_wrap=True)
    _print_attention(records, console)
    _print_inherited(records, console)
    _print_differing(records, console)
    _print_observed(records, console)
    if not_held := not_in_reference(records):
        console.print(Text(f"\n  {not_held}", "dim"), soft_wrap=True)


def _headline(records: Sequence[Record]) -> Text:
    took = ""
    if span_s := _span_s(records):
        rate = sum(len(record.cases) for record in records) / span_s
        took = f", {seconds(span_s)}, {rate:.{0 if rate >= 10 else 1}f} cases/s"
    return Text(f"  {headline(records)}{took}")


def _generated(records: Sequence[Record]) -> Text | None:
    """How many plans were played, of which seed, and how fast; nothing if there were none."""
    cases = [case for record in records for case in record.cases if case.generated]
    plans = [case.generated for case in cases if case.generated]
    n_plans = sum(int(one.get("plans", 0)) for one in plans)
    took_s = sum(case.duration_s for case in cases)
    if not n_plans or not took_s:
        return None
    seeds = sorted({str(one.get("seed")) for one in plans})
    speed = f"{n_plans / took_s:.0f} plans/s a worker"
    return Text(f"  {n_plans:,} generated plans, seed {one_line(', '.join(seeds))}, {speed}", "dim")


def _span_s(records: Sequence[Record]) -> float:
    """Seconds from the first start to the last end: implementations are played side by side."""
    try:
        starts = [datetime.fromisoformat(_time(record.header.get("started"))) for record in records]
        ends = [datetime.fromisoformat(_time(r.footer.ended)) for r in records if r.footer]
        return max(0.0, (max(ends) - min(starts)).total_seconds())  # the clock may be set back
    except (TypeError, ValueError):  # no times, or none that can be read: nothing is told
        return 0.0


def _time(text: object) -> str:
    """ISO 8601 in a form that every Python reads: ``Z`` for UTC only came with 3.11."""
    return str(text).replace("Z", "+00:00")


def _table(records: Sequence[Record], tallies: Sequence[Tally]) -> Iterable[Text]:
    """The lines of the table; wider than the terminal rather than with a count cut short."""
    levels = shown_levels(tallies)
    extra = shown_extra(tallies)
    heads = ("implementation", *(level.value for level in levels), "n/a", "teardown")
    heads += tuple(extra)
    rows = [[Text(head, "dim") for head in heads]]
    for record, counted in zip(records, tallies, strict=True):
        counts = [_level_cell(level, counted.levels[level]) for level in levels]
        absent = Text(str(counted.verdicts[Verdict.NOT_APPLICABLE]))
        more = map(Text, extra_texts(counted, extra))
        rows.append([_name(record), *counts, absent, _teardown_cell(counted), *more])
    widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
    return [_row(row, widths) for row in rows]


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text("  ")
    for cell, width in zip(cells, widths, strict=True):
        line.append_text(cell).append(" " * (width - cell.cell_len + 2))
    line.rstrip()
    return line


def _name(record: Record) -> Text:
    name = Text(one_line(record.iut_id, 60))
    return name if record.complete else name.append("  INCOMPLETE", "bold white on red")


def _level_cell(level: Level, count: LevelCount) -> Text:
    """``1309/1310``; of OBSERVED the number alone, when all of it could be observed."""
    if level is Level.OBSERVED and count.whole:
        return Text(str(count.passed))
    return Text(str(count), "" if count.whole else "red" if count.failed else "yellow")


def _teardown_cell(counted: Tally) -> Text:
    return Text(counted.teardown_words, TEARDOWN_STYLE if counted.unclean else "")


def incomplete(name: str, record: Record) -> Text:
    """What is said loudly of a record that is not whole."""
    line = Text().append(" INCOMPLETE RUN ", "bold white on red")
    return line.append(f" {name}: {one_line(record.incomplete_reason, 1000)}", "bold red")


def _stale(record: Record, text: str) -> Text:
    line = Text("\n  ").append(" STALE ", "bold black on yellow")
    return line.append(f" {one_line(record.iut_id, 60)}: {one_line(text, 1000)}")


def _print_attention(records: Sequence[Record], console: Console) -> None:
    groups = attention_groups(records)
    stale = any(record.stale for record in records)
    title = f"{'' if groups else 'nothing else ' if stale else 'nothing '}needs attention"
    how = dict.fromkeys(map(completeness, records))
    if not groups and list(how) != ["yes"]:
        run = "incomplete" if "no" in how else "partial"
        title += f" in what was recorded; the run is {run}"
    console.print(Text(f"\n  {title}", "bold" if groups else ""), soft_wrap=True)
    _print_first(SHOWN, map(entry_lines, groups), console)
    if groups:
        console.print()
    for label, text in next_commands(groups):
        console.print(Text(f"  {label:<9}", "dim").append(text), soft_wrap=True)


def _print_inherited(records: Sequence[Record], console: Console) -> None:
    lines = [(one.iut_id, words) for one in records for words in inherited_words(one)]
    if lines:
        console.print(
            Text("\n  inherited: the interpreter's own module does the same"), soft_wrap=True
        )
    for name, words in lines:
        console.print(Text(f"  {one_line(name, 60)}  {one_line(words, 500)}"), soft_wrap=True)


def _print_differing(records: Sequence[Record], console: Console) -> None:
    if groups := difference_groups(records):
        title = "  differs from the reference of its level (--strict makes it count)"
        console.print(Text("\n" + title, "bold"), soft_wrap=True)
        _print_first(DIFFERING_SHOWN, ([_difference_line(group)] for group in groups), console)


def _print_observed(records: Sequence[Record], console: Console) -> None:
    """The values that were observed, where so few cases were played that they are asked about."""
    cases = [(record, case) for record in records for case in record.cases]
    seen = [(record, case) for record, case in cases if case.observations]
    if not seen or len(cases) > OBSERVED_SHOWN:
        return
    console.print(Text("\n  observed"), soft_wrap=True)
    for record, case in seen:
        head = f"  {one_line(record.iut_id, 60)}  {one_line(case.id)}"
        console.print(Text(head), soft_wrap=True)
        for line in observed_lines(case, {}):
            console.print(Text(f"     {line}"), soft_wrap=True)


def _print_first(shown: int, entries: Iterable[Iterable[Text]], console: Console) -> None:
    """The lines of the first entries, and how many more there are."""
    every = list(entries)
    for line in (line for entry in every[:shown] for line in entry):
        console.print(line, soft_wrap=True)
    if len(every) > shown:
        console.print(Text(f"  and {len(every) - shown} more, see the report"), soft_wrap=True)


def _difference_line(group: DifferenceGroup) -> Text:
    others = f" and {len(group.cases) - 1} more" if len(group.cases) > 1 else ""
    one = group.difference
    was, now = (one_line(value_text(value), 60) for value in (one.reference, one.seen))
    return (
        Text("  ")
        .append(f"{one_line(group.record.iut_id, 60)}  {one_line(group.cases[0])}{others}  ")
        .append(f"{one_line(one.name, 60)}: ", "dim")
        .append(f"{now}, not {was}")
    )
