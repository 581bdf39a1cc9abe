"""Plays one case on implementations in order, and names the first at which something changed."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sockproof.commands.one_case import known_case, play_case
from sockproof.commands.output import open_console
from sockproof.commands.stored import GENERATING, Wanted
from sockproof.errors import UsageError
from sockproof.iut.capabilities import probe
from sockproof.iut.implementation import parse_iut
from sockproof.iut.judged_module import judged_as
from sockproof.record.rows import CaseRow
from sockproof.report.text import one_line
from sockproof.repro.differences import ending_of
from sockproof.spec.area_names import module_of
from sockproof.spec.case_id import requirement_of
from sockproof.spec.catalogue import load_checked

__all__ = ["bisect_command"]

UNCHANGED, CHANGED = 0, 1
_ABSENT = "not observed"
# Of what implementations say in one line.
_LONG = 4000


@click.command("bisect")
@click.argument("case", metavar="CASE")
@click.option(
    "--iut", "given", multiple=True, metavar="IUT", help="Two or more, as for run, in this order."
)
@GENERATING[0]
@GENERATING[1]
def bisect_command(case: str, given: Sequence[str], seed: int | None, examples: int | None) -> int:
    """Play one case on implementations in order; tell each result, and where it first changed.

    Ends with 1 when something changed. All are played: where things changed twice, halving would
    miss it.
    """
    if requirement_of(case) in load_checked():
        problem = f"{case} is of a check, which judges one server"
        raise UsageError(problem, "see 'sockproof check --help'")
    wanted = Wanted(known_case(case), seed=seed, examples=examples)
    if len(given) < 2:
        raise UsageError("one implementation alone shows no change", "name two or more with --iut")
    module = module_of(wanted.case.area)
    iuts = [probe(judged_as(module, parse_iut(one))) for one in given]
    rows = [playing.row for playing in play_case(wanted.case, iuts, wanted.generating)]
    console = open_console(soft_wrap=True)
    console.print(f"  {wanted.case}", markup=False)
    width = max(len(iut.id) for iut in iuts)
    changes: list[str] = []
    for number, (iut, row) in enumerate(zip(iuts, rows, strict=True)):
        console.print(f"  {iut.id:{width}}  {one_line(str(ending_of(row)), _LONG)}", markup=False)
        for line in _changed(rows[number - 1], row) if number else ():
            console.print(f"  {'':{width}}    {one_line(line, _LONG)}", markup=False)
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
