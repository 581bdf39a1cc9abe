"""Which cases of a check share a life of its program, and which of them are begun first."""

from __future__ import annotations

from collections.abc import Sequence

from sockproof.check.invariants.table import Play

__all__ = ["in_groups"]

# They wait, with patience, for what may never come: whoever has them last waits for them alone.
_PATIENT = ("leaving", "stopping", "garbage")


def in_groups(plays: Sequence[Play], side_by_side: int) -> list[list[Play]]:
    """Those that share a life, together: in the order of the plays, unless several are played side
    by side."""
    names = list(dict.fromkeys(play.group for play in plays))
    if side_by_side > 1:
        names.sort(key=lambda name: name.partition(" ")[0] not in _PATIENT)
    return [[play for play in plays if play.group == name] for name in names]
