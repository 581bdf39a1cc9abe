"""Progress of a run, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections import Counter

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from sockproof.commands.output import open_console
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow

__all__ = ["Progress", "ProgressLines"]

# How many lines are written where no bar can be drawn.
_LINES = 10


class ProgressLines:
    """A line of progress now and then."""

    def __init__(self, what: str) -> None:
        self._console = open_console(stderr=True)
        self._what = what

    def __call__(self, done: int, total: int, more: str = "") -> None:
        if done * _LINES // total > (done - 1) * _LINES // total:
            self._console.print(f"  {done} of {total} {self._what}  {more}".rstrip())


class Progress:
    """Told of the number of cases, once known, and of each case that ended."""

    def __init__(self) -> None:
        self._console = open_console(stderr=True)
        self._lines = ProgressLines("cases")
        self._verdicts: Counter[Verdict] = Counter()
        self._total = 0
        self._bar: Bar | None = None

    def start(self, total: int) -> None:
        """The number of cases to play; told once."""
        self._total = total
        if self._console.is_terminal:
            self._bar = Bar(
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[iut]}  {task.fields[bad]}", markup=False),
                console=self._console,
                transient=True,
                redirect_stdout=False,  # it would obey what colours others ask for
                redirect_stderr=False,
            )
            self._bar.add_task("", total=total, iut="", bad="")
            self._bar.start()

    def case(self, iut_id: str, row: CaseRow) -> None:
        """One case ended."""
        self._verdicts[Verdict.PASS if row.as_known else row.verdict] += 1
        done = self._verdicts.total()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, iut=iut_id, bad=self._bad())
        elif self._total:
            self._lines(done, self._total, self._bad())

    def _bad(self) -> str:
        kinds = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
        return ", ".join(f"{self._verdicts[kind]} {kind}" for kind in kinds if self._verdicts[kind])

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
