"""Plays one case again, and says whether it ends as it was stored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path

import click
from rich.console import Console

from sockproof._paths import reference_dir
from sockproof.commands.at_work import at_work
from sockproof.commands.capture import refuse_to_capture, write_capture
from sockproof.commands.check_replaying import AS_STORED, OTHERWISE, replay_check
from sockproof.commands.debugger import debugged_iut, refuse_to_debug_check, tell_of_no_stop
from sockproof.commands.one_case import Playing, play_case
from sockproof.commands.output import NewFile, open_console, warn
from sockproof.commands.stored import Wanted, keep_plan, over_one_case
from sockproof.commands.transcript_lines import LONGEST, event_line, print_events
from sockproof.iut.capabilities import ProbedIut
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.rows import CaseRow
from sockproof.record.writer import RecordWriter
from sockproof.report.observed import observed_lines, rows_of_references
from sockproof.report.text import one_line
from sockproof.repro.differences import (
    TranscriptDifference,
    ending_of,
    first_difference,
)
from sockproof.repro.packet_capture import Capture
from sockproof.run.record_header import record_header, requirement_row, without_home
from sockproof.spec.area_names import module_of
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_everything
from sockproof.spec.levels import Level

__all__ = ["replay_command"]

_QUIET = (Verdict.PASS, Verdict.NOT_APPLICABLE)


@click.command("replay")
@over_one_case
@click.option(
    "--repeat",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Play it so many times.",
)
@click.option(
    "-o",
    "--output",
    type=NewFile(),
    metavar="FILE",
    help="Keep what is played as a record; in FILE.json, the plan of generated clients.",
)
@click.option(
    "--capture",
    type=NewFile(),
    metavar="FILE",
    help="Capture its packets on the loopback interface, as pcapng; needs CAP_NET_RAW.",
)
@click.option(
    "--debug",
    is_flag=True,
    help="Stop before each handler, with Python's debugger at this terminal and no time bounds.",
)
def replay_command(
    wanted: Wanted, repeat: int, output: Path | None, capture: Path | None, debug: bool
) -> int:
    """Play one case again, and say whether it ends as a record has it, or as promised.

    A case is named by its id, 'area/name[spec,variant]'. FILE is a record, or a plan of generated
    clients. If only one case of a record deviates, its id may be left out. The first step that
    differs from the stored transcript is marked.
    """
    console = open_console(soft_wrap=True)
    if wanted.is_check:
        if debug:
            refuse_to_debug_check()
        return replay_check(wanted, repeat, output, capture, console)
    iut = debugged_iut(wanted) if debug else wanted.iut()
    with nullcontext() if debug else at_work(f"playing {wanted.case}"):
        played = _played(wanted, [iut] * repeat, capture)
    rows = [one.row for one in played]
    if debug:
        tell_of_no_stop(played)
    otherwise = [row for row in rows if not _as_stored(row, wanted.row)]
    shown = otherwise[0] if otherwise else rows[-1]
    difference = _difference(shown, wanted.row)
    print_events(console, shown.transcript, difference.found if difference else None)
    if difference:
        _print_difference(console, difference)
    _print_counts(console, rows, wanted, len(otherwise))
    if output and output.suffix == ".json":
        keep_plan(output, wanted.case, shown, wanted)
    elif output:
        _write_one(output, iut, wanted, shown)
    return OTHERWISE if otherwise else AS_STORED


def _played(wanted: Wanted, iuts: Sequence[ProbedIut], capture: Path | None) -> list[Playing]:
    if capture is None:
        return play_case(wanted.case, iuts, wanted.generating)
    refuse_to_capture(wanted.case)
    with Capture() as packets:
        played = play_case(wanted.case, iuts, wanted.generating)
    write_capture(capture, wanted.case, packets, played)
    return played


def _as_stored(row: CaseRow, stored: CaseRow | None) -> bool:
    if stored is not None:
        return ending_of(row) == ending_of(stored)
    return row.verdict in _QUIET and not row.teardown.unclean


def _difference(row: CaseRow, stored: CaseRow | None) -> TranscriptDifference | None:
    if stored is None:
        return None
    if not stored.transcript:
        warn(
            "the record keeps no transcript of this case (see --keep all): "
            "only how it ended is compared"
        )
        return None
    return first_difference(stored.transcript, row.transcript)


def _print_difference(console: Console, difference: TranscriptDifference) -> None:
    lane = one_line(difference.lane)
    console.print(f"  first difference from the stored transcript, in lane {lane}:")
    for name, event in (("stored", difference.stored), ("now", difference.found)):
        console.print(f"  {name:6}  {event_line(event) if event else 'nothing more'}", markup=False)


def _print_counts(
    console: Console, rows: Sequence[CaseRow], wanted: Wanted, otherwise: int
) -> None:
    is_promised = load_everything().get(wanted.case.requirement).level is not Level.OBSERVED
    console.print(f"  {wanted.case}", markup=False)
    if wanted.row:
        console.print(f"  stored  {_ending(wanted.row, is_promised)}", markup=False)
    endings = Counter(_ending(row, is_promised) for row in rows)
    for ending, count in endings.most_common():
        console.print(f"  {count} of {len(rows)}  {ending}", markup=False)
    _print_observed(console, rows[-1])
    for line in _evidence(rows):
        console.print(f"  {one_line(line, LONGEST)}", markup=False)
    kept = f"{len(rows) - otherwise} of {len(rows)} ended as"
    told = {True: f"{kept} stored", False: f"{kept} promised"}[wanted.row is not None]
    is_open = not (is_promised or wanted.row or otherwise)
    console.print(f"  {'nothing of it is promised by any document' if is_open else told}")


def _ending(row: CaseRow, is_promised: bool) -> str:
    """How a case ended: one of which nothing is promised does not pass, it is observed."""
    ending = one_line(str(ending_of(row)), LONGEST)
    return ending if is_promised or row.verdict is not Verdict.PASS else f"observed{ending[4:]}"


def _evidence(rows: Sequence[CaseRow]) -> Iterable[str]:
    """The cause of a failure, and what was left behind, of the first of them that tells."""
    causes = (f"cause   {row.cause}" for row in rows if row.cause)
    leaks = (f"left    {'; '.join(row.teardown.leaks)}" for row in rows if _has_leaked(row))
    return [text for first in (causes, leaks) for text in [next(first, "")] if text]


def _has_leaked(row: CaseRow) -> bool:
    return row.teardown.verdict is TeardownVerdict.LEAKED


def _print_observed(console: Console, row: CaseRow) -> None:
    """What nobody promised and the case has seen, beside what the records of reference have."""
    folder = reference_dir(module_of(CaseId.read(row.id).area))
    others = rows_of_references(row.id, folder) if row.observations else {}
    for line in observed_lines(row, others):
        console.print(f"  {'seen' if line[:1] != ' ' else '':8}{line}", markup=False)


def _write_one(path: Path, iut: ProbedIut, wanted: Wanted, row: CaseRow) -> None:
    """Write a record of one case, with its transcript.

    Raises:
        RecordError: it cannot be written.
    """
    case, generating = wanted.case, wanted.generating
    settings = {"keep": "all", "selected_by": "replay", "examples": generating.examples}
    writer = RecordWriter(path, record_header(iut, settings, generating.seed))
    writer.requirement(requirement_row(load_everything().get(case.requirement)))
    writer.case(CaseRow.from_json(json.loads(without_home(json.dumps(row.to_json())))))
    writer.close(True, "", [])
