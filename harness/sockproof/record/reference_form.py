"""The form of a record of reference: what other records are compared with, and nothing else.

No times, no transcript, no captured output, nothing of the machine but its system, and the cases in
the order of their ids: who plays the same again gets the same octets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, FooterRow, Teardown, counts_by_verdict
from sockproof.record.writer import record_lines
from sockproof.whole_file import write_whole

__all__ = ["reference_octets", "write_reference"]

# The form of these records, which has no digests: only what is compared changes them.
SCHEMA_OF_REFERENCE = 3
_SUITE = ("kind", "schema", "suite", "suite_version")
_HEADER = (*_SUITE, "implementation", "capabilities", "platform", "seed")
_PARTS = {
    "implementation": ("id", "given", "level", "name", "version", "module", "judged"),
    "platform": ("system",),
}


def write_reference(record: Record, path: Path) -> bool:
    """Make ``path`` the reference that the record gives; false if it says all of it already.

    Then the file is not touched, even if the header is another: what is compared is the lines
    after it.

    Raises:
        RecordError: it cannot be written.
    """
    octets = reference_octets(record)
    if path.is_file() and _compared(path.read_bytes()) == _compared(octets):
        return False
    write_whole(path, octets)
    return True


def _compared(octets: bytes) -> bytes:
    """The lines after the header."""
    return octets.partition(b"\n")[2]


def reference_octets(record: Record) -> bytes:
    """The file of the record as a reference; requirements stay in the order of the catalogue."""
    cases = sorted(map(_case, record.cases), key=lambda case: case.id)
    footer = FooterRow(
        complete=record.complete,
        reason=record.incomplete_reason,
        counts=counts_by_verdict(case.verdict for case in cases),
        stale=record.stale,
    )
    lines = record_lines(
        _header(record), record.requirements.values(), cases, footer, SCHEMA_OF_REFERENCE
    )
    return b"".join(lines)


def _case(case: CaseRow) -> CaseRow:
    """The case without its evidence.

    What is told of a failure stays, and why a case is not applicable: ``sockproof compare`` holds
    these texts against each other, and groups by them.
    """
    return dataclasses.replace(
        case,
        teardown=Teardown(case.teardown.verdict),
        duration_s=0.0,
        cause="",
        stderr="",
        stdout="",
        stacks="",
        transcript=(),
        generated=None,
        lacks="",
    )


def _header(record: Record) -> Mapping[str, Any]:
    """Which interpreter it is, what it can do, on what system, and by which suite it was seen."""
    kept: dict[str, Any] = {key: record.header.get(key) for key in _HEADER}
    for key, names in _PARTS.items():
        if isinstance(kept[key], Mapping):
            kept[key] = {name: kept[key][name] for name in names if name in kept[key]}
    return {key: value for key, value in kept.items() if value not in (None, {})}
