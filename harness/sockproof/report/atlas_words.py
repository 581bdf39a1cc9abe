"""The atlas in a terminal, short, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from sockproof.report.atlas_entries import Atlas, AtlasEntry, Boundary
from sockproof.report.changes import Change, Kind
from sockproof.report.compare_markdown import alarms, kind_blocks
from sockproof.report.compare_text import print_changes, print_incomplete
from sockproof.report.compare_words import counted
from sockproof.report.markdown import code
from sockproof.report.places import place_words
from sockproof.report.strands import Strand
from sockproof.report.text import one_line

__all__ = [
    "all_strands",
    "atlas_markdown",
    "boundary_title",
    "joined",
    "kinds_in_order",
    "overview",
    "print_atlas",
]

SHOWN = 8
"""Changes of one kind at one boundary that a terminal shows; the rest is counted."""
INDEX_SHOWN = 40
"""Requirements of the index that a terminal shows."""

_FIRST = (Kind.BEGINS, Kind.ENDS, Kind.APPLICABLE, Kind.LOST)
"""What comes first when one asks what a version brings."""


def kinds_in_order(boundary: Boundary) -> Iterable[tuple[Kind, list[Change]]]:
    """The changes at a boundary by their kind, promises first."""
    by_kind = boundary.comparison.by_kind
    for kind in dict.fromkeys((*_FIRST, *Kind)):
        if kind in by_kind:
            yield kind, by_kind[kind]


def boundary_title(boundary: Boundary) -> str:
    """``What changes from 3.11 to 3.12``, or ``pypy-7.3.11 beside CPython 3.9``."""
    if boundary.new.version:
        return f"What changes from {boundary.old.label} to {boundary.new.label}"
    return f"{one_line(boundary.new.label, 80)} beside CPython {boundary.old.label}"


def overview(atlas: Atlas) -> str:
    """Which columns there are, in a sentence."""
    labels = [column.label for column in atlas.versions]
    span = f", {labels[0]} to {labels[-1]}" if len(labels) > 1 else f" {''.join(labels)}".rstrip()
    text = f"{counted(len(labels), 'version')} of CPython{span}"
    others = ", ".join(one_line(column.label, 80) for column in atlas.others)
    return f"{text}; beside them {others}" if others else text


def print_atlas(atlas: Atlas, console: Console, *, index: bool) -> None:
    """Print what changes where; with ``index`` every requirement after it, if they are few."""
    print_incomplete(
        [one.record for one in atlas.columns], [one.label for one in atlas.columns], console
    )
    console.print(Text(f"  {overview(atlas)}"), soft_wrap=True)
    for boundary in (*atlas.boundaries, *atlas.beside):
        _print_boundary(boundary, console)
    if index:
        _print_index(atlas, console)
    else:
        told = f"{counted(atlas.unchanged, 'requirement')} the same in every version"
        console.print(Text(f"\n  {told}; -k shows those it names, --html all"), soft_wrap=True)


def _print_boundary(boundary: Boundary, console: Console) -> None:
    title = Text(f"\n  {boundary_title(boundary)}", "bold underline")
    if boundary.comparison.identical:
        console.print(title.append(": nothing", "not underline"), soft_wrap=True)
        return
    console.print(title, soft_wrap=True)
    for kind, changes in kinds_in_order(boundary):
        console.print(Text(f"  {kind}", "bold").append(f"  {len(changes)}", "dim"), soft_wrap=True)
        print_changes(kind, changes, console, SHOWN)


def _print_index(atlas: Atlas, console: Console) -> None:
    console.print(Text("\n  By requirement", "bold underline"), soft_wrap=True)
    for entry in atlas.entries[:INDEX_SHOWN]:
        row = entry.requirement
        console.print(Text(f"  {row.level.value:<9}{one_line(row.id, 120)}"), soft_wrap=True)
        for name, strand in all_strands(entry):
            line = Text("     ").append(f"{one_line(name, 80)}: " if name else "", "dim")
            told = (f"{one_line(cell, 120)}{joined(when)}" for cell, when in atlas.told(strand))
            line.append("; ".join(told))
            line.append(f"  {where}" if (where := _where(strand)) else "", "dim")
            console.print(line, soft_wrap=True)
    if len(atlas.entries) > INDEX_SHOWN:
        console.print(Text(f"  and {len(atlas.entries) - INDEX_SHOWN} more, see --html"))


def all_strands(entry: AtlasEntry) -> Iterable[tuple[str, Strand]]:
    """The verdicts under no name, then the observations under theirs."""
    yield from (("", strand) for strand in entry.verdicts)
    for name, found in entry.observations.items():
        yield from ((name, strand) for strand in found)


def joined(when: str) -> str:
    """As it stands behind a value: ``5, the same everywhere``, ``bytes since 3.6``."""
    return f" {when}" if when.startswith(("since", "until")) or when[:1].isdigit() else f", {when}"


def _where(strand: Strand) -> str:
    """Nothing where all places agree."""
    whole = len(strand.places) == strand.of
    return "" if whole else one_line(place_words(strand.places, strand.of), 160)


def atlas_markdown(atlas: Atlas) -> str:
    """The boundaries one after the other, then a table of all requirements."""
    columns = atlas.columns
    blocks = ["## sockproof atlas"]
    blocks += alarms([one.record for one in columns], [one.label for one in columns])
    blocks.append(f"{counted(len(atlas.versions), 'version')} of CPython: {_labels(atlas)}.")
    for boundary in (*atlas.boundaries, *atlas.beside):
        blocks.append(f"### {_markdown_title(boundary)}")
        if boundary.comparison.identical:
            blocks.append("Nothing.")
        for kind, changes in kinds_in_order(boundary):
            blocks += kind_blocks(kind, changes, f"#### {kind} ({len(changes)})")
    blocks += ["### By requirement", "\n".join(_index_table(atlas))]
    return "\n\n".join(blocks) + "\n"


def _labels(atlas: Atlas) -> str:
    return ", ".join(code(column.label, 80) for column in atlas.columns)


def _markdown_title(boundary: Boundary) -> str:
    if boundary.new.version:
        return boundary_title(boundary)
    return f"{code(boundary.new.label, 80)} beside CPython {boundary.old.label}"


def _index_table(atlas: Atlas) -> Iterable[str]:
    yield "| requirement | level | what | when |"
    yield "|:--|:--|:--|:--|"
    for entry in atlas.entries:
        row = entry.requirement
        for name, strand in all_strands(entry):
            what = code(name) if name else "verdict"
            if where := _where(strand):
                what += f" on {code(where)}"
            when = "; ".join(_told_markdown(atlas, strand))
            yield f"| {code(row.id)} | {row.level.value} | {what} | {when} |"


def _told_markdown(atlas: Atlas, strand: Strand) -> Iterable[str]:
    others = {column.label for column in atlas.others}
    for value, when in atlas.told(strand):
        yield code(value, 160) + (f", {code(when, 80)}" if when in others else joined(when))
