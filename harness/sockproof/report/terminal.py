"""The closing block of a run, in a terminal: counts per implementation, then what needs attention.

Nothing that an implementation said reaches the terminal as a control sequence or as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from sockproof.record.reader import Record
from sockproof.record.scope import completeness, partial_words
from sockproof.report.attention_groups import (
    Attention,
    attention_groups,
    is_of_finding,
)
from sockproof.report.class_changes import change_lines, changes_title, chosen_words
from sockproof.report.findings import CheckFinding, findings_of
from sockproof.report.observed import observed_lines
from sockproof.report.reference import (
    DifferenceGroup,
    difference_groups,
    not_in_reference,
    value_text,
)
from sockproof.report.tally import (
    headline,
    inherited_words,
)
from sockproof.report.terminal_attention import entry_lines, finding_lines, next_commands
from sockproof.report.terminal_table import table_lines
from sockproof.report.text import counted, one_line, seconds

__all__ = ["incomplete", "print_summary"]

# Entries of "needs attention" that are printed; the rest is counted.
SHOWN = 20
# Entries of "differs" that are printed.
DIFFERING_SHOWN = 8
# Cases, at most, whose observed values are printed.
OBSERVED_SHOWN = 4


def print_summary(
    records: Sequence[Record], console: Console, earlier: Sequence[Record] = ()
) -> None:
    """Print what one needs after a run: how it went, what needs attention, how to see it again.

    What is found of a check is new if the ``earlier`` records do not have it.
    """
    line = _headline(records)
    if partial := partial_words(records):
        line.append(f"; {one_line(partial, 1000)}", "bold yellow")
    console.print(line, soft_wrap=True, highlight=False)
    if generated := _generated(records):
        console.print(generated, soft_wrap=True, highlight=False)
    console.print()
    _print_changes(records, console)
    for line in table_lines(records):
        console.print(line, soft_wrap=True)
    for record in records:
        if not record.complete:
            line = incomplete(one_line(record.iut_id, 60), record)
            console.print(Text("\n  ").append_text(line), soft_wrap=True)
        for stale in record.stale:
            console.print(_stale(record, stale), soft_wrap=True)
    _print_attention(records, console, earlier)
    _print_inherited(records, console)
    _print_chosen(records, console)
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


def incomplete(name: str, record: Record) -> Text:
    """What is said loudly of a record that is not whole."""
    line = Text().append(" INCOMPLETE RUN ", "bold white on red")
    return line.append(f" {name}: {one_line(record.incomplete_reason, 1000)}", "bold red")


def _stale(record: Record, text: str) -> Text:
    line = Text("\n  ").append(" STALE ", "bold black on yellow")
    return line.append(f" {one_line(record.iut_id, 60)}: {one_line(text, 1000)}")


def _print_attention(
    records: Sequence[Record], console: Console, earlier: Sequence[Record]
) -> None:
    """What a check finds is told by its causes, all else by its requirements."""
    groups = [one for one in attention_groups(records) if not is_of_finding(one)]
    found = [one for record in records for one in findings_of(record, earlier)]
    found = sorted((one for one in found if not one.is_known), key=lambda one: not one.is_new)
    if found:
        told = counted(len(found), "finding")
        console.print(Text(f"\n  {told}{_not_new(found)}", "bold"), soft_wrap=True)
        _print_first(SHOWN, map(finding_lines, found), console)
    if groups or not found:
        _print_groups(records, groups, console)
    if groups or found:
        console.print()
    about = [(one.record, one.first) for one in found]
    about += [(one.record, one.first) for one in groups]
    for label, text in (line for one in about[:1] for line in next_commands(*one)):
        console.print(Text(f"  {label:<9}", "dim").append(text), soft_wrap=True)


def _not_new(found: Sequence[CheckFinding]) -> str:
    new = sum(one.is_new for one in found)
    return "" if new == len(found) else f", {new} new"


def _print_groups(records: Sequence[Record], groups: Sequence[Attention], console: Console) -> None:
    stale = any(record.stale for record in records)
    title = f"{'' if groups else 'nothing else ' if stale else 'nothing '}needs attention"
    how = dict.fromkeys(map(completeness, records))
    if not groups and list(how) != ["yes"]:
        run = "incomplete" if "no" in how else "partial"
        title += f" in what was recorded; the run is {run}"
    console.print(Text(f"\n  {title}", "bold" if groups else ""), soft_wrap=True)
    _print_first(SHOWN, map(entry_lines, groups), console)


def _print_inherited(records: Sequence[Record], console: Console) -> None:
    lines = [(one.iut_id, words) for one in records for words in inherited_words(one)]
    if lines:
        console.print(
            Text("\n  inherited: the interpreter's own module does the same"), soft_wrap=True
        )
    for name, words in lines:
        console.print(Text(f"  {one_line(name, 60)}  {one_line(words, 500)}"), soft_wrap=True)


def _print_changes(records: Sequence[Record], console: Console) -> None:
    """First of all what a user's class changes: what comes of it is told below."""
    for record in records:
        if title := changes_title(record):
            console.print(Text(f"  {one_line(title, 300)}", "bold"), soft_wrap=True)
            for name, what in change_lines(record):
                told = f"     {one_line(name, 60):<24} {one_line(what, 300)}"
                console.print(Text(told), soft_wrap=True)
            console.print()


def _print_chosen(records: Sequence[Record], console: Console) -> None:
    lines = [(one.iut_id, words) for one in records for words in chosen_words(one)]
    if lines:
        title = "\n  chosen: by attributes that are documented to be set, and constructors"
        console.print(Text(title), soft_wrap=True)
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
    told = {id(case) for record in records for one in findings_of(record) for case in one.cases}
    seen = [pair for pair in cases if pair[1].observations and id(pair[1]) not in told]
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
