"""Plays a case of a check again, and says whether it ends as it was stored."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sockproof.commands.asked_check import AskedCheck
from sockproof.commands.at_work import at_work
from sockproof.commands.stored import Wanted, keep_plan
from sockproof.commands.transcript_lines import LONGEST, print_events
from sockproof.errors import UsageError
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.record.writer import RecordWriter
from sockproof.report.text import one_line
from sockproof.run.record_header import requirement_row
from sockproof.spec.catalogue import load_checked

__all__ = ["AS_STORED", "OTHERWISE", "replay_check"]

AS_STORED, OTHERWISE = 0, 1
# Of a crowd that comes and leaves, the end.
_EVENTS_SHOWN = 40


def replay_check(
    wanted: Wanted, repeat: int, output: Path | None, capture: Path | None, console: Console
) -> int:
    """Play it so many times; the status says whether it ends as the record has it, or as promised.

    Raises:
        UsageError: nothing says what is checked, or an option is of other cases.
    """
    if capture:
        raise UsageError(
            "--capture is for cases of a run", "'sockproof pcap' makes packets of the transcript"
        )
    asked = wanted.checked()
    with at_work(f"playing {wanted.case}"):
        rows = [asked.played()[0] for _ in range(repeat)]
    otherwise = [row for row in rows if not _is_as_stored(row, wanted.row)]
    shown = otherwise[0] if otherwise else rows[-1]
    if (left := len(shown.transcript) - _EVENTS_SHOWN) > 0:
        console.print(f"  ... {left} earlier events", markup=False)
    print_events(console, shown.transcript[-_EVENTS_SHOWN:])
    _print_counts(console, rows, wanted, len(otherwise))
    if output and output.suffix == ".json":
        keep_plan(output, wanted.case, shown, wanted)
    elif output:
        _write_one(output, asked, shown)
    return OTHERWISE if otherwise else AS_STORED


def _is_as_stored(row: CaseRow, stored: CaseRow | None) -> bool:
    """Figures, and where threads stand, are those of the hour."""
    if stored is None:
        return row.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    return (row.verdict, _kind(row)) == (stored.verdict, _kind(stored))


def _kind(row: CaseRow) -> str:
    return re.sub(r"\d+", "#", row.expected)


def _print_counts(
    console: Console, rows: Sequence[CaseRow], wanted: Wanted, otherwise: int
) -> None:
    console.print(f"  {wanted.case}", markup=False)
    if wanted.row:
        console.print(f"  stored  {_ending(wanted.row)}", markup=False)
    for ending, count in Counter(map(_ending, rows)).most_common():
        console.print(f"  {count} of {len(rows)}  {ending}", markup=False)
    told = "stored" if wanted.row else "promised"
    console.print(f"  {len(rows) - otherwise} of {len(rows)} ended as {told}")


def _ending(row: CaseRow) -> str:
    told = row.actual or row.reason.partition("\n")[0]
    return one_line(f"{row.verdict}: {told}" if told else str(row.verdict), LONGEST)


def _write_one(path: Path, asked: AskedCheck, row: CaseRow) -> None:
    """Write a record of the case.

    Raises:
        RecordError: it cannot be written.
    """
    writer = RecordWriter(path, asked.header())
    writer.requirement(requirement_row(load_checked().get(row.requirement)))
    writer.case(row)
    writer.close(True, "", [])
