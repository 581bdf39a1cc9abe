"""Reads a record, also one that a crash cut short, and refuses what is none, or was changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sockproof.errors import ChangedRecord, RecordError
from sockproof.json_depth import is_too_deep
from sockproof.record.digests import DigestChain
from sockproof.record.draft import RecordDraft
from sockproof.record.json_object import JsonObject
from sockproof.record.light_rows import LightRows, StoredEvidence
from sockproof.record.own_class import OwnClassInfo
from sockproof.record.rows import CaseRow, FooterRow, RequirementRow
from sockproof.record.subject import SubjectInfo
from sockproof.record.writer import DIGESTS_SINCE, SCHEMA
from sockproof.spec.levels import Level

__all__ = ["ImplementationInfo", "Record", "read_record"]

_SEE = "'sockproof verify' tells more"


@dataclass(frozen=True)
class ImplementationInfo(JsonObject):
    """Who was tested: ``given`` is the text of ``--iut``, ``level`` the Python level it claims."""

    id: str
    given: str = ""
    level: str = ""
    name: str = ""
    version: str = ""
    module: str = ""
    module_file: str | None = ""
    runtime: str = ""
    server: OwnClassInfo | None = None
    judged: str = ""


@dataclass(frozen=True)
class Record:
    """One implementation's run. ``incomplete_reason`` is empty when the run is complete.

    ``reference`` is the record it is held against, see :mod:`sockproof.report.reference`.
    ``evidence`` is where that of its cases is, if these were read without it.
    """

    path: Path
    header: Mapping[str, Any]
    requirements: Mapping[str, RequirementRow]
    cases: tuple[CaseRow, ...]
    footer: FooterRow | None
    incomplete_reason: str
    reference: Record | None = None
    evidence: StoredEvidence | None = None

    @property
    def stale(self) -> tuple[str, ...]:
        """The stale expectations that no single case shows."""
        return self.footer.stale if self.footer else ()

    @property
    def complete(self) -> bool:
        return not self.incomplete_reason

    @cached_property
    def implementation(self) -> ImplementationInfo:
        return ImplementationInfo.from_json(self.header["implementation"])

    @property
    def iut_id(self) -> str:
        return self.implementation.id

    @cached_property
    def subject(self) -> SubjectInfo | None:
        """What ``sockproof check`` has judged; None of a module that ``run`` has."""
        told = self.header.get("subject")
        return None if told is None else SubjectInfo.from_json(told)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The options of the run, as far as the header has them."""
        return self._object("settings")

    @property
    def platform(self) -> str:
        """System, release and machine, as far as the header has them."""
        return " ".join(map(str, self._object("platform").values()))

    def _object(self, key: str) -> Mapping[str, Any]:
        found = self.header.get(key)
        return found if isinstance(found, Mapping) else {}

    @property
    def duration_s(self) -> float | None:
        """Seconds from the first case to the last; None when the run never came to its footer,
        and for a record of reference, which tells no times."""
        return self.footer.duration_s if self.footer else None

    def requirement_of(self, case: CaseRow) -> RequirementRow:
        return self.requirements[case.requirement]

    def level_of(self, case: CaseRow) -> Level:
        return self.requirements[case.requirement].level

    def case(self, case_id: str) -> CaseRow | None:
        """The case with this id, or None."""
        return self._by_id.get(case_id)

    def whole(self, case: CaseRow) -> CaseRow:
        """The case with its evidence, wherever that is.

        Raises:
            RecordError: the file is no longer there, or no longer the one that was read.
        """
        return self.evidence.whole(case) if self.evidence else case

    @property
    def has_digests(self) -> bool:
        """Whether its lines have digests; those of an older form, and of reference, have none."""
        return bool(self.header.get("schema", 0) >= DIGESTS_SINCE)

    @cached_property
    def _by_id(self) -> Mapping[str, CaseRow]:
        return {case.id: case for case in self.cases}


def read_record(path: Path | str, *, light: bool = False) -> Record:
    """Read a record file.

    A last line that was cut in the middle is left out, and the record is incomplete. ``light``: the
    evidence of cases stays in the file, and :meth:`Record.whole` fetches it.

    Raises:
        ChangedRecord: it is not as it was written. RecordError: the file is missing, is no record,
            was made by a newer sockproof, holds a malformed line before its end, or the same case
            twice.
    """
    place = Path(path)
    rows = LightRows() if light and place.is_file() else None
    keep: Callable[[CaseRow], CaseRow] = rows or (lambda case: case)
    try:
        with place.open("rb") as file:
            return _read(place, iter(file), RecordDraft(keep), rows)
    except FileNotFoundError:
        raise RecordError(f"there is no record {path}", "make one with 'sockproof run'") from None
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}") from error


def _read(path: Path, lines: Iterator[bytes], draft: RecordDraft, rows: LightRows | None) -> Record:
    first = next(lines, b"")
    header = _header(path, _object(first) or {})
    chain = DigestChain() if header["schema"] >= DIGESTS_SINCE else None
    _refuse_changed(path, 1, first, chain)
    place = len(first)
    for number, line in enumerate(lines, start=2):
        if rows:
            rows.place = place
        place += len(line)
        _take(path, number, line, draft, chain)
    try:
        reason = draft.incomplete_reason()
    except ChangedRecord as error:
        raise ChangedRecord(f"{path} was changed: {error.message}", _SEE) from None
    header = {key: value for key, value in header.items() if key != "digest"}
    evidence = StoredEvidence(path, rows.places) if rows else None
    cases = tuple(draft.cases.values())
    return Record(path, header, draft.requirements, cases, draft.footer, reason, evidence=evidence)


def _take(
    path: Path, number: int, line: bytes, draft: RecordDraft, chain: DigestChain | None
) -> None:
    """The next line of the file; half a line can only be the last."""
    row = _object(line)
    if row is None and not line.endswith(b"\n"):
        draft.cut_at = number
        return
    if row is None:
        raise ChangedRecord(f"{path} line {number} is malformed", "run again")
    whole = chain.whole if chain else ""
    _refuse_changed(path, number, line, chain)
    try:
        draft.add(row)
    except RecordError as error:
        raise RecordError(f"{path} line {number}: {error.message}", error.hint) from None
    if chain and draft.footer and draft.footer.whole != whole:
        raise ChangedRecord(f"{path} was changed: its lines are not those of its footer", _SEE)


def _refuse_changed(path: Path, number: int, line: bytes, chain: DigestChain | None) -> None:
    if chain and not chain.intact(line):
        raise ChangedRecord(f"{path} was changed, first at line {number}{_named(line)}", _SEE)


def _named(line: bytes) -> str:
    """Which case or requirement a line is about, as far as it can be read."""
    row = _object(line) or {}
    name = row.get("id") or row.get("case") or row.get("kind")
    return f" ({name[:200]!r})" if isinstance(name, str) else ""


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        row = None if is_too_deep(line) else json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _header(path: Path, row: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = row.get("schema")
    implementation = row.get("implementation")
    if row.get("kind") != "header" or row.get("suite") != "sockproof":
        raise RecordError(f"{path} is not a record of sockproof", "its first line is no header")
    if isinstance(schema, int) and schema > SCHEMA:
        raise RecordError(
            f"{path} was made by a newer sockproof (schema {schema!r:.20})", "upgrade"
        )
    if schema not in range(1, SCHEMA + 1) or isinstance(schema, bool):
        raise RecordError(f"{path} is not a record of sockproof", f"its schema is {schema!r:.80}")
    if not isinstance(implementation, dict):
        raise RecordError(f"{path} line 1: the header names no implementation", "run again")
    try:
        ImplementationInfo.from_json(implementation)
        if row.get("subject") is not None:
            SubjectInfo.from_json(row["subject"])
    except RecordError as error:
        raise RecordError(f"{path} line 1: {error.message}", error.hint) from None
    return row
