"""The form of a record of reference: what other records are compared with, and nothing else.

No times, no transcript, no captured output, nothing of the machine but its system, and the cases in
the order of their ids: who plays the same again gets the same octets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, FooterRow, Teardown
from sockproof.record.writer import octets_of, write_octets

__all__ = ["reference_octets", "write_reference"]

_HEADER = ("kind", "schema", "suite", "suite_version")
_IMPLEMENTATION = ("id", "given", "level", "name", "version", "module")


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
    write_octets(path, octets)
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
        ended="",
        counts=_counts(cases),
        duration_s=None,
        stale=record.stale,
    )
    return octets_of(_header(record), record.requirements.values(), cases, footer)


def _case(case: CaseRow) -> CaseRow:
    """The case without its evidence.

    What is told of a failure stays, and why a case is not applicable: ``sockproof compare`` holds
    these texts against each other, and groups by them.
    """
    return CaseRow(
        id=case.id,
        requirement=case.requirement,
        spec=case.spec,
        verdict=case.verdict,
        reason=case.reason,
        expected=case.expected,
        actual=case.actual,
        teardown=Teardown(case.teardown.verdict),
        observations=case.observations,
        known=case.known,
    )


def _header(record: Record) -> Mapping[str, Any]:
    """Which interpreter it is, what it can do, on what system, and by which suite it was seen."""
    told = record.header
    header = {key: told[key] for key in _HEADER if key in told}
    about = told["implementation"]
    header["implementation"] = {key: about[key] for key in _IMPLEMENTATION if key in about}
    if "capabilities" in told:
        header["capabilities"] = told["capabilities"]
    platform = told.get("platform")
    if isinstance(platform, Mapping) and "system" in platform:
        header["platform"] = {"system": platform["system"]}
    return header | ({"seed": told["seed"]} if "seed" in told else {})


def _counts(cases: Iterable[CaseRow]) -> dict[str, int]:
    counted = Counter(case.verdict for case in cases)
    return {verdict.value: counted[verdict] for verdict in Verdict}
