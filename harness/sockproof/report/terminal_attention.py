"""What needs attention, and what a check finds, line by line: the promise, what happened, why, and
what to type next."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.report.attention_groups import (
    Attention,
    what_happened,
)
from sockproof.report.class_changes import override_words
from sockproof.report.findings import CheckFinding
from sockproof.report.reference import deviates_as_well
from sockproof.report.text import one_line
from sockproof.report.what_to_type import again, explained, replayed, scripted

__all__ = ["TEARDOWN_STYLE", "entry_lines", "finding_lines", "next_commands"]

TEARDOWN_STYLE = "dark_orange"
_STYLES = {"FAIL": "bold red", "ERROR": "bold magenta", "INCONCLUSIVE": "yellow"}
_LABELS = {Verdict.FAIL: "actual", Verdict.ERROR: "reason", Verdict.INCONCLUSIVE: "reason"}

# Characters of a command: it may have a path, a case and the words of a program.
_LONGEST = 1000
# Cases of a finding that are named; the rest is counted.
_CASES = 4
# What is promised of every case, whatever else it is about.
_CLEAN = {
    "leaked": "nothing is left open or running once all is closed",
    "still running": "everything ends once all is closed",
}


def next_commands(record: Record, case: CaseRow) -> Iterable[tuple[str, str]]:
    """What to type about a case."""
    yield "replay", one_line(replayed(record, case), _LONGEST)
    yield "script", one_line(scripted(record, case), _LONGEST)
    yield "explain", one_line(explained(case.requirement), _LONGEST)


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


def finding_lines(one: CheckFinding) -> Iterable[Text]:
    """The lines of a finding: what was seen, the cases that show it, and how to see it again."""
    old = "" if one.is_new else "  (not new)"
    head = Text("  ").append(one.hash, "bold").append(f"  {one.level.value}{old}", _STYLES["FAIL"])
    yield head.append(f"  {one_line(one.sentence, _LONGEST)}")
    shown = [case.id.partition("/")[2] for case in one.cases[:_CASES]]
    more = f" and {len(one.cases) - _CASES} more" if len(one.cases) > _CASES else ""
    told = one_line(", ".join(shown), _LONGEST) + more
    script = f"{one.record.path.parent}/{one.script}" if one.script else ""
    lines = {"shown by": told, "script": script, "again": again(one.record, one.first)}
    for label, text in ((label, text) for label, text in lines.items() if text):
        yield Text("     ").append(f"{label:<10}", "dim").append(one_line(text, _LONGEST))


def _details(group: Attention) -> Iterable[tuple[str, str]]:
    record, first = group.record, group.first
    failed = first.verdict is Verdict.FAIL
    yield "promise", one_line(group.requirement.title) if failed else ""
    label = _LABELS.get(first.verdict, "actual")
    yield "expected", one_line(first.expected) if failed else _CLEAN.get(group.kind, "")
    yield label, one_line(what_happened(first))
    yield "cause", one_line(first.cause)
    yield "override", one_line(override_words(first))
    leaks = ", ".join(first.teardown.leaks)
    if first.teardown.unclean and what_happened(first) != leaks:
        yield "left", one_line(f"{first.teardown.verdict.value}: {leaks}")
    if deviates_as_well(record, first) and record.reference:
        yield "reference", f"{one_line(record.reference.iut_id, 60)} does the same"
    yield "as well", _others(group)
    yield "again", one_line(again(record, first), _LONGEST)


def _others(group: Attention) -> str:
    rest = [case.place for case in group.cases[1:]]
    more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
    return one_line(", ".join(rest[:3])) + more
