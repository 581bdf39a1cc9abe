"""The main job: play the cases, write the records as they come, and make the reports of them."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import click

from sockproof._paths import REFERENCE, kit_dir
from sockproof.commands.output import open_console, warn
from sockproof.commands.progress import Progress
from sockproof.errors import HarnessError, UsageError
from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.unseen import unseen
from sockproof.judge.verdict import Verdict
from sockproof.output_folder import OutputFolder
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow
from sockproof.report.badge import badge_json
from sockproof.report.comparison import renamed
from sockproof.report.findings import found_before
from sockproof.report.findings_json import findings_json
from sockproof.report.html.page import report_parts
from sockproof.report.judged import is_unjudged, silences, what_machine_lacks
from sockproof.report.junit import junit_parts
from sockproof.report.markdown import summary_markdown
from sockproof.report.reference import differing, with_references
from sockproof.report.terminal import print_summary
from sockproof.run.areas import area_hint
from sockproof.run.attribution import attributions, may_inherit
from sockproof.run.isolation import isolated
from sockproof.run.lifetime import interrupt_once_by
from sockproof.run.monitor import RunMonitor
from sockproof.run.plan import RunPlan, make_plan, planned
from sockproof.run.pytest_session import play
from sockproof.run.run_options import RunOptions, run_options
from sockproof.run.suite_files import files_needed
from sockproof.spec.catalogue import load_modules
from sockproof.spec.renames import load_renames, new_ids
from sockproof.timing import scale

__all__ = ["exit_status", "record_of", "refuse_unwritable", "run_command", "tell"]

AS_EXPECTED, DEVIATION, STALE, INCOMPLETE = 0, 1, 2, HarnessError.exit_status
NOTHING_JUDGED = 5


@click.command("run")
@run_options()
def run_command(options: RunOptions) -> int:
    """Play the cases and write the conformance report."""
    if options.isolate:
        refuse_unwritable(options.report_dir)
        status = isolated(options.report_dir)
        if status is not None:
            return status
    monitor = _played(options)
    return tell(monitor.paths(), monitor.output, monitor.problems, strict=options.strict)


def record_of(options: RunOptions) -> Path:
    """Play a single implementation, and tell what makes its record incomplete; the record.

    Raises:
        KeyboardInterrupt: an interrupt has come. UsageError, HarnessError: as of a run.
    """
    monitor = _played(options)
    for problem in monitor.problems:
        warn(problem)
    if monitor.interrupted:
        raise KeyboardInterrupt
    (path,) = monitor.paths()
    return path


def _played(options: RunOptions) -> RunMonitor:
    """Play and write records: the monitor has their paths, and what makes them incomplete.

    Raises:
        UsageError: an option is wrong, or it selects no case. Nothing is written then.
        HarnessError: no implementation could be started, or no case played.
    """
    refuse_unwritable(options.report_dir)
    _refuse_unsendable(options.most_workers)
    scale()  # a wrong environment variable is refused before anything starts
    interrupt_once_by(signal.SIGTERM)
    plan = make_plan(options)
    for problem in plan.unavailable:
        warn(problem)
    for iut in plan.iuts:
        _tell_absent(iut)
        for what in (*iut.doubts, *_unreachable(iut), *unseen(iut.hello)):
            warn(f"{iut.id}: {what}")
    if not plan.iuts:
        raise HarnessError("no implementation could be started", "see 'sockproof doctor'")
    monitor = RunMonitor(plan, load_modules(), options.report_dir, Progress())
    with planned(plan) as plan_path:
        try:
            monitor.ended(play(plan_path, plan.workers, files_needed(plan), monitor))
            if not monitor.interrupted:
                _attribute(plan, monitor)
        finally:
            monitor.close()
    if not monitor.rows and monitor.interrupted:
        raise KeyboardInterrupt
    if not monitor.rows and monitor.problems:
        raise HarnessError(f"no case was played: {'; '.join(monitor.problems)}")
    if not monitor.rows:
        hint = new_ids(options.keyword, load_modules()) or area_hint(options.keyword, options.areas)
        raise UsageError("no case is selected", hint)
    return monitor


def _attribute(plan: RunPlan, monitor: RunMonitor) -> None:
    """Find out which deviations are inherited, and of what in a user's class the others come. Where
    that cannot be found out, they are its own."""
    for iut in filter(may_inherit, plan.iuts):
        rows = monitor.attention.get(iut.id, [])
        try:
            for told in attributions(plan, iut, rows):
                monitor.attribute(iut.id, told)
        except HarnessError as error:
            warn(f"{iut.id}: whose its deviations are cannot be found out: {error}")


def _unreachable(iut: ProbedIut) -> Iterator[str]:
    for family, why in iut.capabilities.unreachable.items():
        yield f"what needs {family} is not applicable: {why}"


def _tell_absent(iut: ProbedIut) -> None:
    """Say once what a module lacks, instead of in each case that needs it."""
    if absent := iut.absent:
        more = f" and {len(absent) - 4} more" if len(absent) > 4 else ""
        warn(
            f"{iut.id} has no {', '.join(absent[:4])}{more}: what needs them is not applicable; "
            "with --only-what-is-there that is on purpose"
        )


def tell(
    paths: Iterable[Path],
    folder: Path | OutputFolder,
    problems: Sequence[str],
    *,
    strict: bool = False,
    earlier: Sequence[Record] = (),
) -> int:
    """Make the reports of records, print the summary; the exit status.

    ``problems`` say why the run is incomplete, beside what the records say. What is found of a
    check counts if the ``earlier`` records do not have it.
    """
    records = _held_against_references(paths)
    output = folder if isinstance(folder, OutputFolder) else OutputFolder(folder)
    for name, report in _reports(records, earlier):
        output.write(name, report)
    console = open_console()
    print_summary(records, console, earlier)
    silent = silences(records)
    for problem in (*problems, *silent):
        warn(problem)
    for record in records:
        if lacking := what_machine_lacks(record):
            warn(f"{record.iut_id}: this machine lacks what some cases need: {lacking}")
    console.print(f"  report   {output.place('report.html')}", soft_wrap=True)
    cases = [case for record in records for case in record.cases]
    old = {id_ for record in records for id_ in found_before(record, earlier)}
    incomplete = [record.incomplete_reason for record in records if not record.complete]
    stale = any(record.stale for record in records)
    differs = strict and any(map(differing, records))
    if is_unjudged(records) and not (problems or incomplete):
        return NOTHING_JUDGED
    told = [*problems, *incomplete, *silent]
    return exit_status(cases, told, stale=stale, differs=differs, excused=old)


def _held_against_references(paths: Iterable[Path]) -> list[Record]:
    """The records, each with the reference of its level, in which renamed requirements have the
    ids of today."""
    renames = load_renames(load_modules())
    return [
        dataclasses.replace(one, reference=renamed(one.reference, renames))
        if one.reference
        else one
        for one in with_references(map(_light, paths), kit_dir() / REFERENCE)
    ]


def _light(path: Path) -> Record:
    return read_record(path, light=True)


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
    excused: Collection[str] = (),
) -> int:
    """What a run ends with. Incomplete wins: what was not seen may be worse than what was.

    ``stale``: an expectation is stale that no case shows to be. ``differs``: an observation is not
    the reference's, and that counts. ``excused`` cases do not count.
    """
    attention = [case for case in cases if case.needs_attention and case.id not in excused]
    unknown = any(case.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE) for case in attention)
    if problems or unknown or not cases:
        return INCOMPLETE
    if differs or not all(case.known and case.known.stale for case in attention):
        return DEVIATION
    return STALE if stale or attention else AS_EXPECTED


def _reports(
    records: Sequence[Record], earlier: Sequence[Record]
) -> Iterator[tuple[str, str | Iterable[str]]]:
    """The files of a report by their names; none is made before it is written."""
    yield "report.html", report_parts(records)
    yield "summary.md", summary_markdown(records, earlier)
    yield "junit.xml", junit_parts(records, earlier)
    yield "badge.json", badge_json(records)
    if any(record.subject for record in records):
        yield "findings.json", findings_json(records, earlier)
