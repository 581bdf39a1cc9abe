"""What a check prints: a line for each invariant, with its figures before, during and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from sockproof.check.listener import Listener
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.report.text import one_line

__all__ = ["CheckProgress", "print_table"]

# Worst first: of an invariant that is played in several variants, that is shown.
_WORST = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
_STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.NOT_APPLICABLE: "dim"}
_COUNTED = ("threads", "children", "descriptors")


class CheckProgress:
    """A bar, where there is a terminal."""

    def __init__(self, console: Console, total: int) -> None:
        self._progress = Progress(
            TextColumn("  checking"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} {task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total)
        self._progress.start()

    def take(self, row: CaseRow) -> None:
        """One case has ended."""
        self._progress.update(self._task, advance=1, description=one_line(row.id, 60))

    def stop(self) -> None:
        """No more comes."""
        self._progress.stop()


def print_table(
    console: Console, rows: Sequence[CaseRow], subject: Listener, language: str
) -> None:
    """A line for each invariant, and first who was checked."""
    speaks = f"  it {language}" if language else ""
    console.print(f"  {subject.given}{speaks}\n", markup=False, soft_wrap=True)
    table = Table.grid(padding=(0, 2), pad_edge=True)
    for requirement in dict.fromkeys(row.requirement for row in rows):
        of_it = [row for row in rows if row.requirement == requirement]
        table.add_row(*_cells(sorted(of_it, key=lambda row: _WORST.index(row.verdict))))
    console.print(table)
    console.print()


def _cells(rows: Sequence[CaseRow]) -> list[Text]:
    """A line: the worst of its variants, and how many have ended so."""
    worst = rows[0]
    alike = sum(row.verdict is worst.verdict for row in rows)
    verdict = "n/a" if worst.verdict is Verdict.NOT_APPLICABLE else worst.verdict.value
    count = f" {alike}/{len(rows)}" if len(rows) > 1 else ""
    style = _STYLES.get(worst.verdict, "yellow")
    name = worst.requirement.partition("/")[2]
    return [Text(name), Text(f"{verdict}{count}", style), Text(one_line(_seen(worst), 200))]


def _seen(row: CaseRow) -> str:
    if row.verdict is Verdict.NOT_APPLICABLE:
        return row.reason
    return ", ".join(_figures(row.observations)) or row.actual


def _figures(seen: Any) -> Iterator[str]:
    """Before → during → after, then the other values."""
    moments = [seen[name] for name in ("before", "during", "after") if name in seen]
    for name in _COUNTED if len(moments) > 1 else ():
        if any(moment[name] for moment in moments):
            yield f"{name} {' → '.join(str(moment[name]) for moment in moments)}"
    for name, value in seen.items():
        if not isinstance(value, dict | list) and value is not None:
            yield f"{name.removesuffix('_s').replace('_', ' ')} {_worded(name, value)}"


def _worded(name: str, value: Any) -> str:
    if name.endswith("_s"):
        return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
    return f"{value:.0%}" if name.endswith("_share") else str(value)
