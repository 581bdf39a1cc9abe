"""How the tests of several runs ended, read from their JUnit files, and what is not the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import ParseError

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

__all__ = ["SKIPPED", "Outcome", "Run", "Story", "read_outcomes", "stories"]

PASSED, SKIPPED, FAILED, ERROR, MISSING = "passed", "skipped", "failed", "error", "missing"
_GRAVITY = (PASSED, SKIPPED, FAILED, ERROR)
_ENDS = ((Error, ERROR), (Failure, FAILED), (Skipped, SKIPPED))
_LINES = 8


@dataclass(frozen=True)
class Outcome:
    """How one test ended, and the first lines of what it said."""

    ended: str
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One run: the seed of its order, how its tests ended by node id, and what kept it from being
    played to its end, if anything did."""

    seed: int
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    problem: str = ""

    def count(self) -> str:
        """How many ended in which way."""
        ends = [outcome.ended for outcome in self.outcomes.values()]
        return ", ".join(f"{ends.count(end)} {end}" for end in _GRAVITY if end in ends) or "nothing"


@dataclass(frozen=True)
class Story:
    """One test in all runs: the seeds by how it ended there, and what it said when it failed."""

    test: str
    seeds: Mapping[str, Sequence[int]]
    said: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """It ended in one way only, and passed or was skipped."""
        return len(self.seeds) == 1 and not {FAILED, ERROR, MISSING}.intersection(self.seeds)

    def words(self) -> Iterator[str]:
        """The test, how often it ended which way, with which seeds, and what it said."""
        often = ", ".join(f"{len(seeds)} {end}" for end, seeds in self.seeds.items())
        yield f"{self.test}  {often}"
        for end in (ERROR, FAILED, MISSING, SKIPPED):
            if end in self.seeds:
                yield f"  {end} with seed {', '.join(map(str, self.seeds[end]))}"
        yield from (f"    {line}" for line in self.said)


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """The tests of a JUnit file; none where there is no file, or half of one."""
    found: dict[str, Outcome] = {}
    try:
        cases = list(_cases(path))
    except (OSError, ParseError):
        return found
    for case in cases:
        if case.name is None:  # the one that an interrupt came to
            continue
        new = _outcome(case)
        test = case.name  # of a file that does not load, that is all there is
        if case.classname:
            test = f"{case.classname.replace('.', '/')}.py::{test}"
        old = found.get(test, new)  # one that fails, and once more in its teardown, is there twice
        found[test] = max(old, new, key=lambda outcome: _GRAVITY.index(outcome.ended))
    return found


def _cases(path: Path) -> Iterator[TestCase]:
    for suite in JUnitXml.fromfile(str(path)):
        assert isinstance(suite, TestSuite)
        yield from suite


def _outcome(case: TestCase) -> Outcome:
    for kind, ended in _ENDS:
        for result in case.result:
            if isinstance(result, kind):
                lines = (result.text or "").splitlines()
                errors = [line[1:].strip() for line in lines if line.startswith("E  ")]
                return Outcome(
                    ended, tuple((errors or (result.message or "").splitlines())[:_LINES])
                )
    return Outcome(PASSED)


def stories(runs: Sequence[Run]) -> list[Story]:
    """Every test that was in any run. One is missing where the run was played to its end only."""
    tests = sorted({test for run in runs for test in run.outcomes})
    return [_story(test, runs) for test in tests]


def _story(test: str, runs: Sequence[Run]) -> Story:
    seeds: defaultdict[str, list[int]] = defaultdict(list)
    said: tuple[str, ...] = ()
    for run in runs:
        outcome = run.outcomes.get(test)
        if outcome is not None:
            seeds[outcome.ended].append(run.seed)
            said = said or (outcome.said if outcome.ended in (FAILED, ERROR) else ())
        elif not run.problem:
            seeds[MISSING].append(run.seed)
    return Story(test, seeds, said)
