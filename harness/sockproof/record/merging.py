"""Puts the records of one implementation together that several runs made, as shards of a whole.

Whatever was missing stays missing: a record that lacks a shard is incomplete, and says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sockproof.errors import RecordError
from sockproof.output_folder import OutputFolder
from sockproof.record.reader import Record
from sockproof.record.rows import (
    FooterRow,
    RequirementRow,
    counts_by_level,
    counts_by_verdict,
)
from sockproof.record.run_identity import refuse_other_run
from sockproof.record.scope import scope_of
from sockproof.record.writer import record_lines, record_name

__all__ = ["merge"]


def merge(records: Sequence[Record], folder: Path, order: Sequence[str] = ()) -> list[Path]:
    """Write one record per implementation into ``folder``; their paths, in the order of the first.

    ``order`` are ids of requirements in the order in which a record shall list them.

    Raises:
        RecordError: two records of one implementation are no parts of one run, or hold the same
            case, or one cannot be written.
    """
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.iut_id, []).append(record)
    _refuse_one_file_of_two(groups)
    positions = {id_: number for number, id_ in enumerate(order)}
    output = OutputFolder(folder)
    return [
        output.write(record_name(iut_id), _merged(group, positions))
        for iut_id, group in groups.items()
    ]


def _refuse_one_file_of_two(iut_ids: Iterable[str]) -> None:
    """Names of files are shorter than ids may be: two of which a name was made to be the same."""
    owners: dict[str, str] = {}
    for iut_id in iut_ids:
        name = record_name(iut_id)
        if (other := owners.setdefault(name, iut_id)) != iut_id:
            problem = f"the records of {iut_id!r} and {other!r} would be one file, {name}"
            raise RecordError(problem, "make the report of one of them")


def _merged(records: Sequence[Record], positions: Mapping[str, int]) -> Iterable[bytes]:
    for other in records[1:]:
        refuse_other_run(records[0], other)
    _refuse_doubles(records)
    requirements = _requirements(records, positions)
    left_out = "shard" if len(records) > 1 else ""
    settings = {key: value for key, value in records[0].settings.items() if key != left_out}
    header = {**records[0].header, "settings": settings}
    reason = "; ".join(_gaps(records))
    found = [(record.level_of(case), case.verdict) for record in records for case in record.cases]
    footer = FooterRow(
        complete=not reason,
        reason=reason,
        ended=max((record.footer.ended for record in records if record.footer), default=""),
        counts=counts_by_verdict(verdict for _, verdict in found),
        levels=counts_by_level(found),
        duration_s=_duration_s(records),
        stale=tuple(dict.fromkeys(text for record in records for text in record.stale)),
    )
    cases = (record.whole(case) for record in records for case in record.cases)
    return record_lines(header, requirements, cases, footer)


def _duration_s(records: Iterable[Record]) -> float | None:
    """How long all of them took; None where no record tells."""
    durations_s = [record.duration_s for record in records if record.duration_s is not None]
    return round(sum(durations_s), 3) if durations_s else None


def _refuse_doubles(records: Sequence[Record]) -> None:
    seen: set[str] = set()
    for record in records:
        for case in record.cases:
            if case.id in seen:
                raise RecordError(
                    f"{record.path}: case {case.id!r} is in another record, too",
                    "give each shard once",
                )
            seen.add(case.id)


def _requirements(records: Sequence[Record], positions: Mapping[str, int]) -> list[RequirementRow]:
    """Every requirement once, those without a position last."""
    found: dict[str, RequirementRow] = {}
    for record in records:
        found |= {id_: row for id_, row in record.requirements.items() if id_ not in found}
    return sorted(found.values(), key=lambda row: positions.get(row.id, len(positions)))


def _gaps(records: Sequence[Record]) -> Iterable[str]:
    """Why the whole is not complete: a part is not, or a shard is missing."""
    for record in records:
        if not record.complete:
            yield f"{record.path.name}: {record.incomplete_reason}"
    if len(records) == 1:
        return
    shards = [scope_of(record).shard for record in records]
    of = max(of for _, of in shards)
    missing = sorted(set(range(1, of + 1)) - {number for number, _ in shards})
    if missing:
        yield f"shards missing: {', '.join(map(str, missing))} of {of}"
