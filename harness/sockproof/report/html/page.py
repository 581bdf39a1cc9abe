"""Puts the report page together: template, style, script and data in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from sockproof.errors import RecordError
from sockproof.record.reader import Record
from sockproof.report.html.attention import attention_list
from sockproof.report.html.inlined import assets, inlined
from sockproof.report.html.matrix_view import build_matrix, cell
from sockproof.report.html.payload import PagePayload
from sockproof.report.html.rendering import rendered
from sockproof.report.html.runs import RunColumn, case_counts, column_names, distinct
from sockproof.report.tally import count_cases, shown_levels, tally

__all__ = ["render_html", "write_html"]

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
_NARROW = """
@media screen and (max-width: {}px) {{ .matrix-frame {{ overflow: auto; max-height: 88vh; }} }}
"""
"""Where so many columns do not fit, the matrix scrolls by itself."""
FILTER_TITLES = {
    "known": "deviates as an expectation says",
    "stale": "an expectation is no longer so",
    "differs": "an observation is not that of the reference record of the level",
}
ATTENTION_OPEN = 6
ATTENTION_MAX = 300
"""Entries of the attention list: shown at once, and written at all. The matrix has every case."""


def write_html(records: Sequence[Record], path: Path | str) -> None:
    """Write the report page of these records, one column per record.

    Raises:
        RecordError: the file cannot be written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render_html(records), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"cannot write {target}: {error.strerror}") from error


def render_html(records: Sequence[Record]) -> str:
    """The report page as text; the same records always give the same page."""
    values = _page(records) | _run_context(records) | _matrix_context(records)
    return rendered("page.html.j2", values)


def _page(records: Sequence[Record]) -> dict[str, Any]:
    """Style and script, and the digests that let these in and no other."""
    script = '"use strict";\n(() => {\n' + assets(SCRIPTS) + "})();\n"
    style = "\n" + assets(STYLES) + _NARROW.format(560 + 104 * len(records))
    return {**inlined("style", style), **inlined("script", script)}


def _run_context(records: Sequence[Record]) -> dict[str, Any]:
    tallies = [tally(record) for record in records]
    levels = shown_levels(tallies)
    names = column_names(records)
    entries = attention_list(records, names)
    return {
        "levels": levels,
        "runs": [RunColumn(*column) for column in zip(names, records, tallies, strict=True)],
        "n_cases": count_cases(records),
        "suite_versions": distinct(records, "suite_version"),
        "started": distinct(records, "started"),
        "first_entries": entries[:ATTENTION_OPEN],
        "more_entries": entries[ATTENTION_OPEN:ATTENTION_MAX],
        "entries_left": max(0, len(entries) - ATTENTION_MAX),
    }


def _matrix_context(records: Sequence[Record]) -> dict[str, Any]:
    areas = build_matrix(records)
    rows = [row for rows in areas.values() for row in rows]
    payload = PagePayload(records, column_names(records), rows)
    numbers = range(len(records))
    cells = [[cell(row.of(n), row.requirement.level, records[n]) for n in numbers] for row in rows]
    return {
        "areas": areas,
        "cells": cells,
        "counts": case_counts(records),
        "titles": FILTER_TITLES,
        "data": Markup(payload.data),
        "details": Markup(payload.details),
    }
