"""What is told of re-implementations: a page, one file, without script, and what is printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sockproof import __version__
from sockproof.mutation.judging import Result
from sockproof.mutation.kill_matrix_page import STYLES
from sockproof.mutation.rewrite_matrix import FamilyRow, RewriteMatrix
from sockproof.output_folder import OutputFolder
from sockproof.report.html.rendering import assets, rendered
from sockproof.report.text import one_line
from sockproof.run.record_header import without_home

__all__ = ["print_rewrites", "render_rewrites", "write_rewrite_page"]


def write_rewrite_page(matrix: RewriteMatrix, path: Path) -> None:
    """Write the page to a file.

    Raises:
        RecordError: that cannot be done.
    """
    OutputFolder(path.parent).write(path.name, without_home(render_rewrites(matrix)))


def render_rewrites(matrix: RewriteMatrix) -> str:
    """The page as text."""
    families: dict[str, list[Result]] = {}
    for one in matrix.proof.results:
        families.setdefault(one.subject.group, []).append(one)
    values: dict[str, Any] = {
        "style": assets(STYLES),
        "named": [],
        "version": __version__,
        "matrix": matrix,
        "families": families,
        "columns": columns_of(matrix),
        "cell": _cell,
        "word": word_for,
    }
    return rendered("rewrite_matrix.html.j2", **values)


def columns_of(matrix: RewriteMatrix) -> dict[str, str]:
    """The columns of the table of families: names of fields, and what stands above each."""
    columns = {"broken": "broken", "detected": "detected", "noticed": "only noticed"}
    columns["at_first"] = "at the first try"
    if matrix.cpython_asked:
        columns["cpython_killed"] = "CPython detects"
    return {**columns, "right": "right", "accused": "accused"}


def _cell(row: FamilyRow, name: str) -> str:
    """What stands in the table: of first tries, how many there were, too."""
    if name == "at_first":
        return f"{row.at_first} of {row.tried}" if row.tried else "not tried"
    return str(getattr(row, name))


def word_for(matrix: RewriteMatrix, result: Result) -> str:
    """What became of one, in a word or two."""
    if result.subject.is_right:
        return "accused" if result in matrix.accused else "right"
    if result not in matrix.undetected:
        return "detected"
    return "listed" if matrix.reason(result) else result.outcome.value


def print_rewrites(matrix: RewriteMatrix, console: Console) -> None:
    """Print the families, what is undetected, and of what that is known."""
    console.print(_table(matrix))
    for line in _lines(matrix):
        console.print(Text(line), soft_wrap=True)


def _table(matrix: RewriteMatrix) -> Table:
    columns = columns_of(matrix)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("  family", no_wrap=True)
    for title in columns.values():
        table.add_column(title, justify="right")
    for row in (*matrix.families, matrix.whole):
        table.add_row(f"  {row.family}", *(_cell(row, name) for name in columns))
    return table


def _lines(matrix: RewriteMatrix) -> Iterator[str]:
    state = f"{len(matrix.proof.alarms)} false alarms" if matrix.proof.alarms else "nothing"
    yield f"  untouched module  {state} in {matrix.proof.cases} cases, played twice"
    for heading, results in (
        (
            "undetected, and listed with a reason",
            [r for r in matrix.undetected if matrix.reason(r)],
        ),
        ("undetected", matrix.unlisted),
    ):
        if results:
            yield f"\n  {heading}"
        for result in results:
            reason = matrix.reason(result) or result.subject.title
            yield f"  {result.subject.id}  {one_line(reason, 160)}"
