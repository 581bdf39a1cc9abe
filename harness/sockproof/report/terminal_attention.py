"""What needs attention, line by line: the promise, what happened, why, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from rich.text import Text

from sockproof.judge.verdict import Verdict
from sockproof.report.reference import deviates_as_well
from sockproof.report.tally import Attention, what_happened
from sockproof.report.text import generating_options, one_line, rerun_command

__all__ = ["TEARDOWN_STYLE", "entry_lines", "next_commands"]

TEARDOWN_STYLE = "dark_orange"
_STYLES = {"FAIL": "bold red", "ERROR": "bold magenta", "INCONCLUSIVE": "yellow"}
_LABELS = {Verdict.FAIL: "actual", Verdict.ERROR: "reason", Verdict.INCONCLUSIVE: "reason"}

# What is promised of every case, whatever else it is about.
_CLEAN = {
    "leaked": "nothing is left open or running once the servers are closed",
    "still running": "everything ends once the servers are closed",
}


def next_commands(groups: Sequence[Attention]) -> Iterable[tuple[str, str]]:
    """What to type about the first of them."""
    for group in groups[:1]:
        told = (str(group.record.path), group.first.id, group.record.implementation.given)
        file, case, iut = (one_line(shlex.quote(text), 400) for text in told)
        for label, command in (("replay", "replay"), ("script", "repro")):
            yield label, f"sockproof {command} {file} {case} --iut {iut}"
        yield "explain", f"sockproof explain {one_line(group.requirement.id, 200)}"


def entry_lines(group: Attention) -> Iterable[Text]:
    """The lines of one entry: who, what, on which cases, and the command that plays it again."""
    style = _STYLES.get(group.kind, TEARDOWN_STYLE)
    yield (
        Text("  ")
        .append(f"{one_line(group.record.iut_id, 60)}  ")
        .append(f"{group.kind} {group.requirement.level.value}", style)
        .append(f"  {one_line(group.first.id)}")
    )
    for label, text in _details(group):
        if text:
            yield Text("     ").append(f"{label:<10}", "dim").append(text)


def _details(group: Attention) -> Iterable[tuple[str, str]]:
    record, first = group.record, group.first
    failed = first.verdict is Verdict.FAIL
    yield "promise", one_line(group.requirement.title) if failed else ""
    label = _LABELS.get(first.verdict, "actual")
    yield "expected", one_line(first.expected) if failed else _CLEAN.get(group.kind, "")
    yield label, one_line(what_happened(first))
    yield "cause", one_line(first.cause)
    leaks = ", ".join(first.teardown.leaks)
    if first.teardown.unclean and what_happened(first) != leaks:
        yield "left", one_line(f"{first.teardown.verdict.value}: {leaks}")
    if deviates_as_well(record, first) and record.reference:
        yield "reference", f"{one_line(record.reference.iut_id, 60)} does the same"
    yield "as well", _others(group)
    again = rerun_command(record.implementation.given, first.id)
    again += generating_options(record, first)
    yield "again", one_line(again, 400)


def _others(group: Attention) -> str:
    rest = [case.place for case in group.cases[1:]]
    more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
    return one_line(", ".join(rest[:3])) + more
