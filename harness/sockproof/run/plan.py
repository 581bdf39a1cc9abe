"""The plan of a run: its options, and the implementations they name, probed. It is written to a
file, so that every worker of the run works from the same one."""

from __future__ import annotations

import contextlib
import dataclasses
import pickle
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sockproof.errors import HarnessError, IutUnavailable, UsageError
from sockproof.generate.options import Generating
from sockproof.iut.addresses import short_temporary_folder
from sockproof.iut.capabilities import ProbedIut, interpreter_id, probe
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.iut.judged_module import judged_as, package_of
from sockproof.iut.server_class import OwnServer
from sockproof.iut.started import side_by_side
from sockproof.judge.expectations import (
    Circumstances,
    Expectation,
    ExpectationIndex,
    known_expectations,
)
from sockproof.judge.given_expectations import given_expectations, is_about
from sockproof.own_folder import make_folder, remove_folder
from sockproof.record.scope import is_in_shard
from sockproof.run.areas import asked_module, is_asked_for, refuse_specs
from sockproof.run.keeper import kept
from sockproof.run.lifetime import heed_interrupt, interrupted_later
from sockproof.run.run_options import RunOptions
from sockproof.spec.catalogue import load_modules
from sockproof.spec.keywords import Matcher, keyword_matcher
from sockproof.spec.matrix import ServerSpec, select_specs
from sockproof.spec.requirement import Requirement

__all__ = ["RunPlan", "make_plan", "planned"]

# A worker takes as long to start as this many cases to be played.
_FEW_CASES = 20


@dataclass(frozen=True)
class RunPlan:
    """What a run works through.

    ``unavailable`` says of implementations that could not be probed what is wrong. ``only`` maps
    implementations to the requirements and specs to play on them, as ``requirement id[spec id]``
    without a variant; those that it does not name are played on all. ``expectations`` maps
    implementations to those whose conditions they meet.
    """

    iuts: tuple[ProbedIut, ...]
    options: RunOptions = field(default_factory=RunOptions)
    unavailable: tuple[str, ...] = ()
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expectations: Mapping[str, tuple[Expectation, ...]] = field(default_factory=dict)
    generating: Generating = field(default_factory=Generating)

    @cached_property
    def specs(self) -> tuple[ServerSpec, ...]:
        """The server specs that are played."""
        return select_specs(self.options.specs)

    @cached_property
    def module(self) -> str:
        """The module whose promises are played."""
        return asked_module(self.options.areas)

    def asks_for(self, requirement: Requirement) -> bool:
        """Whether it is of the module that is judged, and of an area that is asked for."""
        return is_asked_for(requirement, self.options.areas)

    @cached_property
    def _named(self) -> Matcher:
        return keyword_matcher(self.options.keyword)

    def plays(self, case_id: str) -> bool:
        """Whether the case is selected, and in the shard that is played."""
        return self._named(case_id) and self.in_shard(case_id)

    def in_shard(self, case_id: str) -> bool:
        """Whether the case is in the part that is played."""
        return is_in_shard(case_id, self.options.shard)

    def expected(self, iut_id: str, case_id: str) -> tuple[Expectation, ...]:
        """What is known of how a case deviates: all that is about it, those of the user first."""
        index = self._indexes.get(iut_id)
        return index.about(case_id) if index else ()

    @cached_property
    def _indexes(self) -> Mapping[str, ExpectationIndex]:
        return {iut_id: ExpectationIndex(found) for iut_id, found in self.expectations.items()}

    def selects(self, iut_id: str, requirement_id: str, spec: ServerSpec | None) -> bool:
        """Whether the requirement is to be played on this implementation and spec. Of a user's
        server class, what is about its spec is."""
        own = self._own_servers.get(iut_id)
        if own and not (spec and own.is_of(spec)):
            return False
        if iut_id not in self.only:
            return True
        return (f"{requirement_id}[{spec.id}]" if spec else requirement_id) in self.only[iut_id]

    @cached_property
    def _own_servers(self) -> Mapping[str, OwnServer]:
        return {iut.id: own for iut in self.iuts if (own := iut.own_server)}

    @cached_property
    def workers(self) -> int:
        """How many are started: none without a case of its own, and none at all for few cases
        unless they were asked for, as these take less time than a worker to start.

        Cases are counted without their variants, which are known once they are collected; where a
        selection names only these, all workers are needed.
        """
        cases = len(self.iuts) * sum(
            self.plays(f"{requirement.id}[{spec.id}]" if spec else requirement.id)
            for requirement in load_modules().values()
            if self.asks_for(requirement)
            for spec in requirement.applies.specs() or [None]
            if spec is None or spec in self.specs
        )
        if self.options.workers is None and 0 < cases <= _FEW_CASES:
            return 0
        return min(self.options.most_workers, cases or self.options.most_workers)

    def iut(self, iut_id: str) -> ProbedIut:
        """The implementation with this id."""
        return next(iut for iut in self.iuts if iut.id == iut_id)

    def write(self, path: Path) -> None:
        """Write it for the workers, who alone read it: the file is in a folder of our own."""
        path.write_bytes(pickle.dumps(self))

    @classmethod
    def read(cls, path: Path) -> RunPlan:
        """Read what :meth:`write` wrote."""
        plan = pickle.loads(path.read_bytes())
        assert isinstance(plan, cls)
        return plan


@contextlib.contextmanager
def planned(plan: RunPlan) -> Iterator[Path]:
    """The plan in a file, in a temporary folder where the workers put what they make.

    It lasts as long as the block, or as this process: see :func:`sockproof.run.keeper.kept`.

    Raises:
        HarnessError: there is no place for temporary files, or no process can be started.
    """
    with contextlib.ExitStack() as stack:
        with interrupted_later():  # or nobody knows of the folder yet
            path = _written(plan)
            stack.enter_context(kept(path.parent))
        heed_interrupt()
        yield path


def _written(plan: RunPlan) -> Path:
    """The plan's file, alone in a new folder."""
    folder: Path | None = None
    try:
        folder = make_folder(short_temporary_folder())
        path = folder / "plan"
        plan.write(path)
    except OSError as error:
        if folder:
            remove_folder(folder)
        problem = f"cannot write temporary files: {error.strerror}"
        raise HarnessError(problem, "set TMPDIR to a folder that has room") from error
    return path


def make_plan(options: RunOptions) -> RunPlan:
    """Probe every implementation, side by side, and put the plan together.

    An implementation that cannot be probed is left out and told in ``unavailable``; the run goes
    on without it, and is incomplete.

    Raises:
        UsageError: an option is wrong, one implementation is given twice, or expectations are not
            in order.
    """
    generating = options.generating
    keyword_matcher(options.keyword)
    specs = select_specs(options.specs)
    module = asked_module(options.areas)
    refuse_specs(module, options.specs)
    given = given_expectations(options.expectations)
    implementations = [judged_as(module, parse_iut(one)) for one in options.iuts]
    results = side_by_side(lambda one: _probe(one, specs), implementations, heed=heed_interrupt)
    told = _distinct([result for result in results if isinstance(result, ProbedIut)])
    if options.only_what_is_there:
        told = tuple(map(_as_it_is, told))
    problems = tuple(str(result) for result in results if isinstance(result, IutUnavailable))
    asked = [one.id for one in load_modules().values() if is_asked_for(one, options.areas)]
    expectations = {iut.id: _expectations(iut, given, asked) for iut in told}
    return RunPlan(told, options, problems, expectations=expectations, generating=generating)


def _as_it_is(iut: ProbedIut) -> ProbedIut:
    """The same, which is to have what it has."""
    return dataclasses.replace(iut, capabilities=iut.capabilities.there)


def _expectations(
    iut: ProbedIut, given: Sequence[Expectation], asked: Sequence[str]
) -> tuple[Expectation, ...]:
    """Those given, of what is ``asked`` for, that it meets the conditions of, before what is known
    of interpreters' own modules, and of runtimes'. A module of somebody's own has its own
    deviations, and so has what is loaded before the interpreter's, unless it is known of that."""
    runtime = str(iut.hello["runtime"])
    is_known = not iut.implementation.module or package_of(iut.implementation) == runtime != ""
    known = known_expectations() if is_known else ()
    if runtime or iut.implementation.preload:
        known = tuple(one for one in known if runtime and runtime in (one.runtime, *one.also_under))
    name = str(iut.hello["implementation"])
    version = tuple(iut.hello["version"])
    there = Circumstances.of(name, iut.level, version, iut.capabilities.features, runtime)
    both = (one for one in (*given, *known) if is_about(one, asked))
    return tuple(one for one in both if one.holds_in(there))


def _probe(
    implementation: Implementation, specs: Sequence[ServerSpec]
) -> ProbedIut | IutUnavailable:
    try:
        return probe(implementation, specs)
    except IutUnavailable as error:
        return error


def _distinct(iuts: Sequence[ProbedIut]) -> tuple[ProbedIut, ...]:
    """Ids that tell all of them apart: a module under two interpreters gets theirs in its id."""
    counts = Counter(iut.id for iut in iuts)
    longer = [
        iut if counts[iut.id] == 1 else iut.renamed(f"{iut.id}-{interpreter_id(dict(iut.hello))}")
        for iut in iuts
    ]
    again = [iut for iut in longer if sum(other.id == iut.id for other in longer) > 1]
    if again:
        given = ", ".join(iut.implementation.given for iut in again)
        raise UsageError(f"one implementation is given twice: {given}", "name each once with --iut")
    return tuple(longer)
