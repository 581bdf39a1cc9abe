"""The kill matrix as a page: one file, without script, readable offline; and the picture on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sockproof import __version__
from sockproof.mutation.cpython_tests import KILLED
from sockproof.mutation.judging import MutantOutcome, Result
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.subjects import MutantKind
from sockproof.output_folder import OutputFolder
from sockproof.report.html.rendering import assets, rendered
from sockproof.report.text import one_line
from sockproof.run.record_header import without_home

__all__ = ["Band", "Picture", "PictureCell", "drawn", "render_page", "write_page"]

STYLES = ("page.css", "changes.css", "kill_matrix.css")
# The width and height of a cell of the picture, in units of its view box.
_COLUMN, _ROW = 5, 10
# How many heights of a letter the picture is wide: words keep their size whatever is in it.
_LETTERS_ACROSS = 110
# The room around the cells, in heights of a letter.
_LEFT, _ABOVE, _RIGHT = 9, 12, 8


def write_page(matrix: KillMatrix, path: Path) -> None:
    """Write it to a file.

    Raises:
        RecordError: that cannot be done.
    """
    OutputFolder(path.parent).write(path.name, without_home(render_page(matrix)))


def render_page(matrix: KillMatrix) -> str:
    """The page as text."""
    results = matrix.proof.results
    groups: dict[tuple[MutantKind, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.subject.kind, result.subject.group), []).append(result)
    apart = [one for one in results if one.outcome is not MutantOutcome.EQUIVALENT]
    asked = [one for one in apart if one.cpython]
    values: dict[str, Any] = {
        "style": assets(STYLES),
        "named": [],
        "version": __version__,
        "matrix": matrix,
        "groups": groups,
        "outcomes": matrix.outcomes,
        "told_apart": len(apart),
        "detected": sum(one.outcome.detected for one in apart),
        "cpython_asked": len(asked),
        "cpython_killed": sum(one.cpython == KILLED for one in asked),
        "silent": matrix.silent,
        "picture": drawn(matrix),
        "share": _share,
    }
    return rendered("kill_matrix.html.j2", **values)


def _share(part: int, whole: int) -> str:
    """A percentage with one digit, which is 100 only of all."""
    return "100 %" if part == whole else f"{min(99.9, 100 * part / whole):.1f} %"


@dataclass(frozen=True)
class PictureCell:
    """One mark: a requirement (row) that tells a mutant (column)."""

    x: int
    y: int
    kills: bool
    words: str


@dataclass(frozen=True)
class Band:
    """Rows of an area, or columns of a group, from ``start`` to ``end``; the name stands
    at ``label`` of the same axis."""

    name: str
    start: int
    end: int
    label: float


@dataclass(frozen=True)
class Picture:
    """The marks, and the bands that have a name in it. ``right`` and ``bottom`` are the ends of the
    marks, which begin at 0; ``letters`` is the height of a letter; ``left``, ``top``, ``width`` and
    ``height`` are of all."""

    cells: Sequence[PictureCell]
    areas: Sequence[Band]
    groups: Sequence[Band]
    right: int
    bottom: int
    letters: float
    left: float
    top: float
    width: float
    height: float
    column: int = _COLUMN
    row: int = _ROW


def drawn(matrix: KillMatrix) -> Picture:
    """The picture of all requirements that tell any mutant."""
    results = matrix.proof.results
    names = [name for name, row in matrix.by_requirement.items() if row.kills or row.notices]
    right = max(1, len(results)) * _COLUMN
    letters = round(right / (_LETTERS_ACROSS - _LEFT - _RIGHT), 1)
    areas = tuple(_apart(_bands((matrix.catalogue[one].area for one in names), _ROW), letters))
    groups = _bands(map(_group, results), _COLUMN)
    bottom = max(1, len(names)) * _ROW
    lowest = max(bottom, *(band.label for band in areas), 0)
    return Picture(
        tuple(_cells(results, names)),
        areas,
        tuple(band for band in groups if band.end - band.start >= 1.3 * letters),
        right,
        bottom,
        letters,
        left=-_LEFT * letters,
        top=-_ABOVE * letters,
        width=right + (_LEFT + _RIGHT) * letters,
        height=lowest + _ABOVE * letters + letters,
    )


def _cells(results: Iterable[Result], names: Sequence[str]) -> Iterator[PictureCell]:
    rows = {name: number for number, name in enumerate(names)}
    for column, result in enumerate(results):
        for found in result.detections:
            verb = "kills" if found.how.kills else "notices"
            words = f"{found.case} {verb} {result.subject.id}: {one_line(found.told, 120)}"
            place = column * _COLUMN, rows[found.requirement] * _ROW
            yield PictureCell(*place, found.how.kills, words)


def _group(result: Result) -> str:
    """What a column stands under: a named mutant's area, the class that a generic one is in."""
    group = result.subject.group
    named = result.subject.kind is MutantKind.NAMED
    return f"named: {group}" if named else group.partition(".")[0]


def _bands(names: Iterable[str], size: int) -> Iterator[Band]:
    """Neighbours of the same name, labelled at their middle."""
    start = 0
    for name, run in groupby(names):
        end = start + len(list(run)) * size
        yield Band(name, start, end, (start + end) / 2)
        start = end


def _apart(bands: Iterable[Band], letters: float) -> Iterator[Band]:
    """Each label on a line of its own, below the last one where its band has no room for it."""
    free = 0.0
    for band in bands:
        label = max(free, band.label + letters / 3)
        yield dataclasses.replace(band, label=round(label, 1))
        free = label + letters * 1.1
