"""Made-up records of checks: of a program, and of whoever listens at an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sockproof import __version__
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.record.writer import RecordWriter
from sockproof.spec.catalogue import load_invariants

__all__ = ["ADDRESS", "PROGRAM", "failed", "passed", "silent", "write_check"]

PROGRAM: Mapping[str, Any] = {
    "kind": "program",
    "address": "127.0.0.1:0",
    "argv": ["python3", "it's.py", "{port}"],
    "stop": [],
}
ADDRESS: Mapping[str, Any] = {"kind": "address", "address": "127.0.0.1:9000"}
LEAVING = (
    "{number} clients left ({way}); 10 s later there are {number} more threads (1 → 21); "
    "threads stand: {number} in handle() at {file}:{line}, 1 in <module>() at chat.py:40"
)


def passed(name: str, variant: str = "", **observed: Any) -> CaseRow:
    """A case that passes."""
    return _case(name, variant, Verdict.PASS, observations=observed)


def silent(name: str, why: str = "psutil is not installed", variant: str = "") -> CaseRow:
    """A case that is not applicable."""
    return _case(name, variant, Verdict.NOT_APPLICABLE, reason=why)


def failed(
    name: str, variant: str = "", actual: str = "", expected: str = "all is well"
) -> CaseRow:
    """A case that fails; ``actual`` is by default that of threads that are left behind."""
    told = actual or LEAVING.format(number=20, way=variant, file="chat.py", line=12)
    return _case(name, variant, Verdict.FAIL, actual=told, expected=expected)


def _case(name: str, variant: str, verdict: Verdict, **more: Any) -> CaseRow:
    place = f"TCP/inet,{variant}" if variant else "TCP/inet"
    requirement = f"invariants/{name}"
    return CaseRow(f"{requirement}[{place}]", requirement, "TCP/inet", verdict, **more)


def write_check(
    path: Path,
    cases: Sequence[CaseRow],
    subject: Mapping[str, Any] = PROGRAM,
    *,
    iut: str = "chat",
    given: str = "",
    **settings: Any,
) -> Record:
    """The record of a check with these cases."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {
        "suite_version": __version__,
        "started": "2026-01-02T03:04:05Z",
        "implementation": {"id": iut, "given": given or "chat", "name": subject["kind"]},
        "subject": subject,
        "settings": {"select": "", "specs": [], "shard": "1/1", **settings},
    }
    writer = RecordWriter(path, header)
    for name in dict.fromkeys(case.requirement for case in cases):
        one = load_invariants().get(name)
        writer.requirement(RequirementRow(one.id, one.area, one.title, one.level, one.source))
    for case in cases:
        writer.case(case)
    writer.close()
    return read_record(path)
