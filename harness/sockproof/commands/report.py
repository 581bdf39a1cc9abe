"""Makes the reports of records again, and one record of the shards of a run."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from sockproof.commands.operands import record_files
from sockproof.commands.run import refuse_unwritable, tell
from sockproof.errors import UsageError
from sockproof.record.merging import merge
from sockproof.record.reader import Record, read_record
from sockproof.record.scope import scope_of
from sockproof.record.writer import record_name
from sockproof.run.run_options import RunOptions, run_options
from sockproof.spec.catalogue import load_modules

__all__ = ["report_command"]


@click.command("report")
@run_options("report_dir", "strict")
@click.argument(
    "records", metavar="RECORD...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
def report_command(options: RunOptions, records: Sequence[Path]) -> int:
    """Make the reports of records (files, or folders of them) again; shards become one record."""
    folder = options.report_dir
    refuse_unwritable(folder)
    merged, problems = _merged(records, folder)
    return tell(merged, folder, problems, strict=options.strict)


def _merged(given: Sequence[Path], folder: Path) -> tuple[list[Path], list[str]]:
    """One record for each implementation, in ``folder``; and what is wrong with some."""
    files = [record_files(path) if path.is_dir() else [path] for path in given]
    read = [read_record(file, light=True) for file in itertools.chain(*files)]
    written = {(folder / record_name(record.iut_id)).resolve() for record in read}
    at_risk = [record.path for record in read if record.path.resolve() in written]
    if at_risk and len(read) > len(written):
        raise UsageError(f"{at_risk[0]} would be overwritten", "choose another --report-dir")
    return merge(read, folder, list(load_modules())), [*_lone_shards(read)]


def _lone_shards(records: Sequence[Record]) -> Iterable[str]:
    """A shard by itself is no whole, though it stays the record that it is."""
    parts = Counter(record.iut_id for record in records)
    for record in records:
        number, of = scope_of(record).shard
        if of > 1 and parts[record.iut_id] == 1:
            yield f"{record.iut_id} is shard {number} of {of}: give the records of all of them"
