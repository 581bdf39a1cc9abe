"""The summary for a CI page: one table, then what needs attention, in GitHub's Markdown.

Everything that came from an implementation stands in a code span, so that it stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.scope import completeness, partial_words
from sockproof.report.attention_groups import (
    Attention,
    attention_groups,
    is_of_finding,
    what_happened,
)
from sockproof.report.class_changes import change_lines, changes_title, chosen_words
from sockproof.report.findings import CheckFinding, findings_of
from sockproof.report.reference import (
    DifferenceGroup,
    difference_groups,
    not_in_reference,
    value_text,
)
from sockproof.report.tally import (
    Tally,
    extra_texts,
    headline,
    inherited_words,
    shown_extra,
    shown_levels,
    shows_teardown,
    subject_word,
    tally,
)
from sockproof.report.text import one_line, seconds
from sockproof.report.what_to_type import again

__all__ = ["alarm", "code", "partly", "summary_markdown"]

# Lines of a list that are shown; the rest is counted.
SHOWN = 50

_COMPLETE = {"yes": "yes", "partial": "partial", "no": "**NO**"}
_COUNTED_WORDS = ("n/a", "inconclusive", "error")
_COUNTED = (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE, Verdict.ERROR)


def summary_markdown(records: Sequence[Record], earlier: Sequence[Record] = ()) -> str:
    """The run in one table and one list; an incomplete run is said first and loudly.

    What is found of a check is new if the ``earlier`` records do not have it.
    """
    tallies = [tally(record) for record in records]
    versions = sorted({str(record.header.get("suite_version", "")) for record in records})
    blocks = [
        "## sockproof",
        *(alarm(record.iut_id, record) for record in records if not record.complete),
        *(_stale(record) for record in records if record.stale),
        f"{partly(partial_words(records))}{headline(records)}, "
        f"suite {code(', '.join(versions), 40)}",
        "\n".join(_table(records, tallies)),
        *_attention(records, earlier),
    ]
    if lines := [(one.iut_id, words) for one in records for words in inherited_words(one)]:
        blocks += [
            "### Inherited",
            _shown(f"- {code(name, 80)}: {code(w, 500)}" for name, w in lines),
        ]
    for record in records:
        if title := changes_title(record):
            told = (f"- {code(name, 80)}: {code(what, 300)}" for name, what in change_lines(record))
            blocks += [f"### {code(title, 300)}", _shown(told)]
    if lines := [(one.iut_id, words) for one in records for words in chosen_words(one)]:
        blocks += ["### Chosen", _shown(f"- {code(n, 80)}: {code(w, 500)}" for n, w in lines)]
    if groups := difference_groups(records):
        summary = "Observations that differ from the reference of the level"
        blocks.append(f"<details><summary>{summary}</summary>")  # folded away: it is no trouble
        blocks += [_shown(map(_difference, groups)), "</details>"]
    if not_held := not_in_reference(records):
        about, command = not_held.split(": ")
        blocks.append(f"{about}: {code(command)}")
    return "\n\n".join(blocks) + "\n"


def code(text: str, limit: int = 200) -> str:
    """A code span: longer fences than any run of backticks within, pipes kept from tables."""
    line = one_line(text, limit).replace("|", "\\|") or " "
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or line.endswith("\\") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def alarm(name: str, record: Record) -> str:
    """The block that says that a record is not whole."""
    return (
        f"> [!CAUTION]\n> **INCOMPLETE RUN** of {code(name, 80)}: "
        f"{code(record.incomplete_reason, 1000)}. Cases are missing below."
    )


def partly(words: str) -> str:
    """What cannot be spoken about, as the beginning of a line; nothing if that is nothing."""
    return f"**Not the whole suite** ({code(words, 1000)}). " if words else ""


def _stale(record: Record) -> str:
    words = code("; ".join(record.stale), 1000)
    return f"> [!WARNING]\n> **STALE EXPECTATIONS** of {code(record.iut_id, 80)}: {words}"


def _table(records: Sequence[Record], tallies: Sequence[Tally]) -> Iterable[str]:
    levels = shown_levels(tallies)
    names = [subject_word(records), *(level.value for level in levels), *_COUNTED_WORDS]
    extra, teardown = shown_extra(tallies), shows_teardown(records)
    words = [*(["teardown"] if teardown else []), "conformance", "complete"]
    yield "| " + " | ".join([*names, *extra, *words, "time"]) + " |"
    yield "|:--|" + "--:|" * (len(names) + len(extra) - 1) + ":--|" * len(words) + "--:|"
    for record, counted in zip(records, tallies, strict=True):
        cells = [code(record.iut_id, 80), *(str(counted.levels[level]) for level in levels)]
        cells += [str(counted.verdicts[verdict]) for verdict in _COUNTED]
        cells += extra_texts(counted, extra)
        cells += [counted.teardown_words] if teardown else []
        cells += [counted.conformance.value]
        cells += [_COMPLETE[completeness(record)], seconds(record.duration_s)]
        yield "| " + " | ".join(cells) + " |"


def _attention(records: Sequence[Record], earlier: Sequence[Record]) -> list[str]:
    found = [one for record in records for one in findings_of(record, earlier)]
    found = sorted((one for one in found if not one.is_known), key=lambda one: not one.is_new)
    groups = [one for one in attention_groups(records) if not is_of_finding(one)]
    blocks = ["### Findings", _shown(map(_finding, found))] if found else []
    if groups:
        return [*blocks, "### Needs attention", _shown(map(_entry, groups))]
    return blocks or [
        "Nothing needs attention" + (" in what was recorded." if partial_words(records) else ".")
    ]


def _shown(entries: Iterable[str]) -> str:
    """The first of the lines of a list, and how many more there are."""
    lines = list(entries)
    left = [f"- and {len(lines) - SHOWN} more, see the report"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *left])


def _cases(ids: Sequence[str]) -> str:
    """The first of the cases of a requirement, and how many more there are."""
    more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
    same = " of it" if more and len({id_.partition("[")[0] for id_ in ids}) == 1 else ""
    return f"{code(ids[0])}{more}{same}"


def _entry(group: Attention) -> str:
    first = group.first
    expected = first.expected if first.verdict is Verdict.FAIL else ""
    promise = f"expected {code(expected)}, got " if expected else ""
    happened = what_happened(first)
    found = f": {promise}{code(happened)}" if happened else ""
    found += f"; {code(first.cause)}" if first.cause else ""
    return (
        f"- **{group.kind}** {group.requirement.level.value} on {code(group.record.iut_id, 80)}: "
        f"{_cases([case.id for case in group.cases])}{found}"
    )


def _finding(one: CheckFinding) -> str:
    """One fault, the cases that show it, and the command that shows it again."""
    level = one.level.value if one.is_new else f"{one.level.value} (not new)"
    return (
        f"- **{one.hash}** {level} on {code(one.record.iut_id, 80)}: "
        f"{code(one.sentence, 1000)}; shown by {_cases([case.id for case in one.cases])}; "
        f"again: {code(again(one.record, one.first), 1000)}"
    )


def _difference(group: DifferenceGroup) -> str:
    one = group.difference
    return (
        f"- {code(group.record.iut_id, 80)}: {_cases(group.cases)}: {code(one.name)} is "
        f"{code(value_text(one.seen))}, not {code(value_text(one.reference))}"
    )
