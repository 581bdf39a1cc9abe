"""What the records of reference show of a requirement, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sockproof._paths import reference_dir
from sockproof.commands.operands import read_operands
from sockproof.record.reader import Record
from sockproof.record.selection import select
from sockproof.report.atlas_entries import Atlas, AtlasEntry, make_atlas
from sockproof.report.strands import joined
from sockproof.report.text import one_line
from sockproof.run.run_options import RunOptions
from sockproof.spec.area_names import SOCKETS
from sockproof.spec.levels import Level

__all__ = ["atlas_of", "lines_of", "reference_records"]

# Lines of what the reference records show of one requirement; the atlas has the rest.
SHOWN = 3


def reference_records(module: str) -> list[Record]:
    """Those that ship of a module, with the requirement ids of today."""
    folder = reference_dir(module)
    return read_operands([str(folder)], RunOptions()) if folder.is_dir() else []


def atlas_of(records: Sequence[Record], ids: Sequence[str]) -> Atlas:
    """The atlas of these requirements alone."""
    return make_atlas([select(record, " or ".join(ids)) for record in records])


def lines_of(atlas: Atlas, entry: AtlasEntry) -> Iterator[str]:
    """``kept until 3.6; broken since 3.7``; of what is OBSERVED the values that were seen."""
    values = [(name, strand) for name, strand in entry.strands if name]
    is_observed = entry.requirement.level is Level.OBSERVED
    shown = values if is_observed and values else entry.strands
    for name, strand in shown[:SHOWN]:
        spans = (f"{one_line(cell, 80)}{joined(when)}" for cell, when in atlas.spans(strand))
        where = f"  ({one_line(strand.where, 120)})" if strand.where else ""
        yield f"{one_line(name, 80)}: ".removeprefix(": ") + "; ".join(spans) + where
    if len(shown) > SHOWN:
        area = f"--area {SOCKETS} " if entry.requirement.area == SOCKETS else ""
        yield f"and {len(shown) - SHOWN} more: sockproof atlas {area}-k {entry.requirement.id}"
