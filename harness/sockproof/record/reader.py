"""Reads a record, also one that a crash cut short, and refuses what is none."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sockproof.errors import RecordError
from sockproof.json_depth import is_too_deep
from sockproof.record.json_object import JsonObject
from sockproof.record.rows import AttributionRow, CaseRow, FooterRow, RequirementRow
from sockproof.record.writer import SCHEMA
from sockproof.spec.levels import Level

__all__ = ["ImplementationInfo", "Record", "read_record"]

_KINDS = (RequirementRow.KIND, CaseRow.KIND, AttributionRow.KIND, FooterRow.KIND)
NO_FOOTER = "the run ended before the record's last line was written"


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


@dataclass(frozen=True)
class Record:
    """One implementation's run. ``incomplete_reason`` is empty when the run is complete.

    ``reference`` is the record it is held against, see :mod:`sockproof.report.reference`.
    """

    path: Path
    header: Mapping[str, Any]
    requirements: Mapping[str, RequirementRow]
    cases: tuple[CaseRow, ...]
    footer: FooterRow | None
    incomplete_reason: str
    reference: Record | None = None

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

    @cached_property
    def _by_id(self) -> Mapping[str, CaseRow]:
        return {case.id: case for case in self.cases}


def read_record(path: Path | str) -> Record:
    """Read a record file.

    A last line that was cut in the middle is left out, and the record is incomplete.

    Raises:
        RecordError: the file is missing, is no record, was made by a newer sockproof, holds a
            malformed line before its end, or the same case twice.
    """
    place = Path(path)
    first, *lines = _octets_of(place).split(b"\n")
    header = _header(place, _object(first) or {})
    draft = _Draft()
    for number, line in enumerate(lines, start=2):
        is_last = number == len(lines) + 1
        row = _object(line)
        if row is not None:
            try:
                draft.add(row)
            except RecordError as error:
                raise RecordError(f"{place} line {number}: {error.message}", error.hint) from None
        elif not is_last:
            raise RecordError(f"{place} line {number} is malformed", "run again")
        elif line:
            draft.cut_at = number
    reason = draft.incomplete_reason()
    return Record(
        place, header, draft.requirements, tuple(draft.cases.values()), draft.footer, reason
    )


def _octets_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RecordError(f"there is no record {path}", "make one with 'sockproof run'") from None
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}") from error


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
    except RecordError as error:
        raise RecordError(f"{path} line 1: {error.message}", error.hint) from None
    return row


@dataclass
class _Draft:
    """What has been read so far; ``cut_at`` is the number of a last line that was cut."""

    requirements: dict[str, RequirementRow] = field(default_factory=dict)
    cases: dict[str, CaseRow] = field(default_factory=dict)
    footer: FooterRow | None = None
    cut_at: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        if row.get("kind") not in _KINDS:
            raise RecordError(f"unknown kind of line: {row.get('kind')!r:.80}", "upgrade sockproof")
        if self.footer is not None:
            raise RecordError("a line after the footer", "keep one run to a file")
        if row["kind"] == RequirementRow.KIND:
            requirement = RequirementRow.from_json(row)
            if requirement.id in self.requirements:
                raise RecordError(f"requirement {requirement.id!r:.80} is there twice", "run again")
            self.requirements[requirement.id] = requirement
        elif row["kind"] == CaseRow.KIND:
            self._add_case(CaseRow.from_json(row))
        elif row["kind"] == AttributionRow.KIND:
            self._attribute(AttributionRow.from_json(row))
        else:
            self.footer = FooterRow.from_json(row)

    def _add_case(self, case: CaseRow) -> None:
        if case.id in self.cases:
            raise RecordError(f"case {case.id!r:.80} is there twice", "keep one run to a file")
        if case.requirement not in self.requirements:
            raise RecordError(f"case {case.id!r:.80} belongs to no requirement listed above it")
        self.cases[case.id] = case

    def _attribute(self, row: AttributionRow) -> None:
        if row.case not in self.cases:
            raise RecordError(
                f"what is said of case {row.case!r:.80} is said before it", "run again"
            )
        case = self.cases[row.case]
        self.cases[row.case] = dataclasses.replace(case, inherited=row.inherited)

    def incomplete_reason(self) -> str:
        """Why the run is not whole; empty when it is."""
        if self.cut_at:
            return f"line {self.cut_at} was cut in the middle"
        if self.footer is None:
            return NO_FOOTER
        if not self.footer.complete:
            return self.footer.reason or "the run was stopped"
        promised = sum(self.footer.counts.values())
        if promised != len(self.cases):
            return f"the footer counts {promised} cases, the file holds {len(self.cases)}"
        return ""
