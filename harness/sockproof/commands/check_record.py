"""Reads a record of an earlier check, to hold findings against."""

from __future__ import annotations

from pathlib import Path

from sockproof.errors import UsageError
from sockproof.record.reader import Record, read_record

__all__ = ["check_record"]


def check_record(path: Path) -> Record:
    """What ``--only-new`` names.

    Raises:
        RecordError: it cannot be read. UsageError: it is of a run.
    """
    record = read_record(path, light=True)
    if record.subject is None:
        raise UsageError(f"--only-new {path}: it is a record of a run", "name one of a check")
    return record
