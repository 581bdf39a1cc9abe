"""The kill matrix as a page: one file, without script, readable offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sockproof import __version__
from sockproof.mutation.cpython_tests import KILLED
from sockproof.mutation.judging import MutantOutcome, Result
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.kill_matrix_picture import drawn
from sockproof.mutation.subjects import MutantKind
from sockproof.report.html.inlined import assets, inlined
from sockproof.report.html.rendering import rendered
from sockproof.run.record_header import without_home
from sockproof.spec.levels import Level

__all__ = ["render_page", "write_page"]

STYLES = ("page.css", "changes.css", "kill_matrix.css")
_QUIET = (MutantOutcome.UNLOADABLE, MutantOutcome.LOST)
"""Columns of the totals that are shown only where there is something in them."""


def write_page(matrix: KillMatrix, path: Path) -> None:
    """Write it to a file.

    Raises:
        OSError: that cannot be done.
    """
    path.write_text(without_home(render_page(matrix)), encoding="utf-8")


def render_page(matrix: KillMatrix) -> str:
    """The page as text."""
    return rendered("kill_matrix.html.j2", _values(matrix))


def _values(matrix: KillMatrix) -> dict[str, Any]:
    results = matrix.proof.results
    groups: dict[tuple[MutantKind, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.subject.kind, result.subject.group), []).append(result)
    apart = [one for one in results if one.outcome is not MutantOutcome.EQUIVALENT]
    return {
        **inlined("style", assets(STYLES)),
        "named": [],
        "version": __version__,
        "matrix": matrix,
        "groups": groups,
        "outcomes": _shown(matrix),
        "told_apart": len(apart),
        "detected": sum(one.outcome.detected for one in apart),
        "cpython_killed": sum(one.cpython == KILLED for one in apart),
        "silent": list(_silent(matrix)),
        "picture": drawn(matrix),
        "share": _share,
    }


def _shown(matrix: KillMatrix) -> list[MutantOutcome]:
    return [
        outcome
        for outcome in MutantOutcome
        if outcome not in _QUIET or any(counts[outcome.value] for counts in matrix.totals.values())
    ]


def _silent(matrix: KillMatrix) -> Iterator[str]:
    """Requirements that told nothing; where all were played, those that could have killed."""
    for name, told in matrix.by_requirement.items():
        observed = matrix.catalogue[name].level is Level.OBSERVED
        if not told.kills and not (observed if matrix.proof.full else told.notices):
            yield name


def _share(part: int, whole: int) -> str:
    """A percentage with one digit, which is 100 only of all."""
    return "100 %" if part == whole else f"{min(99.9, 100 * part / whole):.1f} %"
