"""Plays one case on implementations in order, and names the first at which something changed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from sockproof.commands.one_case import play_case, probed
from sockproof.commands.stored import Wanted
from sockproof.errors import UsageError
from sockproof.record.rows import CaseRow
from sockproof.repro.differences import ending_of

__all__ = ["bisect"]

UNCHANGED, CHANGED = 0, 1
_ABSENT = "not observed"


def bisect(console: Console, wanted: Wanted, given: Sequence[str]) -> int:
    """Play the case on all of them, in the order given, and print each result and each change;
    1 when there is one. (All are played: where things changed twice, halving would miss it.)

    Raises:
        UsageError: fewer than two are given. HarnessError: one cannot be played.
    """
    if len(given) < 2:
        raise UsageError("one implementation has no change", "name two or more with --iut")
    iuts = [probed(one) for one in given]
    case = wanted.case
    rows = [playing.row for playing in play_case(case, iuts, wanted.generating)]
    console.print(f"  {case}", markup=False)
    width = max(len(iut.id) for iut in iuts)
    changes: list[str] = []
    for number, (iut, row) in enumerate(zip(iuts, rows, strict=True)):
        console.print(f"  {iut.id:{width}}  {ending_of(row)}", markup=False)
        for line in _changed(rows[number - 1], row) if number else ():
            console.print(f"  {'':{width}}    {line}", markup=False)
            changes.append(iut.id)
    if not changes:
        console.print("  nothing changed")
        return UNCHANGED
    console.print(f"  first change at {changes[0]}")
    return CHANGED


def _changed(old: CaseRow, new: CaseRow) -> list[str]:
    """What is different, old and new."""
    endings = ending_of(old), ending_of(new)
    found = [] if endings[0] == endings[1] else [f"{endings[0]} -> {endings[1]}"]
    before, after = (
        {name: repr(value) for name, value in row.observations.items()} for row in (old, new)
    )
    return found + [
        f"{name}: {before.get(name, _ABSENT)} -> {after.get(name, _ABSENT)}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name, _ABSENT) != after.get(name, _ABSENT)
    ]
