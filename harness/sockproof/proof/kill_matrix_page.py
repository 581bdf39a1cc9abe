"""The kill matrix as a page: one file, without script, readable offline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sockproof import __version__
from sockproof.proof.judging import Outcome, Result
from sockproof.proof.kill_matrix import KillMatrix
from sockproof.proof.subjects import Kind
from sockproof.report.html.inlined import assets, inlined
from sockproof.report.text import one_line, visible

__all__ = ["render_page", "write_page"]

STYLES = ("page.css", "changes.css", "kill_matrix.css")
COLUMN, ROW = 5, 10
"""The width and height of a cell of the picture, in units of its view box."""


@dataclass(frozen=True)
class Cell:
    """One mark of the picture: a requirement (row) that tells a mutant (column)."""

    x: int
    y: int
    kills: bool
    words: str


def write_page(matrix: KillMatrix, path: Path) -> None:
    """Write it to a file.

    Raises:
        OSError: that cannot be done.
    """
    path.write_text(render_page(matrix), encoding="utf-8")


def render_page(matrix: KillMatrix) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("sockproof.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"one_line": one_line, "visible": visible}
    return environment.get_template("kill_matrix.html.j2").render(_values(matrix))


def _values(matrix: KillMatrix) -> dict[str, Any]:
    results = matrix.proof.results
    groups: dict[tuple[Kind, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.subject.kind, result.subject.group), []).append(result)
    names = [name for name, told in matrix.by_requirement.items() if told.kills or told.notices]
    return {
        **inlined("style", assets(STYLES)),
        "named": [],
        "version": __version__,
        "matrix": matrix,
        "groups": groups,
        "outcomes": list(Outcome),
        "cells": list(_cells(matrix, names)),
        "areas": _areas(matrix, names),
        "width": len(results) * COLUMN,
        "height": max(1, len(names)) * ROW,
        "column": COLUMN,
        "row": ROW,
        "boundary": sum(one.subject.kind is Kind.NAMED for one in results) * COLUMN,
    }


def _cells(matrix: KillMatrix, names: list[str]) -> Iterator[Cell]:
    rows = {name: number for number, name in enumerate(names)}
    for column, result in enumerate(matrix.proof.results):
        for found in result.detections:
            verb = "kills" if found.how.kills else "notices"
            words = f"{found.case} {verb} {result.subject.id}: {one_line(found.told, 120)}"
            place = column * COLUMN, rows[found.requirement] * ROW
            yield Cell(*place, found.how.kills, words)


def _areas(matrix: KillMatrix, names: list[str]) -> list[tuple[int, int, str]]:
    """Where in the picture the requirements of an area are: from, to, its name."""
    found: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        found.setdefault(matrix.catalogue[name].area, []).append(number)
    return [(rows[0] * ROW, (rows[-1] + 1) * ROW, area) for area, rows in found.items()]
