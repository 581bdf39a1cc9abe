"""Makes the records of reference anew, of those interpreters that are there: ``make reference``.

Each is played by itself, so that one that fails leaves the others good, and each has a record of
each module. It is no command of ``sockproof``: only a clone has records of reference to write.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from sockproof._paths import reference_dir
from sockproof.commands.cli import run_command
from sockproof.commands.operands import read_operands, record_files
from sockproof.commands.output import open_console, warn
from sockproof.commands.run import (
    AS_EXPECTED,
    DEVIATION,
    INCOMPLETE,
    STALE,
    exit_status,
    record_of,
    refuse_unwritable,
    tell,
)
from sockproof.errors import HarnessError, IutUnavailable, UsageError
from sockproof.iut.capabilities import probe
from sockproof.iut.implementation import parse_iut
from sockproof.iut.judged_module import judged_as
from sockproof.own_folder import own_folder
from sockproof.record.reader import Record, read_record
from sockproof.record.reference_form import write_reference
from sockproof.report.atlas_entries import make_atlas
from sockproof.report.html.changes_view import atlas_html
from sockproof.run.areas import areas_with
from sockproof.run.run_options import RunOptions
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.whole_file import write_whole

__all__ = ["play_whole", "refresh"]

# Of the statuses of two modules the first of these counts.
_WORST_FIRST = (INCOMPLETE, DEVIATION, STALE, AS_EXPECTED)
Play = Callable[[str, Path], Path]
"""Plays an implementation, given as for ``--iut``; the record is in the folder."""


def play_whole(
    given: str, folder: Path, workers: int, module: str = SERVERS, keyword: str = ""
) -> Path:
    """Play all cases of a module; the keyword is there to make it short where only the way is tried
    out.

    Raises:
        HarnessError: no case could be played.
    """
    areas = areas_with(module)
    options = RunOptions((given,), areas=areas, keyword=keyword, workers=workers)
    return record_of(dataclasses.replace(options, report_dir=folder))


@dataclass
class _Refreshed:
    """What was played as a whole, what was written of it, and what went wrong."""

    records: list[Record] = field(default_factory=list)
    changed: int = 0
    problems: list[str] = field(default_factory=list)


def refresh(given: Sequence[str], folder: Path, play: Play, module: str = SERVERS) -> int:
    """Play what is there of a module, write what is seen as references, and their pages if any is
    another.

    The status is that of a run: of what was played, and of what could not be. An interpreter that
    is not there is told in one line, and its record stays as it is.

    Raises:
        HarnessError: there is none with a socketserver, or a file cannot be written.
    """
    refuse_unwritable(folder)
    there = list(_those_there(given, module))
    if not there and module != SERVERS:
        return AS_EXPECTED
    if not there:
        raise HarnessError(
            "none of the interpreters is on this machine", "name others: make reference IUTS=..."
        )
    with own_folder() as place:
        done = _refreshed(there, folder, place, play)
        if done.changed:
            _write_pages(folder, done.records)
    for problem in done.problems:
        warn(problem)
    cases = [case for record in done.records for case in record.cases]
    stale = any(record.stale for record in done.records)
    return exit_status(cases, done.problems, stale=stale)


def _those_there(given: Sequence[str], module: str) -> Iterator[str]:
    for text in given:
        try:
            _probe(text, module)
        except (IutUnavailable, UsageError) as error:
            _say(f"{module} of {text} is not there, its record stays as it is: {error.message}")
        else:
            yield text


def _probe(text: str, module: str) -> None:
    probe(judged_as(module, parse_iut(text)))


def _refreshed(there: Sequence[str], folder: Path, scratch: Path, play: Play) -> _Refreshed:
    done = _Refreshed()
    for number, text in enumerate(there):
        try:
            record = read_record(play(text, scratch / str(number)))
        except HarnessError as error:
            done.problems.append(f"{text} failed, its record stays as it is: {error}")
            continue
        if not record.complete:
            why = record.incomplete_reason
            done.problems.append(f"{record.iut_id} failed, its record stays as it is: {why}")
            continue
        is_changed = write_reference(record, folder / record.path.name)
        done.records.append(record)
        done.changed += is_changed
        _say(f"{record.iut_id}: {'written anew' if is_changed else 'the same, not touched'}")
    return done


def _write_pages(folder: Path, fresh: Sequence[Record]) -> None:
    """The report and the atlas of all references; of what was just played, with its evidence.

    Raises:
        RecordError: a page cannot be written.
    """
    played_at = {record.path.name: record.path for record in fresh}
    tell([played_at.get(path.name, path) for path in record_files(folder)], folder, ())
    atlas = make_atlas(read_operands([str(folder)], RunOptions()))
    write_whole(folder / "atlas.html", atlas_html(atlas))


def _say(text: str) -> None:
    open_console(soft_wrap=True).print(f"  {' '.join(text.split())}")


@click.command()
@click.option("--workers", type=int, default=4)
@click.argument("iuts", nargs=-1, required=True)
def refresh_command(workers: int, iuts: Sequence[str]) -> int:
    """Refresh the records of this clone, of both modules."""
    ended = []
    for module in (SERVERS, SOCKETS):
        play = partial(play_whole, workers=workers, module=module)
        ended.append(refresh(iuts, reference_dir(module), play, module))
    return next(status for status in _WORST_FIRST if status in ended)


if __name__ == "__main__":
    sys.exit(run_command(sys.argv[1:], refresh_command, "make reference"))
