"""``sockproof selftest``: the suite against modules that are broken on purpose."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from sockproof.commands.at_work import at_work
from sockproof.commands.output import open_console, warn
from sockproof.commands.progress import ProgressLines
from sockproof.commands.run import refuse_unwritable
from sockproof.errors import HarnessError, IutUnavailable, UsageError
from sockproof.mutation.choosing import Choice, chosen_subjects, read_source, refuse_module
from sockproof.mutation.comparing import compared
from sockproof.mutation.crew import Crew
from sockproof.mutation.first_tries import read_first_tries
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.kill_matrix_page import write_page
from sockproof.mutation.mutated_module import MODULES
from sockproof.mutation.player import work
from sockproof.mutation.proving import UNTOUCHED, prove
from sockproof.mutation.rewrite_matrix import RewriteMatrix
from sockproof.mutation.rewrite_page import print_rewrites, write_rewrite_page
from sockproof.mutation.rewriting import load_rewrites
from sockproof.mutation.subjects import MutantKind, Subject
from sockproof.mutation.summary import print_proof
from sockproof.own_folder import own_folder
from sockproof.run.lifetime import interrupt_once_by
from sockproof.run.plan import RunPlan, make_plan, planned
from sockproof.run.run_options import RunOptions, run_options
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.timing import SCALE_VARIABLE, scale

__all__ = ["selftest_command"]

# The time scale unless the environment has one: a hang is what many mutants are killed by.
_SHORT = "0.4"


@click.command("selftest")
@run_options("workers", "report_dir")
@click.option(
    "--iut",
    default=sys.executable,
    metavar="INTERPRETER",
    help="A CPython of 3.6 or newer, of whose socketserver the mutants are made. "
    "[default: the running Python]",
)
@click.option(
    "--area",
    type=click.Choice((SOCKETS,)),
    help="Of 'socket' it is the socket module that is broken. [default: socketserver]",
)
@click.option("--named", is_flag=True, help="Only the mutants that are described one by one.")
@click.option("--generic", is_flag=True, help="Only those made of the source by rule.")
@click.option(
    "--rewrites",
    is_flag=True,
    help="Instead of mutants, the servers that have a method or a class written anew, broken and "
    "right ones: rewrite-matrix.html and .json.",
)
@click.option(
    "--pairs",
    type=click.IntRange(0, 10_000),
    default=0,
    metavar="N",
    help="Also N pairs of those made by rule: two changes of one class at once. [default: none]",
)
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
    type=click.Choice(("cpython-tests",)),
    help="Have the same mutants judged by CPython's own tests of the module, too.",
)
@click.option(
    "--against-every",
    type=click.IntRange(1),
    default=1,
    metavar="N",
    help="Of the mutants that are played, have every N-th judged so. [default: all]",
)
def selftest_command(
    options: RunOptions,
    iut: str,
    area: str | None,
    named: bool,
    generic: bool,
    rewrites: bool,
    pairs: int,
    keyword: str,
    sample: int,
    full: bool,
    against: Sequence[str],
    against_every: int,
) -> int:
    """Play the suite against modules broken on purpose, and tell what it does not see.

    Ends with 0 when every mutant is killed or noticed but those listed as equivalent, with 1 when
    some survive, with 3 on a false alarm or when something could not be played. With --rewrites
    what is merely noticed counts as survived, unless it is listed with a reason.
    """
    kinds = _kinds(named=named, generic=generic, rewrites=rewrites)
    if rewrites and (area or pairs):
        raise UsageError("--rewrites plays no --area and no --pairs", "leave them out")
    choice = Choice(MODULES[area or SERVERS], kinds, keyword, sample, pairs)
    areas = (area,) if area else ()
    options = dataclasses.replace(options, iuts=(iut,), areas=areas, keep="none")
    matrix, source = _proved(options, choice, full=full)
    if against:
        told = ProgressLines("mutants by CPython's own tests")
        matrix = compared(matrix, source, against_every, options.most_workers, told)
    return _tell(matrix, options.report_dir)


def _kinds(**asked: bool) -> frozenset[MutantKind]:
    """What is played: mutants of both kinds unless one is named, or re-implementations alone."""
    if asked["rewrites"] and (asked["named"] or asked["generic"]):
        raise UsageError(
            "--rewrites plays no mutants, which --named and --generic select",
            "run selftest once for each",
        )
    mutants = {MutantKind.NAMED: asked["named"], MutantKind.GENERIC: asked["generic"]}
    chosen = frozenset(kind for kind, is_asked in mutants.items() if is_asked)
    return frozenset([MutantKind.REWRITTEN]) if asked["rewrites"] else chosen or frozenset(mutants)


def _proved(options: RunOptions, choice: Choice, *, full: bool) -> tuple[KillMatrix, str]:
    """What the suite sees of the mutants, and the source that they are made of.

    Raises:
        UsageError: an option is wrong, or it selects no mutant.
        IutUnavailable: the interpreter cannot be judged at all.
    """
    refuse_unwritable(options.report_dir)
    os.environ.setdefault(SCALE_VARIABLE, _SHORT)
    scale()
    interrupt_once_by(signal.SIGTERM)
    refuse_module(options.iuts[0], choice.module)
    plan = make_plan(options)
    for problem in plan.unavailable:
        raise IutUnavailable(problem)
    iut = plan.iuts[0]
    source = read_source(iut)
    chosen, unfit = chosen_subjects(choice, iut, source)
    with (
        _started_crew(_for_all(plan, chosen), len(chosen)) as (crew, folder),
        at_work("the untouched module, and mutants before the suite") as tell,
    ):
        progress = partial(_tell_how_many, tell) if tell else ProgressLines("mutants")
        proof = prove(crew, source, chosen, folder, choice.module, full=full, progress=progress)
    proof = dataclasses.replace(proof, unfit=tuple(unfit))
    catalogue = choice.module.catalogue()
    if MutantKind.REWRITTEN not in choice.kinds:
        return KillMatrix(proof, iut, catalogue), source
    rewrites = {one.id: one for one in load_rewrites(catalogue=catalogue)}
    tries = read_first_tries(rewrites)
    return RewriteMatrix(proof, iut, catalogue, rewrites=rewrites, tries=tries), source


def _tell_how_many(tell: Callable[[str], None], done: int, total: int) -> None:
    tell(f"{done} of {total} mutants")


def _for_all(plan: RunPlan, subjects: Sequence[Subject]) -> RunPlan:
    """What is known of the interpreter's own module is known of every copy of it."""
    known = plan.expectations.get(plan.iuts[0].id, ())
    names = (*UNTOUCHED, *(subject.id for subject in subjects))
    return dataclasses.replace(plan, expectations=dict.fromkeys(names, known))


@contextmanager
def _started_crew(plan: RunPlan, n_jobs: int) -> Iterator[tuple[Crew, Path]]:
    """Workers for a plan of the untouched interpreter alone, and a folder for mutants. Generated
    plans that fail on a mutant are none of the user's."""
    with own_folder() as cache:
        generating = dataclasses.replace(plan.generating, cache=cache)
        size = max(1, min(plan.options.most_workers, n_jobs))
        with (
            planned(dataclasses.replace(plan, generating=generating)) as plan_path,
            Crew(work, plan_path, size) as crew,
        ):
            yield crew, plan_path.parent / "m"


def _tell(matrix: KillMatrix, folder: Path) -> int:
    console = open_console()
    if isinstance(matrix, RewriteMatrix):
        name, missed = "rewrite-matrix", matrix.unlisted
        write_rewrite_page(matrix, folder / f"{name}.html")
        print_rewrites(matrix, console)
    else:
        name, missed = "kill-matrix", matrix.survivors
        write_page(matrix, folder / f"{name}.html")
        print_proof(matrix, console)
    matrix.write(folder / f"{name}.json")
    for problem in matrix.problems:
        warn(problem)
    console.print(f"  page  {folder / name}.html", soft_wrap=True, markup=False)
    return HarnessError.exit_status if matrix.problems else int(bool(missed))
