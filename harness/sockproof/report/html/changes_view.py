"""The pages of a comparison and of an atlas: one file each, without script, readable offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sockproof.report.atlas_entries import Atlas, AtlasEntry
from sockproof.report.atlas_words import (
    all_strands,
    boundary_title,
    joined,
    kinds_in_order,
    overview,
)
from sockproof.report.compare_words import PROMISED, counted, folds, is_folded, summary, told, where
from sockproof.report.comparison import Comparison
from sockproof.report.html.inlined import assets, inlined
from sockproof.report.html.rendering import rendered
from sockproof.report.places import place_words
from sockproof.report.strands import segments

__all__ = ["atlas_html", "compare_html"]

STYLES = ("page.css", "changes.css")


def _is_plain(entry: AtlasEntry) -> bool:
    """Whether every strand shows one thing in all columns, so that no table is needed."""
    return all(len(set(strand.cells)) == 1 for _, strand in all_strands(entry))


_TOOLS: Mapping[str, object] = {
    "all_strands": all_strands,
    "boundary_title": boundary_title,
    "counted": counted,
    "folds": folds,
    "is_folded": is_folded,
    "is_plain": _is_plain,
    "joined": joined,
    "kinds_in_order": kinds_in_order,
    "place_words": place_words,
    "promised": PROMISED,
    "segments": segments,
    "summary": summary,
    "told": told,
    "where": where,
}
"""What the templates may call: the same words as in the terminal."""


def compare_html(comparisons: Sequence[Comparison], names: Sequence[str]) -> str:
    """The page of comparisons with one baseline, whose name is the first of ``names``."""
    records = [comparisons[0].baseline, *(one.other for one in comparisons)]
    pairs = list(zip(comparisons, names[1:], strict=True))
    named = list(zip(names, records, strict=True))
    return _render("compare.html.j2", pairs=pairs, baseline=names[0], named=named)


def atlas_html(atlas: Atlas) -> str:
    """The page of an atlas: what changes at each version, then every requirement."""
    areas: dict[str, list[Any]] = {}
    for entry in atlas.entries:
        areas.setdefault(entry.requirement.area, []).append(entry)
    named = [(column.label, column.record) for column in atlas.columns]
    return _render("atlas.html.j2", atlas=atlas, areas=areas, named=named, overview=overview(atlas))


def _render(template: str, **values: object) -> str:
    return rendered(template, {**_TOOLS, **inlined("style", assets(STYLES)), **values})
