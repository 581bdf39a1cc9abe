"""The main job: play the cases, write the records as they come, and make the reports of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.commands.output import Output, warn
from sockproof.commands.playing import (
    INTERRUPTED,
    NOTHING_COLLECTED,
    PLAYED,
    play,
    refuse_bad_keyword,
)
from sockproof.commands.progress import Progress
from sockproof.errors import HarnessError, RecordError, UsageError
from sockproof.judge.verdict import Verdict
from sockproof.lifetime import interrupt_once_by
from sockproof.monitor import RunMonitor
from sockproof.plan import RunPlan, make_plan, planned
from sockproof.report.html.page import write_html
from sockproof.report.junit import write_junit
from sockproof.report.markdown import summary_markdown
from sockproof.report.record import CaseRow, Record, read_record
from sockproof.report.terminal import print_summary
from sockproof.spec.catalogue import load_catalogue
from sockproof.timing import scale

__all__ = ["RunSettings", "exit_status", "run"]

AS_EXPECTED, DEVIATION, INCOMPLETE = 0, 1, HarnessError.exit_status


@dataclass(frozen=True)
class RunSettings:
    """What the user asked for; see the options of ``sockproof run``."""

    iuts: Sequence[str]
    specs: Sequence[str]
    keyword: str
    workers: int
    keep: str
    report_dir: Path


def run(settings: RunSettings) -> int:
    """Play and report; the exit status.

    Raises:
        UsageError: an option is wrong, or it selects no case. Nothing is written then.
    """
    _refuse_unwritable(settings.report_dir)
    scale()  # a wrong environment variable is refused before anything starts
    interrupt_once_by(signal.SIGTERM)
    plan = make_plan(settings.iuts, settings.specs, settings.keep)
    for _, problem in plan.unavailable:
        warn(problem)
    if not plan.iuts:
        raise HarnessError("no implementation could be started", "see 'sockproof doctor'")
    monitor = _play(plan, settings)
    if not monitor.rows and monitor.problems:
        raise HarnessError(f"no case was played: {'; '.join(monitor.problems)}")
    if not monitor.rows:
        raise UsageError("no case is selected", "see 'sockproof list --cases'")
    records = [read_record(path) for path in monitor.paths()]
    _write_reports(records, settings.report_dir)
    console = Output(highlight=False)
    print_summary(records, console)
    for problem in monitor.problems:
        warn(problem)
    console.print(f"  report  {settings.report_dir / 'report.html'}", soft_wrap=True)
    return exit_status((case for record in records for case in record.cases), monitor.problems)


def _refuse_unwritable(folder: Path) -> None:
    """Better said before the run than after it. Nothing is made yet."""
    nearest = next(
        place for place in (folder, *folder.absolute().parents) if os.access(place, os.F_OK)
    )
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"--report-dir {folder}: cannot write in {nearest}", "choose another")


def exit_status(cases: Iterable[CaseRow], problems: Sequence[str]) -> int:
    """What a run ends with. Incomplete wins: what was not seen may be worse than what was."""
    found = list(cases)
    unknown = any(case.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE) for case in found)
    if problems or unknown or not found:
        return INCOMPLETE
    return DEVIATION if any(case.needs_attention for case in found) else AS_EXPECTED


def _play(plan: RunPlan, settings: RunSettings) -> RunMonitor:
    asked = {"select": settings.keyword, "specs": list(settings.specs), "workers": settings.workers}
    monitor = RunMonitor(plan, load_catalogue(), settings.report_dir, asked, Progress())
    with planned(plan) as plan_path:
        try:
            refuse_bad_keyword(plan_path, settings.keyword)
            status = play(plan_path, settings.keyword, settings.workers, monitor)
        finally:
            monitor.close()
    if status not in (*PLAYED, NOTHING_COLLECTED) and not monitor.problems:
        ended = f"the test runner ended with status {status}"
        monitor.problems.append("interrupted" if status == INTERRUPTED else ended)
    return monitor


def _write_reports(records: Sequence[Record], folder: Path) -> None:
    try:
        write_html(records, folder / "report.html")
        (folder / "summary.md").write_text(summary_markdown(records), "utf-8")
        write_junit(records, folder / "junit.xml")
    except OSError as error:
        raise RecordError(f"cannot write the report: {error}", "the records are whole") from None
