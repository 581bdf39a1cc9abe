"""What the commands over one case are given: a case by its id, or one that a record holds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.commands.one_case import OneCase
from sockproof.errors import UsageError
from sockproof.report.record import CaseRow, Record, read_record

__all__ = ["Wanted", "wanted_case"]


@dataclass(frozen=True)
class Wanted:
    """A case, and how a record says that it ended, if one was given."""

    case: OneCase
    row: CaseRow | None = None
    record: Record | None = None

    def iut(self, given: str) -> str:
        """The implementation to play it on: the one asked for, the record's, or this Python."""
        recorded = self.record.implementation.given if self.record else ""
        return given or recorded or sys.executable


def wanted_case(given: Sequence[str], record: Path | None = None) -> Wanted:
    """What ``[RECORD] [CASE]`` stand for; of a record in which one case deviates, it is that one.

    Raises:
        UsageError: there is no such case, here or in the record, or it is not clear which is meant.
        RecordError: the record cannot be read.
    """
    files = [text for text in given if _is_file(text)]
    ids = [text for text in given if text not in files]
    if len(files) + bool(record) > 1 or len(ids) > 1:
        raise UsageError("too many cases", "give one case, and at most one record")
    path = record or (Path(files[0]) if files else None)
    if path is None:
        if not ids:
            raise UsageError("no case is given", "see 'sockproof list --cases'")
        return Wanted(OneCase.of(ids[0]))
    found = read_record(path)
    row = _row(found, ids[0]) if ids else _the_one(found)
    return Wanted(OneCase.of(row.id), row, found)


def _is_file(text: str) -> bool:
    return text.endswith(".jsonl") or Path(text).is_file()


def _row(record: Record, case_id: str) -> CaseRow:
    row = record.case(case_id)
    if row is None:
        OneCase.of(case_id)
        raise UsageError(f"{record.path} holds no case {case_id}", "see 'sockproof list --cases'")
    return row


def _the_one(record: Record) -> CaseRow:
    deviating = [case for case in record.cases if case.deviates] or list(record.cases)
    if len(deviating) != 1:
        several = ", ".join(case.id for case in deviating[:3]) or "none"
        raise UsageError(f"which case of {record.path}?", f"name one, such as {several}")
    return deviating[0]
