"""The findings of checks as JSON: ``findings.schema.json``, beside the schema of records, has its
form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sockproof.record.reader import Record
from sockproof.report.findings import CheckFinding, findings_of
from sockproof.report.what_to_type import again

__all__ = ["SCHEMA_OF_FINDINGS", "findings_json"]

SCHEMA_OF_FINDINGS = 1


def findings_json(records: Sequence[Record], before: Sequence[Record] = ()) -> str:
    """The findings of all records of checks; those that a record from ``before`` has are not new.

    The same records give the same octets.
    """
    checks = [_check(record, before) for record in records if record.subject]
    told = {"schema": SCHEMA_OF_FINDINGS, "suite": "sockproof", "checks": checks}
    return json.dumps(told, indent=1, ensure_ascii=True) + "\n"


def _check(record: Record, before: Sequence[Record]) -> Mapping[str, Any]:
    assert record.subject is not None
    return {
        "id": record.iut_id,
        "given": record.implementation.given,
        "subject": record.subject.to_json(),
        "record": record.path.name,
        "suite_version": str(record.header.get("suite_version", "")),
        "started": str(record.header.get("started", "")),
        "complete": record.complete,
        "incomplete_reason": record.incomplete_reason,
        "findings": [_finding(one) for one in findings_of(record, before)],
    }


def _finding(one: CheckFinding) -> Mapping[str, Any]:
    return {
        "hash": one.hash,
        "level": one.level.value,
        "new": one.is_new,
        "known": one.is_known,
        "sentence": one.sentence,
        "requirements": one.requirements,
        "cases": [case.id for case in one.cases],
        "script": one.script,
        "again": again(one.record, one.first),
    }
