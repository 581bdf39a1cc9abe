"""The command ``selftest``: the proof that the suite bites."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from sockproof.commands.selftest import AGAINST, ProofSettings, selftest
from sockproof.mutation.subjects import MutantKind

__all__ = ["add_proof_command"]


@click.option(
    "--iut",
    default=sys.executable,
    metavar="INTERPRETER",
    help="A CPython of 3.6 up: the mutants are made of its socketserver. [default: the running "
    "Python]",
)
@click.option("--named", is_flag=True, help="Only the mutants that are described one by one.")
@click.option("--generic", is_flag=True, help="Only those made of the source by rule.")
@click.option(
    "-k", "keyword", default="", metavar="TEXT", help="Mutants whose id or title has this in it."
)
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=1,
    metavar="N",
    help="Every N-th mutant. [default: all]",
)
@click.option(
    "--full",
    is_flag=True,
    help="Play every requirement on every mutant, and tell which kill nothing: takes hours. "
    "[default: each mutant up to the first case that kills it]",
)
@click.option(
    "--against",
    multiple=True,
    type=click.Choice(AGAINST),
    help="Have the same mutants judged by CPython's own test.test_socketserver, too.",
)
def _selftest(
    iut: str,
    named: bool,
    generic: bool,
    keyword: str,
    sample: int,
    full: bool,
    against: tuple[str, ...],
    workers: int,
    report_dir: Path,
) -> int:
    """Play the suite against socketservers broken on purpose, and tell what it does not see.

    Ends with 0 when every mutant is killed or noticed but those listed as equivalent, with 1 when
    some survive, with 3 on a false alarm or when something could not be played.
    """
    kinds = {MutantKind.NAMED: named, MutantKind.GENERIC: generic}
    chosen = frozenset(kind for kind, asked in kinds.items() if asked) or frozenset(MutantKind)
    return selftest(ProofSettings(iut, report_dir, workers, chosen, keyword, sample, full, against))


def add_proof_command(group: click.Group, of_run: Sequence[click.Parameter]) -> None:
    """Add the command; ``of_run`` are the parameters of ``run``, of which it shares some."""
    shared = [parameter for parameter in of_run if parameter.name in ("workers", "report_dir")]
    group.command("selftest", params=list(shared))(_selftest)
