"""What can be tested on this machine, and what cannot, and why."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from rich.table import Table

from sockproof.commands.output import open_console
from sockproof.errors import HarnessError
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.discovery import discover_interpreters
from sockproof.iut.implementation import parse_iut
from sockproof.iut.started import side_by_side
from sockproof.iut.unseen import unseen
from sockproof.run.lifetime import heed_interrupt
from sockproof.run.run_options import click_option
from sockproof.spec.levels import format_python_level
from sockproof.spec.matrix import ALL_SPECS
from sockproof.timing import scale

__all__ = ["doctor_command"]


@click.command("doctor")
@click_option(
    "iuts",
    default=(),
    help="What to look at, as for run. Repeat for several. [default: every interpreter found here]",
)
def doctor_command(iuts: Sequence[str]) -> None:
    """Tell which interpreters are here, what they can do, and what cannot be tested, and why."""
    scale()  # a wrong environment variable is no fault of the interpreters
    iuts = iuts or [str(found.path) for found in discover_interpreters()]
    results = side_by_side(_probe, iuts, heed=heed_interrupt)
    width = None if sys.stdout.isatty() else 200  # a file has no width: paths stay whole
    console = open_console(soft_wrap=True, width=width)
    console.print(_table(iuts, results))
    for what, names in _missing(iuts, results).items():
        console.print(f"\n  {what}\n    on {', '.join(names)}")


def _probe(given: str) -> ProbedIut | HarnessError:
    try:
        return probe(parse_iut(given))
    except HarnessError as error:
        return error


def _table(iuts: Sequence[str], results: Sequence[ProbedIut | HarnessError]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("  is", "level", "server specs", "--iut"):  # paths last: they may be long
        table.add_column(name, no_wrap=name != "--iut", overflow="fold")
    for given, result in zip(iuts, results, strict=True):
        if isinstance(result, ProbedIut):
            usable = sum(not result.capabilities.missing(spec) for spec in ALL_SPECS)
            level = format_python_level(result.level)
            specs = f"{usable} of {len(ALL_SPECS)}"
            table.add_row(f"  {result.id}", level, specs, given)
        else:
            table.add_row("  cannot be tested", "", "", given)
    return table


def _missing(
    iuts: Sequence[str], results: Sequence[ProbedIut | HarnessError]
) -> dict[str, list[str]]:
    """What cannot be tested and why, in words, and the implementations of which that is so."""
    found: dict[str, list[str]] = {}
    for given, result in zip(iuts, results, strict=True):
        if isinstance(result, HarnessError):
            found.setdefault(str(result), []).append(given)
            continue
        for reason, specs in _reasons(result).items():
            found.setdefault(f"not {', '.join(specs)}: {reason}", []).append(result.id)
        for what in (*result.doubts, *unseen(result.hello)):
            found.setdefault(what, []).append(result.id)
    return found


def _reasons(iut: ProbedIut) -> dict[str, list[str]]:
    """The server specs that cannot be played, by the reason."""
    reasons: dict[str, list[str]] = {}
    for spec in ALL_SPECS:
        if reason := iut.capabilities.missing(spec):
            reasons.setdefault(reason, []).append(spec.id)
    return reasons
