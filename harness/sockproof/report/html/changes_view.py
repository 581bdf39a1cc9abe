"""The pages of a comparison and of an atlas: one file each, without script, readable offline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sockproof.report.atlas_entries import Atlas, AtlasEntry
from sockproof.report.changes import folds
from sockproof.report.comparison import Comparison
from sockproof.report.html.rendering import assets, rendered
from sockproof.report.strands import joined, segments

__all__ = ["atlas_html", "compare_html"]

# Entries of a list that a page has, and lines of one requirement; the rest is counted.
MOST = 1000
MOST_STRANDS = 100
STYLES = ("page.css", "changes.css")


def compare_html(comparisons: Sequence[Comparison], names: Sequence[str]) -> str:
    """The page of comparisons with one baseline, whose name is the first of ``names``."""
    records = [comparisons[0].baseline, *(one.other for one in comparisons)]
    pairs = list(zip(comparisons, names[1:], strict=True))
    named = list(zip(names, records, strict=True))
    return _page("compare.html.j2", pairs=pairs, baseline=names[0], named=named)


def atlas_html(atlas: Atlas) -> str:
    """The page of an atlas: what changes at each version, then every requirement."""
    areas: dict[str, list[AtlasEntry]] = {}
    for entry in atlas.entries:
        areas.setdefault(entry.requirement.area, []).append(entry)
    named = [(column.label, column.record) for column in atlas.columns]
    tools = {"joined": joined, "segments": segments}
    return _page("atlas.html.j2", atlas=atlas, areas=areas, named=named, **tools)


def _page(template: str, **values: Any) -> str:
    values |= {"folds": folds, "MOST": MOST, "MOST_STRANDS": MOST_STRANDS}
    return rendered(template, style=assets(STYLES), **values)
