"""What ``sockproof selftest`` prints at its end."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sockproof.mutation.judging import MutantOutcome
from sockproof.mutation.kill_matrix import CPYTHON_ASKED, CPYTHON_KILLED, KillMatrix
from sockproof.report.text import one_line

__all__ = ["print_proof"]


def print_proof(matrix: KillMatrix, console: Console) -> None:
    """Print the totals, the survivors, and the requirements that kill nothing."""
    console.print(_totals(matrix))
    for line in _lines(matrix):
        console.print(Text(line), soft_wrap=True)


def _totals(matrix: KillMatrix) -> Table:
    columns = {name: name for name in ("all", *(one.value for one in matrix.outcomes))}
    if matrix.cpython_asked:
        if any(not one.cpython for one in matrix.proof.results):
            columns[CPYTHON_ASKED] = "CPython asked"
        columns[CPYTHON_KILLED] = "CPython kills"
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("  mutants", no_wrap=True)
    for title in columns.values():
        table.add_column(title, justify="right")
    for kind, counts in matrix.totals.items():
        table.add_row(f"  {kind.value}", *(str(counts[name]) for name in columns))
    return table


def _lines(matrix: KillMatrix) -> Iterator[str]:
    state = f"{len(matrix.proof.alarms)} false alarms" if matrix.proof.alarms else "nothing"
    yield f"  untouched module  {state} in {matrix.proof.cases} cases, played twice"
    for heading, outcome in (
        ("only noticed, by an observation", MutantOutcome.NOTICED),
        ("survivors", MutantOutcome.SURVIVED),
    ):
        results = matrix.with_outcome(outcome)
        if results:
            yield f"\n  {heading}"
        for result in results:
            yield f"  {result.subject.id}  {one_line(result.subject.title, 160)}"
            for found in result.detections[:1]:
                yield f"     {found.case}  {one_line(found.told, 120)}"
    faults = [fault for result in matrix.proof.results for fault in result.faults]
    if faults:
        yield f"\n  {len(faults)} cases ended in ERROR on mutants, such as {one_line(faults[0])}"
    if matrix.proof.full and matrix.silent:
        yield "\n  requirements that kill nothing here"
        yield from (f"  {name}" for name in matrix.silent)
