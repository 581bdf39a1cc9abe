"""The summary for a CI page: one table, then what needs attention, in GitHub's Markdown.

Everything that came from an implementation stands in a code span, so that it stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sockproof.judge.verdict import Verdict
from sockproof.report.reader import Record
from sockproof.report.tally import (
    Attention,
    Tally,
    attention_across,
    count_cases,
    shown_levels,
    tally,
    teardown_words,
    what_happened,
)
from sockproof.report.text import one_line, seconds

__all__ = ["summary_markdown"]

SHOWN = 50
"""Lines of the list of what needs attention; the rest is counted."""

_COUNTED = (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE, Verdict.ERROR)


def summary_markdown(records: Sequence[Record]) -> str:
    """The run in one table and one list; an incomplete run is said first and loudly."""
    tallies = [tally(record) for record in records]
    blocks = [
        ["## sockproof"],
        *([_alarm(record)] for record in records if not record.complete),
        [_headline(records)],
        list(_table(records, tallies)),
        list(_attention(records)),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _code(text: str, limit: int = 200) -> str:
    """A code span: longer fences than any run of backticks within, pipes kept from tables."""
    line = one_line(text, limit).replace("|", "\\|") or " "
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or line.endswith("\\") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _alarm(record: Record) -> str:
    return (
        f"> [!CAUTION]\n> **INCOMPLETE RUN** of {_code(record.iut_id, 80)}: "
        f"{_code(record.incomplete_reason, 1000)}. Cases are missing below."
    )


def _headline(records: Sequence[Record]) -> str:
    n_iuts = len(records)
    versions = sorted({str(record.header.get("suite_version", "")) for record in records})
    plural = "" if n_iuts == 1 else "s"
    return (
        f"{count_cases(records):,} cases, {n_iuts} implementation{plural}, "
        f"suite {_code(', '.join(versions), 40)}"
    )


def _table(records: Sequence[Record], tallies: Sequence[Tally]) -> Iterable[str]:
    levels = shown_levels(tallies)
    names = ["implementation", *(level.value for level in levels), "n/a", "inconclusive", "error"]
    names += ["teardown", "conformance", "complete", "time"]
    yield "| " + " | ".join(names) + " |"
    yield "|:--|" + "--:|" * (len(levels) + 3) + ":--|" * 3 + "--:|"
    for record, counted in zip(records, tallies, strict=True):
        cells = [_code(record.iut_id, 80), *(str(counted.levels[level]) for level in levels)]
        cells += [str(counted.verdicts[verdict]) for verdict in _COUNTED]
        cells += [teardown_words(counted), counted.conformance.value]
        cells += ["yes" if record.complete else "**NO**", seconds(record.duration_s)]
        yield "| " + " | ".join(cells) + " |"


def _attention(records: Sequence[Record]) -> Iterable[str]:
    entries = attention_across(records)
    if not entries:
        whole = all(record.complete for record in records)
        yield "Nothing needs attention" + ("." if whole else " in what was recorded.")
        return
    yield "### Needs attention"
    yield ""
    for record, group in entries[:SHOWN]:
        yield _entry(record, group)
    if len(entries) > SHOWN:
        yield f"- and {len(entries) - SHOWN} more, see the report"


def _entry(record: Record, group: Attention) -> str:
    others = len(group.cases) - 1
    more = f" and {others} more of it" if others else ""
    expected = group.first.expected if group.first.verdict is Verdict.FAIL else ""
    promise = f"expected {_code(expected)}, " if expected else ""
    happened = what_happened(group.first)
    found = f": {promise}{'got ' if promise else ''}{_code(happened)}" if happened else ""
    return (
        f"- **{group.kind}** {group.level.value} on {_code(record.iut_id, 80)}: "
        f"{_code(group.first.id)}{more}{found}"
    )
