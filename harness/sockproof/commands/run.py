"""The main job: play the cases, write the records as they come, and make the reports of them."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sockproof._paths import REFERENCE, kit_dir
from sockproof.commands.output import open_console, warn
from sockproof.commands.progress import Progress
from sockproof.errors import HarnessError, UsageError
from sockproof.generate.options import Generating
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow
from sockproof.record.selection import keyword_matcher
from sockproof.record.writer import write_octets
from sockproof.report.badge import badge_json
from sockproof.report.comparison import renamed
from sockproof.report.html.page import report_html
from sockproof.report.junit import junit_xml
from sockproof.report.markdown import summary_markdown
from sockproof.report.reference import differing, with_references
from sockproof.report.terminal import print_summary
from sockproof.run.lifetime import interrupt_once_by
from sockproof.run.monitor import RunMonitor
from sockproof.run.plan import RunPlan, make_plan, planned
from sockproof.run.pytest_session import (
    INTERRUPTED,
    NOTHING_COLLECTED,
    PLAYED,
    play,
)
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.renames import load_renames, new_ids
from sockproof.timing import scale

__all__ = ["RunSettings", "exit_status", "played", "refuse_unwritable", "run", "tell"]

_INTERRUPTED = "interrupted"
AS_EXPECTED, DEVIATION, STALE, INCOMPLETE = 0, 1, 2, HarnessError.exit_status


@dataclass(frozen=True)
class RunSettings:
    """What the user asked for; see the options of ``sockproof run``."""

    iuts: Sequence[str]
    specs: Sequence[str]
    keyword: str
    workers: int
    keep: str
    report_dir: Path
    expectations: Sequence[Path] = ()
    strict: bool = False
    shard: tuple[int, int] = (1, 1)
    generating: Generating = field(default_factory=Generating)


def run(settings: RunSettings) -> int:
    """Play and report; the exit status.

    Raises:
        UsageError: an option is wrong, or it selects no case. Nothing is written then.
    """
    monitor = played(settings)
    return tell(monitor.paths(), settings.report_dir, monitor.problems, strict=settings.strict)


def played(settings: RunSettings) -> RunMonitor:
    """Play and write records: the monitor has their paths, and what makes them incomplete.

    Raises:
        UsageError: an option is wrong, or it selects no case. Nothing is written then.
        HarnessError: no implementation could be started, or no case played.
    """
    refuse_unwritable(settings.report_dir)
    keyword_matcher(settings.keyword)
    _refuse_unsendable(settings.workers)
    scale()  # a wrong environment variable is refused before anything starts
    interrupt_once_by(signal.SIGTERM)
    plan = make_plan(settings.iuts, settings.specs, settings.keep, settings.expectations)
    plan = dataclasses.replace(
        plan, shard=settings.shard, keyword=settings.keyword, generating=settings.generating
    )
    for _, problem in plan.unavailable:
        warn(problem)
    if not plan.iuts:
        raise HarnessError("no implementation could be started", "see 'sockproof doctor'")
    monitor = _play(plan, settings)
    if not monitor.rows and _INTERRUPTED in monitor.problems:
        raise KeyboardInterrupt
    if not monitor.rows and monitor.problems:
        raise HarnessError(f"no case was played: {'; '.join(monitor.problems)}")
    if not monitor.rows:
        hint = new_ids(settings.keyword, load_catalogue()) or "see 'sockproof list --cases'"
        raise UsageError("no case is selected", hint)
    return monitor


def tell(
    paths: Iterable[Path], folder: Path, problems: Sequence[str], *, strict: bool = False
) -> int:
    """Make the reports of records, print the summary; the exit status.

    ``problems`` say why the run is incomplete, beside what the records say.
    """
    records = _held_against_references(paths)
    _write_reports(records, folder)
    console = open_console()
    print_summary(records, console)
    for problem in problems:
        warn(problem)
    console.print(f"  report  {folder / 'report.html'}", soft_wrap=True)
    cases = [case for record in records for case in record.cases]
    incomplete = [record.incomplete_reason for record in records if not record.complete]
    stale = any(record.stale for record in records)
    differs = strict and any(map(differing, records))
    return exit_status(cases, [*problems, *incomplete], stale=stale, differs=differs)


def _held_against_references(paths: Iterable[Path]) -> list[Record]:
    """The records, each with the reference of its level, in which renamed requirements have the
    ids of today."""
    renames = load_renames(load_catalogue())
    return [
        dataclasses.replace(one, reference=renamed(one.reference, renames))
        if one.reference
        else one
        for one in with_references(map(read_record, paths), kit_dir() / REFERENCE)
    ]


def refuse_unwritable(folder: Path) -> None:
    """Better said before the run than after it. Nothing is made yet."""
    nearest = next(
        place for place in (folder, *folder.absolute().parents) if os.access(place, os.F_OK)
    )
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"--report-dir {folder}: cannot write in {nearest}", "choose another")


def _refuse_unsendable(workers: int) -> None:
    """Workers are told of folders in UTF-8, the only text that execnet sends."""
    for folder in (Path.cwd(), Path(os.environ.get("TMPDIR", ""))) if workers else ():
        try:
            str(folder).encode("utf-8")
        except UnicodeEncodeError:
            problem = f"the name of the folder {str(folder)!r} is no UTF-8"
            raise UsageError(problem, "go to another, set TMPDIR to another, or use -n 0") from None


def exit_status(
    cases: Sequence[CaseRow],
    problems: Sequence[str] = (),
    *,
    stale: bool = False,
    differs: bool = False,
) -> int:
    """What a run ends with. Incomplete wins: what was not seen may be worse than what was.

    ``stale``: an expectation is stale that no case shows to be. ``differs``: an observation is not
    the reference's, and that counts.
    """
    attention = [case for case in cases if case.needs_attention]
    unknown = any(case.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE) for case in attention)
    if problems or unknown or not cases:
        return INCOMPLETE
    if differs or not all(case.known and case.known.stale for case in attention):
        return DEVIATION
    return STALE if stale or attention else AS_EXPECTED


def _play(plan: RunPlan, settings: RunSettings) -> RunMonitor:
    asked = {
        "select": settings.keyword,
        "specs": list(settings.specs),
        "workers": settings.workers,
        "shard": "/".join(map(str, settings.shard)),
        "examples": settings.generating.examples,
    }
    monitor = RunMonitor(plan, load_catalogue(), settings.report_dir, asked, Progress())
    with planned(plan) as plan_path:
        try:
            status = play(plan_path, settings.workers, monitor)
        finally:
            monitor.close()
    if status not in (*PLAYED, NOTHING_COLLECTED) and not monitor.problems:
        ended = f"the test runner ended with status {status}"
        monitor.problems.append(_INTERRUPTED if status == INTERRUPTED else ended)
    return monitor


_REPORTS: Mapping[str, Callable[[Sequence[Record]], str]] = {
    "report.html": report_html,
    "summary.md": summary_markdown,
    "junit.xml": junit_xml,
    "badge.json": badge_json,
}


def _write_reports(records: Sequence[Record], folder: Path) -> None:
    for name, report in _REPORTS.items():
        write_octets(folder / name, report(records).encode())
