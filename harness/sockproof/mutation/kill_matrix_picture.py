"""The picture of the kill matrix: where its marks and words are, in units of its view box."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sockproof.mutation.judging import Result
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.subjects import MutantKind
from sockproof.report.text import one_line

__all__ = ["Band", "Picture", "PictureCell", "drawn"]

COLUMN, ROW = 5, 10
"""The width and height of a cell."""
_LETTERS_ACROSS = 110
"""How many heights of a letter the picture is wide: words keep their size whatever is in it."""
_LEFT, _ABOVE, _RIGHT = 9, 12, 8
"""The room around the cells, in heights of a letter."""


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
    column: int = COLUMN
    row: int = ROW

    @property
    def left(self) -> float:
        return -_LEFT * self.letters

    @property
    def top(self) -> float:
        return -_ABOVE * self.letters

    @property
    def width(self) -> float:
        return self.right + (_LEFT + _RIGHT) * self.letters

    @property
    def height(self) -> float:
        last = max((band.label for band in self.areas), default=0)
        return max(self.bottom, last) - self.top + self.letters


def drawn(matrix: KillMatrix) -> Picture:
    """The picture of all requirements that tell any mutant."""
    results = matrix.proof.results
    names = [name for name, told in matrix.by_requirement.items() if told.kills or told.notices]
    right = max(1, len(results)) * COLUMN
    letters = round(right / (_LETTERS_ACROSS - _LEFT - _RIGHT), 1)
    areas = [matrix.catalogue[name].area for name in names]
    return Picture(
        tuple(_cells(results, names)),
        tuple(_apart(_bands(areas, ROW), letters)),
        tuple(_wide(_bands(map(_group, results), COLUMN), letters)),
        right,
        max(1, len(names)) * ROW,
        letters,
    )


def _cells(results: Iterable[Result], names: Sequence[str]) -> Iterator[PictureCell]:
    rows = {name: number for number, name in enumerate(names)}
    for column, result in enumerate(results):
        for found in result.detections:
            verb = "kills" if found.how.kills else "notices"
            words = f"{found.case} {verb} {result.subject.id}: {one_line(found.told, 120)}"
            place = column * COLUMN, rows[found.requirement] * ROW
            yield PictureCell(*place, found.how.kills, words)


def _group(result: Result) -> str:
    """What a column stands under: a named mutant's area, the class that a generic one is in."""
    group = result.subject.group
    if result.subject.kind is MutantKind.NAMED:
        return f"named: {group}"
    return group.partition(".")[0]


def _bands(names: Iterable[str], size: int) -> Iterator[Band]:
    """Neighbours of the same name, labelled at their middle."""
    start = 0
    for run in _runs(names):
        end = start + len(run) * size
        yield Band(run[0], start, end, (start + end) / 2)
        start = end


def _apart(bands: Iterable[Band], letters: float) -> Iterator[Band]:
    """Each label on a line of its own, below the last one where its band has no room for it."""
    free = 0.0
    for band in bands:
        label = max(free, band.label + letters / 3)
        yield dataclasses.replace(band, label=round(label, 1))
        free = label + letters * 1.1


def _wide(bands: Iterable[Band], letters: float) -> Iterator[Band]:
    """Those that a label fits above."""
    return (band for band in bands if band.end - band.start >= 1.3 * letters)


def _runs(names: Iterable[str]) -> Iterator[list[str]]:
    run: list[str] = []
    for name in names:
        if run and run[0] != name:
            yield run
            run = []
        run.append(name)
    if run:
        yield run
