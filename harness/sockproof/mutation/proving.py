"""The course of a proof: the mutants played, then the untouched module, then what to be sure of.

The untouched module is played twice, on every case that was played on any mutant: once to hold the
mutants against, once as if it were one of them. What differs between the two is a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.mutation.crew import Crew, PlayedJob
from sockproof.mutation.jobs import Job, JobEnding, Seen
from sockproof.mutation.judging import MutantOutcome, Result, alarms, judge
from sockproof.mutation.subjects import Subject, write_module

__all__ = ["UNTOUCHED", "Proof", "prove"]

UNTOUCHED = ("untouched", "control")
"""The names under which the untouched module is played."""
_CHUNK = 150
_TO_CONFIRM = 8
"""Cases of a mutant that was merely noticed which are played once more."""

Told = Callable[[int, int], None]
"""Told of how many mutants are done, of how many."""


@dataclass(frozen=True)
class Proof:
    """What a proof found. ``alarms`` are the false ones; ``cases`` is how many different cases
    were played on the untouched module, each twice."""

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
    full: bool = False,
    progress: Told | None = None,
) -> Proof:
    """Play the mutants and the untouched module; their files are written below ``folder``.

    ``full`` plays every requirement on every mutant.
    """
    jobs = [
        Job(one.id, str(write_module(folder, one.id, one.text)), one.aim, full) for one in subjects
    ]
    played = _collected(crew.play(jobs), len(jobs), progress)
    cases = sorted({seen.case for one in played.values() for seen in one.seen})
    first, second = (
        _untouched(crew, write_module(folder, name, source), cases) for name in UNTOUCHED
    )
    results = [judge(one, *_found(played[one.id]), first) for one in subjects]
    merely = [one for one in results if one.outcome is MutantOutcome.NOTICED]
    again = _again(crew, merely, played)
    for number, result in enumerate(results):
        if result.outcome is MutantOutcome.NOTICED:
            name = result.subject.id
            results[number] = judge(result.subject, *_found(played[name]), first, again[name])
    lost = [
        f"{case}: could not be played on the untouched module"
        for case in cases
        if case not in first or case not in second
    ]
    return Proof(tuple(results), (*lost, *alarms(first, second)), len(cases), full)


def _found(played: PlayedJob) -> tuple[list[Seen], JobEnding]:
    return played.seen, played.ending


def _collected(
    played: Iterable[PlayedJob], total: int, progress: Told | None
) -> dict[str, PlayedJob]:
    found: dict[str, PlayedJob] = {}
    for one in played:
        found[one.job.subject] = one
        if progress:
            progress(len(found), total)
    return found


def _untouched(crew: Crew, path: Path, cases: Sequence[str]) -> dict[str, Seen]:
    """What the cases show of the untouched module, by their ids; a case that is missing was lost
    with its worker."""
    chunks = [tuple(cases[n : n + _CHUNK]) for n in range(0, len(cases), _CHUNK)]
    jobs = [Job(path.parent.name, str(path), only=chunk) for chunk in chunks]
    return {seen.case: seen for one in crew.play(jobs) for seen in one.seen}


def _again(
    crew: Crew, results: Sequence[Result], played: Mapping[str, PlayedJob]
) -> dict[str, dict[str, Seen]]:
    jobs = [
        Job(
            result.subject.id,
            played[result.subject.id].job.path,
            only=tuple(one.case for one in result.detections[:_TO_CONFIRM]),
        )
        for result in results
    ]
    return {one.job.subject: {seen.case: seen for seen in one.seen} for one in crew.play(jobs)}
