"""The summary for a CI page: one table, then what needs attention, in GitHub's Markdown.

Everything that came from an implementation stands in a code span, so that it stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.report.reference import difference_groups, not_yet_told, value_text
from sockproof.report.tally import (
    Attention,
    Tally,
    attention_across,
    count_cases,
    extra_texts,
    shown_extra,
    shown_levels,
    tally,
    teardown_words,
    what_happened,
)
from sockproof.report.text import one_line, seconds

__all__ = ["code", "summary_markdown"]

SHOWN = 50
"""Lines of the list of what needs attention; the rest is counted."""

_COUNTED = (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE, Verdict.ERROR)


def summary_markdown(records: Sequence[Record]) -> str:
    """The run in one table and one list; an incomplete run is said first and loudly."""
    tallies = [tally(record) for record in records]
    blocks = [
        ["## sockproof"],
        *([_alarm(record)] for record in records if not record.complete),
        *([_stale(record)] for record in records if record.stale),
        [_headline(records)],
        list(_table(records, tallies)),
        list(_attention(records)),
        *([list(_differing(records))] if any(map(difference_groups, records)) else []),
        *([[_not_yet(records)]] if not_yet_told(records) else []),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def code(text: str, limit: int = 200) -> str:
    """A code span: longer fences than any run of backticks within, pipes kept from tables."""
    line = one_line(text, limit).replace("|", "\\|") or " "
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or line.endswith("\\") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _alarm(record: Record) -> str:
    return (
        f"> [!CAUTION]\n> **INCOMPLETE RUN** of {code(record.iut_id, 80)}: "
        f"{code(record.incomplete_reason, 1000)}. Cases are missing below."
    )


def _stale(record: Record) -> str:
    told = "; ".join(record.stale)
    return (
        f"> [!WARNING]\n> **STALE EXPECTATIONS** of {code(record.iut_id, 80)}: {code(told, 1000)}"
    )


def _headline(records: Sequence[Record]) -> str:
    n_cases, n_iuts = count_cases(records), len(records)
    versions = sorted({str(record.header.get("suite_version", "")) for record in records})
    return (
        f"{n_cases:,} case{'' if n_cases == 1 else 's'}, "
        f"{n_iuts} implementation{'' if n_iuts == 1 else 's'}, "
        f"suite {code(', '.join(versions), 40)}"
    )


def _table(records: Sequence[Record], tallies: Sequence[Tally]) -> Iterable[str]:
    levels = shown_levels(tallies)
    names = ["implementation", *(level.value for level in levels), "n/a", "inconclusive", "error"]
    extra = shown_extra(tallies)
    names += [*extra, "teardown", "conformance", "complete", "time"]
    yield "| " + " | ".join(names) + " |"
    yield "|:--|" + "--:|" * (len(levels) + len(extra) + 3) + ":--|" * 3 + "--:|"
    for record, counted in zip(records, tallies, strict=True):
        cells = [code(record.iut_id, 80), *(str(counted.levels[level]) for level in levels)]
        cells += [str(counted.verdicts[verdict]) for verdict in _COUNTED]
        cells += extra_texts(counted, extra)
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


def _differing(records: Sequence[Record]) -> Iterable[str]:
    """Folded away: it is no trouble."""
    groups = [(record, group) for record in records for group in difference_groups(record)]
    yield "<details><summary>Observations that differ from the reference of the level</summary>"
    yield ""
    for record, group in groups[:SHOWN]:
        one = group.difference
        more = f" and {len(group.cases) - 1} more of it" if len(group.cases) > 1 else ""
        yield (
            f"- {code(record.iut_id, 80)}: {code(group.cases[0])}{more}: {code(one.name)} is "
            f"{code(value_text(one.seen))}, not {code(value_text(one.reference))}"
        )
    if len(groups) > SHOWN:
        yield f"- and {len(groups) - SHOWN} more, see the report"
    yield ""
    yield "</details>"


def _not_yet(records: Sequence[Record]) -> str:
    about, command = not_yet_told(records).split(": ")
    return f"{about}: {code(command)}"


def _entry(record: Record, group: Attention) -> str:
    others = len(group.cases) - 1
    more = f" and {others} more of it" if others else ""
    expected = group.first.expected if group.first.verdict is Verdict.FAIL else ""
    promise = f"expected {code(expected)}, " if expected else ""
    happened = what_happened(group.first)
    found = f": {promise}{'got ' if promise else ''}{code(happened)}" if happened else ""
    return (
        f"- **{group.kind}** {group.level.value} on {code(record.iut_id, 80)}: "
        f"{code(group.first.id)}{more}{found}"
    )
