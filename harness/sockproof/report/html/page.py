"""Puts the report page together: template, style, script and data in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sockproof.record.reader import Record
from sockproof.record.scope import partial_words
from sockproof.report.class_changes import change_lines, changes_title, chosen_words
from sockproof.report.html.attention import attention_list
from sockproof.report.html.matrix_view import build_matrix, cell
from sockproof.report.html.payload import PagePayload
from sockproof.report.html.rendering import assets, rendered_parts
from sockproof.report.html.runs import RunColumn, case_counts, distinct
from sockproof.report.tally import (
    inherited_words,
    shown_levels,
    shows_teardown,
    subject_word,
    tally,
)
from sockproof.report.text import column_names

__all__ = ["report_html", "report_parts"]

STYLES = (
    "page.css",
    "attention.css",
    "matrix.css",
    "documentation.css",
    "drawer.css",
    "sequence.css",
    "comparison.css",
    "print.css",
)
SCRIPTS = (
    "state.js",
    "matrix_rows.js",
    "matrix.js",
    "documentation.js",
    "transcript.js",
    "conversation.js",
    "sequence_words.js",
    "sequence.js",
    "evidence.js",
    "copies.js",
    "drawer.js",
    "record_file.js",
    "comparison.js",
    "comparison_view.js",
    "record_drop.js",
    "main.js",
)
# Where so many columns do not fit, the matrix scrolls by itself.
_NARROW = """
@media screen and (max-width: {}px) {{ .matrix-frame {{ overflow: auto; max-height: 88vh; }} }}
"""
FILTER_TITLES = {
    "known": "deviates as an expectation says",
    "inherited": "the interpreter's own module does the same",
    "chosen": "by attributes that are documented to be set, and constructors",
    "stale": "an expectation is no longer so",
    "differs": "an observation is not that of the reference record of the level",
}
# Entries of the attention list: shown at once, and written at all. The matrix has every case.
ATTENTION_OPEN = 6
ATTENTION_MAX = 300
# Requirements of the matrix that are written as rows, as matrix_rows.js knows, which makes others
# when they are asked for; and areas that can be chosen.
MATRIX_ROWS = 1000
AREAS_MAX = 1000


def report_html(records: Sequence[Record]) -> str:
    """The report page, one column per record; the same records always give the same page."""
    return "".join(report_parts(records))


def report_parts(records: Sequence[Record]) -> Iterator[str]:
    """The same page in parts."""
    return rendered_parts(
        "page.html.j2",
        style="\n" + assets(STYLES) + _NARROW.format(560 + 104 * len(records)),
        script='"use strict";\n(() => {\n' + assets(SCRIPTS) + "})();\n",
        **_runs(records),
        **_matrix(records),
    )


def _runs(records: Sequence[Record]) -> dict[str, Any]:
    """The strip at the top, and the list of what needs attention."""
    tallies = [tally(record) for record in records]
    names = column_names(records)
    entries = attention_list(records, names)
    return {
        "levels": shown_levels(tallies),
        "subject_word": subject_word(records),
        "shows_teardown": shows_teardown(records),
        "runs": [RunColumn(*column) for column in zip(names, records, tallies, strict=True)],
        "partial": partial_words(records),
        "n_cases": sum(one.cases for one in tallies),
        "suite_versions": distinct(records, "suite_version"),
        "started": distinct(records, "started"),
        "inherited": [
            (name, words)
            for name, record in zip(names, records, strict=True)
            for words in inherited_words(record)
        ],
        "changes": [(changes_title(one), change_lines(one)) for one in records],
        "chosen": [
            (name, words)
            for name, record in zip(names, records, strict=True)
            for words in chosen_words(record)
        ],
        "first_entries": entries[:ATTENTION_OPEN],
        "more_entries": entries[ATTENTION_OPEN:ATTENTION_MAX],
        "entries_left": max(0, len(entries) - ATTENTION_MAX),
    }


def _matrix(records: Sequence[Record]) -> dict[str, Any]:
    areas = build_matrix(records)
    rows = [row for rows in areas.values() for row in rows]
    payload = PagePayload(records, column_names(records), rows)
    numbers = range(len(records))
    cells = [
        [cell(row.of(n), row.requirement.level, records[n]) for n in numbers]
        for row in rows[:MATRIX_ROWS]
    ]
    shown = {area: [row for row in own if row.number < MATRIX_ROWS] for area, own in areas.items()}
    return {
        "area_names": list(areas)[:AREAS_MAX],
        "areas": {area: own for area, own in shown.items() if own},
        "rows_left": max(0, len(rows) - MATRIX_ROWS),
        "cells": cells,
        "counts": case_counts(records),
        "titles": FILTER_TITLES,
        "data": payload.data,
        "details": payload.details,
    }
