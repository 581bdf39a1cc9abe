"""Small made-up records of several versions, for what is made of more than one record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow, RequirementRow, Teardown
from sockproof.record.writer import RecordWriter
from sockproof.spec.levels import Level
from suites.selftest.record_data import header

__all__ = ["CLEAN", "LEAKED", "MUST", "NEWER", "OBSERVED", "of", "write"]

CLEAN = Teardown(TeardownVerdict.CLEAN)
LEAKED = Teardown(TeardownVerdict.LEAKED, ("fd 7 -> socket:[123]",))
MUST = RequirementRow("dispatch/order", "dispatch", "Calls come in order.", Level.MUST, "")
NEWER = RequirementRow("names/newer", "names", "It came later.", Level.MUST, "", since="3.12")
OBSERVED = RequirementRow("errors/banner", "errors", "The banner.", Level.OBSERVED, "")


def of(
    row: RequirementRow, place: str = "TCP/inet", verdict: Verdict = Verdict.PASS, **more: Any
) -> CaseRow:
    """A case of a requirement; what is no field of a case is an observation."""
    fields = {key: more.pop(key) for key in list(more) if key in CaseRow.__dataclass_fields__}
    case_id = f"{row.id}[{place}]" if place else row.id
    spec = place.partition(",")[0]
    played = verdict is not Verdict.NOT_APPLICABLE
    settings: dict[str, Any] = {"teardown": CLEAN if played else Teardown(), "observations": more}
    return CaseRow(case_id, row.id, spec, verdict, **settings | fields)


def write(
    folder: Path,
    version: str,
    cases: Sequence[CaseRow],
    rows: Sequence[RequirementRow] = (MUST, NEWER, OBSERVED),
    *,
    name: str = "CPython",
    iut: str = "",
    finish: bool = True,
) -> Record:
    """A record of an interpreter's own module, or of ``iut``; cut short if it is not to finish."""
    iut = iut or f"{name.lower()}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    writer = RecordWriter(folder / f"{iut}.jsonl", header(iut, "python", version, name))
    for row in rows:
        writer.requirement(row)
    for case in cases:
        writer.case(case)
    if finish:
        writer.close()
    else:
        writer.abandon()
    return read_record(writer.path)
