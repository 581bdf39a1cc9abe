"""What ``sockproof selftest`` prints at its end."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sockproof.mutation.judging import MutantOutcome
from sockproof.mutation.kill_matrix import CPYTHON_KILLED, KillMatrix
from sockproof.report.text import one_line
from sockproof.spec.levels import Level

__all__ = ["print_proof"]

_COLUMNS = ("all", *(outcome.value for outcome in MutantOutcome))
_QUIET = (MutantOutcome.UNLOADABLE.value, MutantOutcome.LOST.value)
"""Columns that are shown only where there is something in them."""


def print_proof(matrix: KillMatrix, console: Console) -> None:
    """Print the totals, the survivors, and the requirements that kill nothing."""
    console.print(_totals(matrix))
    for line in _lines(matrix):
        console.print(Text(line), soft_wrap=True)


def _totals(matrix: KillMatrix) -> Table:
    shown = [
        name
        for name in _COLUMNS
        if name not in _QUIET or any(counts[name] for counts in matrix.totals.values())
    ]
    if matrix.cpython_asked:
        shown.append(CPYTHON_KILLED)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("  mutants", no_wrap=True)
    for name in shown:
        table.add_column("CPython kills" if name == CPYTHON_KILLED else name, justify="right")
    for kind, counts in matrix.totals.items():
        table.add_row(f"  {kind.value}", *(str(counts[name]) for name in shown))
    return table


def _lines(matrix: KillMatrix) -> Iterator[str]:
    state = f"{len(matrix.proof.alarms)} false alarms" if matrix.proof.alarms else "nothing"
    yield f"  untouched module  {state} in {matrix.proof.cases} cases, played twice"
    for heading, results in (
        ("only noticed, by an observation", matrix.noticed),
        ("survivors", matrix.survivors),
    ):
        if results:
            yield f"\n  {heading}"
        for result in results:
            yield f"  {result.subject.id}  {one_line(result.subject.title, 160)}"
            for found in result.detections[:1]:
                yield f"     {found.case}  {one_line(found.told, 120)}"
    faults = [fault for result in matrix.proof.results for fault in result.faults]
    if faults:
        yield f"\n  {len(faults)} cases ended in ERROR on mutants, such as {one_line(faults[0])}"
    if matrix.proof.full:
        yield from _idle(matrix)


def _idle(matrix: KillMatrix) -> Iterator[str]:
    idle = [
        name
        for name, told in matrix.by_requirement.items()
        if not told.kills and matrix.catalogue[name].level is not Level.OBSERVED
    ]
    if idle:
        yield "\n  requirements that kill nothing here"
        yield from (f"  {name}" for name in idle)
