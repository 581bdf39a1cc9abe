"""The table of a terminal's summary: a line for each record, with its counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.report.tally import (
    LevelCount,
    Tally,
    extra_texts,
    shown_extra,
    shown_levels,
    shows_teardown,
    subject_word,
    tally,
)
from sockproof.report.terminal_attention import TEARDOWN_STYLE
from sockproof.report.text import one_line
from sockproof.spec.levels import Level

__all__ = ["table_lines"]


def table_lines(records: Sequence[Record]) -> Iterable[Text]:
    """The lines of the table; wider than the terminal rather than with a count cut short."""
    tallies = [tally(record) for record in records]
    levels = shown_levels(tallies)
    extra = shown_extra(tallies)
    teardown = shows_teardown(records)
    heads = (subject_word(records), *(level.value for level in levels), "n/a")
    heads += ("teardown", *extra) if teardown else tuple(extra)
    rows = [[Text(head, "dim") for head in heads]]
    for record, one in zip(records, tallies, strict=True):
        counts = [_level_cell(level, one.levels[level]) for level in levels]
        absent = Text(str(one.verdicts[Verdict.NOT_APPLICABLE]))
        more = map(Text, extra_texts(one, extra))
        left = [_teardown_cell(one)] if teardown else []
        rows.append([_name(record), *counts, absent, *left, *more])
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


def _teardown_cell(one: Tally) -> Text:
    return Text(one.teardown_words, TEARDOWN_STYLE if one.unclean else "")
