"""The course of a proof: the mutants played, then the untouched module, then what to be sure of.

The untouched module is played twice, on every case that was played on any mutant: once to hold the
mutants against, once as if it were one of them. What differs between the two is a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.mutation.crew import Crew
from sockproof.mutation.jobs import Job, PlayedJob, Seen
from sockproof.mutation.judging import MutantOutcome, Result, alarms, judge
from sockproof.mutation.subjects import Subject, write_module

__all__ = ["UNTOUCHED", "Proof", "prove"]

# The names under which the untouched module is played.
UNTOUCHED = ("untouched", "control")
_CHUNK = 150
# Cases of a mutant that was merely noticed which are played once more.
_TO_CONFIRM = 8

# Called with how many mutants are done, of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Proof:
    """What a proof found. ``alarms`` are the false ones; ``cases`` is how many different cases
    were played on the untouched module, each twice. ``full``: every requirement was played on
    every mutant. ``unfit`` are the ids of named mutants that the source has no place for."""

    results: tuple[Result, ...]
    alarms: tuple[str, ...]
    cases: int
    full: bool = False
    unfit: tuple[str, ...] = ()


def prove(
    crew: Crew,
    source: str,
    subjects: Sequence[Subject],
    folder: Path,
    *,
    full: bool,
    progress: Progress,
) -> Proof:
    """Play the mutants and the untouched module; their files are written below ``folder``.

    ``full`` plays every requirement on every mutant.
    """
    jobs = [
        Job(one.id, str(write_module(folder, one.id, one.text)), one.aim, full) for one in subjects
    ]
    played: dict[str, PlayedJob] = {}
    for one in crew.play(jobs):
        played[one.job.subject] = one
        progress(len(played), len(jobs))
    cases = sorted({seen.case for one in played.values() for seen in one.seen})
    first, second = (
        _untouched(crew, write_module(folder, name, source), cases) for name in UNTOUCHED
    )
    results = {one.id: judge(one, played[one.id], first) for one in subjects}
    once_more = [
        Job(name, played[name].job.path, only=tuple(d.case for d in one.detections[:_TO_CONFIRM]))
        for name, one in results.items()
        if one.outcome is MutantOutcome.NOTICED
    ]
    for one in crew.play(once_more):
        name = one.job.subject
        again = {seen.case: seen for seen in one.seen}
        results[name] = judge(results[name].subject, played[name], first, again)
    lost = [
        f"{case}: could not be played on the untouched module"
        for case in cases
        if case not in first or case not in second
    ]
    return Proof(tuple(results.values()), (*lost, *alarms(first, second)), len(cases), full)


def _untouched(crew: Crew, path: Path, cases: Sequence[str]) -> dict[str, Seen]:
    """What the cases show of the untouched module, by their ids; a case that is missing was lost
    with its worker."""
    chunks = [tuple(cases[n : n + _CHUNK]) for n in range(0, len(cases), _CHUNK)]
    jobs = [Job(path.parent.name, str(path), only=chunk) for chunk in chunks]
    return {seen.case: seen for one in crew.play(jobs) for seen in one.seen}
