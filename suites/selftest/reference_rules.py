"""What a record of reference owes to the catalogue of today: only what both of them hold is held
against each other, so that a new requirement leaves the records as they are."""

from __future__ import annotations

from collections.abc import Mapping

from sockproof.record.reader import Record
from sockproof.report.comparison import renamed
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import Catalogue
from sockproof.spec.levels import format_python_level

__all__ = ["not_yet_in", "out_of_step"]


def out_of_step(record: Record, catalogue: Catalogue, renames: Mapping[str, str]) -> list[str]:
    """The requirements of the record that the catalogue no longer has, or has otherwise."""
    rows = renamed(record, renames).requirements
    found = [f"{id_}: no requirement of today, nor renamed" for id_ in rows if id_ not in catalogue]
    for id_ in (id_ for id_ in rows if id_ in catalogue):
        row, own = rows[id_], catalogue[id_]
        since = format_python_level(own.since) if own.since else None
        if (row.title, row.level, row.since) != (own.title, own.level, since):
            found.append(f"{id_}: not as it is in the catalogue; make reference")
    return found


def not_yet_in(record: Record, case_id: str, catalogue: Catalogue) -> bool:
    """Whether a case is of a requirement that is newer than the record."""
    id_ = CaseId.read(case_id).requirement
    return id_ in catalogue and id_ not in record.requirements
