"""What plays cases in a worker: the suites collected once, then case after case on whatever module.

It takes jobs from a connection, names each case that it has played, and sends what came of the job.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

from sockproof.errors import HarnessError, IutUnavailable
from sockproof.iut.capabilities import ProbedIut
from sockproof.judge.verdict import Verdict
from sockproof.mutation.jobs import Job, PlayedJob, Seen
from sockproof.mutation.order import in_order
from sockproof.mutation.tracing import RanFile
from sockproof.run.collected import CollectedCases
from sockproof.run.lifetime import end_with_run
from sockproof.run.plan import RunPlan
from sockproof.run.pytest_session import play_here
from sockproof.run.suite_files import files_needed
from sockproof.spec.case_id import CaseId
from sockproof.standard_streams import make_errors_visible
from sockproof.timing import SCALE_VARIABLE, scale

__all__ = ["READY", "Player", "patience", "work"]

READY = "ready"
# A kill by one of so many first cases counts at once. A later one must come again: with hundreds of
# chances, a case that fails now and then would kill what nothing kills.
_TRUSTED = 40
_TRIES = 2
# So many cases in a row that end with an error of ours, and the worker is of no use.
_ERRORS = 20
# Generated plans for a case that a mutant is said to be killed by: it stops at the first.
_THOROUGH = 2000
# So many slow kills, and nothing more is asked of a mutant: it hangs wherever it is touched.
_HANGS = 6
_SLOW_S = 1.5


@contextmanager
def patience(job: Job) -> Iterator[None]:
    """Wait within it as long as in a run, or as long as the user says, for a job that is patient;
    the processes that begin then inherit that."""
    before = str(scale())
    if job.patient:
        os.environ[SCALE_VARIABLE] = str(max(1.0, scale()))
    try:
        yield
    finally:
        os.environ[SCALE_VARIABLE] = before


class Player:
    """Plays jobs until the connection is closed. The ``plan`` is of the untouched interpreter
    alone; what it can do, the mutants can, as far as they have the names."""

    def __init__(self, plan: RunPlan, connection: Connection, collected: CollectedCases) -> None:
        self._iut = plan.iuts[0]
        self._generating = plan.generating
        self._connection = connection
        self._collected = collected

    def play_jobs(self) -> None:
        self._connection.send(READY)
        while (job := self._next_job()) is not None:
            self._connection.send(self._play(job))

    def _next_job(self) -> Job | None:
        try:
            job: Job = self._connection.recv()
        except EOFError:
            return None
        return job

    def _play(self, job: Job) -> PlayedJob:
        with patience(job):
            return self._played(job)

    def _played(self, job: Job) -> PlayedJob:
        try:
            iut = self._loaded(job)
        except IutUnavailable as error:
            return PlayedJob(job, unloadable=str(error).removeprefix(f"{job.path}: "))
        except HarnessError as error:
            return PlayedJob(job, lost=str(error))
        seen: list[Seen] = []
        unsteady: list[str] = []
        for one in self._rows(job, iut, unsteady):
            seen.append(one)
            self._connection.send(one.case)
            if len(seen) >= _ERRORS and all(s.verdict is Verdict.ERROR for s in seen[-_ERRORS:]):
                told = one.told.partition(r"\n")[0]
                return PlayedJob(job, lost=f"{_ERRORS} cases in a row end so: {told}")
        return PlayedJob(job, seen, unsteady=unsteady)

    def _loaded(self, job: Job) -> ProbedIut:
        """The module as an implementation: its agent runs, and has said what names there are."""
        own = self._iut.implementation
        implementation = dataclasses.replace(
            own, given=job.path, module=Path(job.path).stem, module_path=job.path
        )
        hello = self._collected.agents.channel(implementation).hello
        names = frozenset(hello["names"])
        capabilities = dataclasses.replace(self._iut.capabilities, names=names)
        return dataclasses.replace(
            self._iut, id=job.subject, implementation=implementation, capabilities=capabilities
        )

    def _rows(self, job: Job, iut: ProbedIut, unsteady: list[str]) -> Iterator[Seen]:
        if job.only:
            named = {str(case): case for case in self._collected.cases}
            cases = [named[id_] for id_ in job.only if id_ in named]
            yield from map(Seen.of, self._collected.play_all(cases, iut, self._generating))
            return
        if job.part:
            yield from self._traced(job.part, iut, job)
            return
        among = None if job.among is None else frozenset(job.among)
        cases = [one for one in self._collected.cases if among is None or str(one) in among]
        first, rest = in_order(cases, job.aim)
        killed: set[str] = set()
        slow = 0
        for number, case in enumerate([*first, *rest]):
            if case.requirement in killed or (killed and number >= len(first)):
                continue
            seen = self._case(case, iut, job)
            late = job.is_right or (not killed and number >= _TRUSTED)
            again = (self._case(case, iut, job).kills for _ in range(_TRIES))
            if seen.kills and late and not any(again):
                unsteady.append(str(case))
                continue
            yield seen
            if seen.kills:
                killed.add(case.requirement)
                slow += seen.duration_s > _SLOW_S
                if not job.full or slow >= _HANGS:
                    return

    def _traced(self, part: tuple[int, int], iut: ProbedIut, job: Job) -> Iterator[Seen]:
        """A share of all cases, each with the functions that it ran."""
        file = RanFile(Path(job.path))
        number, of = part
        for case in self._collected.cases[number::of]:
            seen = self._case(case, iut, job)
            yield dataclasses.replace(seen, ran=file.names())

    def _case(self, case: CaseId, iut: ProbedIut, job: Job) -> Seen:
        generating = self._generating
        if case.place in job.aim.cases:
            generating = dataclasses.replace(generating, examples=_THOROUGH)
        return Seen.of(self._collected.play(case, iut, generating))


def work(plan_path: Path, connection: Connection) -> None:
    """The life of a worker. It ends in silence when interrupted: the command says so."""
    make_errors_visible()
    with suppress(KeyboardInterrupt):
        end_with_run(plan_path)
        plan = RunPlan.read(plan_path)
        try:
            files = files_needed(plan)
            play_here(plan_path, files, lambda cases: Player(plan, connection, cases).play_jobs())
        except HarnessError as error:
            connection.send(str(error))
