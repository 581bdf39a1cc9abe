"""The atlas in a terminal, short, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from sockproof.report.atlas_entries import Atlas, Boundary
from sockproof.report.compare_markdown import alarms, kind_blocks
from sockproof.report.compare_text import print_changes, print_incomplete
from sockproof.report.markdown import code
from sockproof.report.strands import Strand, joined
from sockproof.report.text import counted, one_line

__all__ = ["atlas_markdown", "print_atlas"]

# Changes of one kind at one boundary that a terminal shows; the rest is counted.
SHOWN = 8
# Requirements of the index that a terminal shows.
INDEX_SHOWN = 40


def print_atlas(atlas: Atlas, console: Console, *, index: bool) -> None:
    """Print what changes where; with ``index`` every requirement after it, if they are few."""
    print_incomplete(
        [one.record for one in atlas.columns], [one.label for one in atlas.columns], console
    )
    console.print(Text(f"  {atlas.overview}"), soft_wrap=True)
    for boundary in (*atlas.boundaries, *atlas.beside):
        _print_boundary(boundary, console)
    if index:
        _print_index(atlas, console)
    else:
        same = f"{counted(atlas.unchanged, 'requirement')} the same in every version"
        console.print(Text(f"\n  {same}; -k shows those it names, --html all"), soft_wrap=True)


def _print_boundary(boundary: Boundary, console: Console) -> None:
    title = Text(f"\n  {boundary.title}", "bold underline")
    if boundary.comparison.identical:
        console.print(title.append(": nothing", "not underline"), soft_wrap=True)
        return
    console.print(title, soft_wrap=True)
    for kind, changes in boundary.kinds:
        console.print(Text(f"  {kind}", "bold").append(f"  {len(changes)}", "dim"), soft_wrap=True)
        print_changes(kind, changes, console, SHOWN)


def _print_index(atlas: Atlas, console: Console) -> None:
    console.print(Text("\n  By requirement", "bold underline"), soft_wrap=True)
    for entry in atlas.entries[:INDEX_SHOWN]:
        row = entry.requirement
        console.print(Text(f"  {row.level.value:<9}{one_line(row.id, 120)}"), soft_wrap=True)
        for name, strand in entry.strands:
            line = Text("     ").append(f"{one_line(name, 80)}: " if name else "", "dim")
            spans = (f"{one_line(cell, 120)}{joined(when)}" for cell, when in atlas.spans(strand))
            line.append("; ".join(spans))
            line.append(f"  {one_line(strand.where, 160)}" if strand.where else "", "dim")
            console.print(line, soft_wrap=True)
    if len(atlas.entries) > INDEX_SHOWN:
        console.print(Text(f"  and {len(atlas.entries) - INDEX_SHOWN} more, see --html"))


def atlas_markdown(atlas: Atlas) -> str:
    """The boundaries one after the other, then a table of all requirements."""
    columns = atlas.columns
    blocks = ["## sockproof atlas"]
    blocks += alarms([one.record for one in columns], [one.label for one in columns])
    labels = ", ".join(code(column.label, 80) for column in columns)
    blocks.append(f"{counted(len(atlas.versions), 'version')} of CPython: {labels}.")
    for boundary in (*atlas.boundaries, *atlas.beside):
        blocks.append(f"### {_markdown_title(boundary)}")
        if boundary.comparison.identical:
            blocks.append("Nothing.")
        for kind, changes in boundary.kinds:
            blocks += kind_blocks(kind, changes)
    blocks += ["### By requirement", "\n".join(_index_table(atlas))]
    return "\n\n".join(blocks) + "\n"


def _markdown_title(boundary: Boundary) -> str:
    if boundary.new.version:
        return boundary.title
    return f"{code(boundary.new.label, 80)} beside CPython {boundary.old.label}"


def _index_table(atlas: Atlas) -> Iterable[str]:
    yield "| requirement | level | what | when |"
    yield "|:--|:--|:--|:--|"
    for entry in atlas.entries:
        row = entry.requirement
        for name, strand in entry.strands:
            what = code(name) if name else "verdict"
            if strand.where:
                what += f" on {code(one_line(strand.where, 160))}"
            when = "; ".join(_spans(atlas, strand))
            yield f"| {code(row.id)} | {row.level.value} | {what} | {when} |"


def _spans(atlas: Atlas, strand: Strand) -> Iterable[str]:
    others = {column.label for column in atlas.others}
    for value, when in atlas.spans(strand):
        yield code(value, 160) + (f", {code(when, 80)}" if when in others else joined(when))
