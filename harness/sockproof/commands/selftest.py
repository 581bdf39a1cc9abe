"""``sockproof selftest``: the suite against socketservers that are broken on purpose."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from rich.console import Console

from sockproof.commands.output import open_console, warn
from sockproof.commands.run import refuse_unwritable
from sockproof.errors import HarnessError, IutUnavailable, UsageError
from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.mutation.cpython_tests import judge_by_cpython, why_not
from sockproof.mutation.crew import Crew
from sockproof.mutation.equivalents import fitting_reasons, read_equivalents
from sockproof.mutation.judging import MutantOutcome
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.kill_matrix_page import write_page
from sockproof.mutation.mutator import generic_mutants, present_in
from sockproof.mutation.named import Mutant, load_mutants
from sockproof.mutation.player import Player
from sockproof.mutation.proving import UNTOUCHED, prove
from sockproof.mutation.subjects import MutantKind, Subject, named_subjects, write_module
from sockproof.mutation.summary import print_proof
from sockproof.run.lifetime import end_with_run, interrupt_once_by
from sockproof.run.plan import RunPlan, make_plan, planned
from sockproof.run.pytest_session import play_here
from sockproof.spec.catalogue import load_catalogue
from sockproof.timing import SCALE_VARIABLE, scale

__all__ = ["AGAINST", "ProofSettings", "read_source", "selftest", "started_crew"]

AGAINST = ("cpython-tests",)
_SHORT = "0.4"
"""The time scale unless the environment has one: a hang is what many mutants are killed by."""
_OLDEST = (3, 6)


@dataclass(frozen=True)
class ProofSettings:
    """What the user asked for; see the options of ``sockproof selftest``."""

    iut: str
    report_dir: Path
    workers: int
    kinds: frozenset[MutantKind]
    keyword: str = ""
    sample: int = 1
    full: bool = False
    against: Sequence[str] = ()


def selftest(settings: ProofSettings) -> int:
    """Play, report; the exit status.

    Raises:
        UsageError: an option is wrong, or it selects no mutant.
        IutUnavailable: the interpreter cannot be judged at all.
    """
    refuse_unwritable(settings.report_dir)
    os.environ.setdefault(SCALE_VARIABLE, _SHORT)
    scale()
    interrupt_once_by(signal.SIGTERM)
    _refuse_module(settings.iut)
    plan = make_plan([settings.iut], keep="none")
    for _, problem in plan.unavailable:
        raise IutUnavailable(problem)
    iut = plan.iuts[0]
    source = read_source(iut)
    chosen, unfit = _subjects(settings, iut, source)
    plan = _for_all(plan, chosen)
    with started_crew(plan, settings.workers, len(chosen)) as (crew, folder):
        console = open_console(stderr=True)
        proof = prove(
            crew, source, chosen, folder, full=settings.full, progress=_ProgressLines(console)
        )
    proof = dataclasses.replace(proof, unfit=tuple(unfit))
    matrix = KillMatrix(proof, iut, load_catalogue())
    if settings.against:
        matrix = _compared(settings, matrix, source)
    return _tell(matrix, settings.report_dir)


def _refuse_module(given: str) -> None:
    implementation = parse_iut(given)
    if implementation.module or implementation.preload:
        raise UsageError(
            f"--iut {given}: mutants are made of an interpreter's own socketserver",
            "name an interpreter, such as python3.12",
        )


def read_source(iut: ProbedIut) -> str:
    """The text of the interpreter's own socketserver.

    Raises:
        UsageError: it is older than 3.6, or the file is not on this machine.
    """
    path = Path(iut.hello["module_file"])
    given = iut.implementation.given
    if iut.level < _OLDEST:
        raise UsageError(f"--iut {given}: it must be of Python 3.6 or newer")
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"--iut {given}: cannot read {path}: {error.strerror}") from None


def _for_all(plan: RunPlan, subjects: Sequence[Subject]) -> RunPlan:
    """What is known of the interpreter's own module is known of every copy of it."""
    known = plan.expectations.get(plan.iuts[0].id, ())
    names = (*UNTOUCHED, *(subject.id for subject in subjects))
    return dataclasses.replace(plan, expectations=dict.fromkeys(names, known))


@contextmanager
def started_crew(plan: RunPlan, workers: int, n_jobs: int) -> Iterator[tuple[Crew, Path]]:
    """Workers for a plan of the untouched interpreter alone, and a folder for mutants."""
    with (
        TemporaryDirectory() as cache,
        planned(_caching(plan, Path(cache))) as plan_path,
        Crew(_work, plan_path, max(1, min(workers, n_jobs))) as crew,
    ):
        yield crew, plan_path.parent / "m"


def _caching(plan: RunPlan, folder: Path) -> RunPlan:
    """Generated plans that fail on a mutant are none of the user's."""
    generating = dataclasses.replace(plan.generating, cache=folder)
    return dataclasses.replace(plan, generating=generating)


def _work(plan_path: Path, connection: Connection) -> None:
    """The life of a worker. It ends in silence when interrupted: the command says so."""
    with suppress(KeyboardInterrupt):
        end_with_run(plan_path)
        play_here(plan_path, Player(plan_path, connection))


def _subjects(
    settings: ProofSettings, iut: ProbedIut, source: str
) -> tuple[list[Subject], list[str]]:
    """Those asked for; and the ids of named ones among them that this source has no place for."""
    catalogue = load_catalogue()
    subjects: list[Subject] = []
    unfit: list[str] = []
    if MutantKind.NAMED in settings.kinds:
        named = _wanted(load_mutants(catalogue=catalogue), settings)
        subjects, unfit = named_subjects(named, source, iut.level, catalogue)
    if MutantKind.GENERIC in settings.kinds:
        generic = generic_mutants(source, present_in(iut.implementation, source))
        keys = {mutant.key for mutant in generic}
        reasons = fitting_reasons(read_equivalents(), keys, iut.level)
        for mutant in _wanted(generic, settings):
            equivalent = reasons.get(mutant.key, "")
            subjects.append(dataclasses.replace(mutant, equivalent=equivalent))
    if not subjects:
        raise UsageError(f"-k {settings.keyword!r} names no mutant", "give a part of id or title")
    return subjects[:: settings.sample], unfit


_AnyMutant = TypeVar("_AnyMutant", Mutant, Subject)


def _wanted(mutants: Iterable[_AnyMutant], settings: ProofSettings) -> list[_AnyMutant]:
    word = settings.keyword.casefold()
    return [one for one in mutants if word in f"{one.id} {one.title}".casefold()]


class _ProgressLines:
    """A line of progress now and then."""

    def __init__(self, console: Console, what: str = "mutants") -> None:
        self._console = console
        self._what = what

    def __call__(self, done: int, total: int) -> None:
        if done * 10 // total > (done - 1) * 10 // total:
            self._console.print(f"  {done} of {total} {self._what}")


def _compared(settings: ProofSettings, matrix: KillMatrix, source: str) -> KillMatrix:
    """With what CPython's own tests say of the same mutants."""
    implementation: Implementation = matrix.iut.implementation
    results = matrix.proof.results
    with planned(RunPlan((matrix.iut,), ())) as plan_path:
        folder = plan_path.parent / "c"
        untouched = write_module(folder, "untouched", source).parent
        reason, bound_s = why_not(implementation, untouched)
        if reason:
            return dataclasses.replace(matrix, cpython_not=reason)
        places = [write_module(folder, one.subject.id, one.subject.text).parent for one in results]
        told = _ProgressLines(open_console(stderr=True), "mutants by CPython's own tests")
        words = judge_by_cpython(implementation, places, bound_s, settings.workers, told)
    judged = [
        dataclasses.replace(result, cpython=words[place])
        for result, place in zip(results, places, strict=True)
    ]
    proof = dataclasses.replace(matrix.proof, results=tuple(judged))
    return dataclasses.replace(matrix, proof=proof, cpython_asked=True)


def _tell(matrix: KillMatrix, folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        matrix.write(folder / "kill-matrix.json")
        write_page(matrix, folder / "kill-matrix.html")
    except OSError as error:
        raise HarnessError(f"cannot write the kill matrix: {error}") from None
    console = open_console()
    print_proof(matrix, console)
    for problem in matrix.problems:
        warn(problem)
    console.print(f"  page  {folder / 'kill-matrix.html'}", soft_wrap=True, markup=False)
    if matrix.problems:
        return HarnessError.exit_status
    return int(any(one.outcome is MutantOutcome.SURVIVED for one in matrix.proof.results))
