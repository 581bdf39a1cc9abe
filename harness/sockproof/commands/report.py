"""Makes the reports of records again, and one record of the shards of a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sockproof.commands.run import refuse_unwritable, tell
from sockproof.errors import UsageError
from sockproof.record.merging import merge
from sockproof.record.reader import read_record
from sockproof.spec.catalogue import load_catalogue

__all__ = ["by_version", "report"]


def report(paths: Sequence[Path], folder: Path, *, strict: bool) -> int:
    """Merge what is of one implementation, write records and reports; what a run would end with.

    Raises:
        UsageError: a record would be written over one that is read.
        RecordError: a record cannot be read, or two do not belong together.
    """
    refuse_unwritable(folder)
    records = [read_record(file) for path in paths for file in _files(path)]
    written = {(folder / f"{record.iut_id}.jsonl").resolve() for record in records}
    at_risk = [record.path for record in records if record.path.resolve() in written]
    if at_risk and len(records) > len(written):
        raise UsageError(f"{at_risk[0]} would be written over", "choose another --report-dir")
    return tell(merge(records, folder, list(load_catalogue())), folder, (), strict=strict)


def _files(path: Path) -> list[Path]:
    """The file, or the records of a folder.

    Raises:
        UsageError: a folder without any.
    """
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.jsonl"), key=by_version)
    if not found:
        raise UsageError(f"no records in {path}", "they end with .jsonl")
    return found


def by_version(path: Path) -> list[tuple[int, str]]:
    """For sorting: the numbers in a name count as numbers, so that 3.10 comes after 3.9."""
    parts = re.split(r"(\d+)", path.stem)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
