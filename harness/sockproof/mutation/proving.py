"""The course of a proof: the mutants played, then the untouched module, then what to be sure of.

The untouched module is played twice, on every case that was played on any mutant: once to hold the
mutants against, once as if it were one of them. What differs between the two is a false alarm.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.mutation.crew import Crew
from sockproof.mutation.jobs import Job, PlayedJob, Seen
from sockproof.mutation.judging import MutantOutcome, Result, alarms, judge
from sockproof.mutation.mutated_module import MutatedModule
from sockproof.mutation.subjects import MutantKind, Subject, write_module
from sockproof.mutation.tracing import reached, tracing

__all__ = ["UNTOUCHED", "Proof", "prove"]

# The names under which the untouched module is played.
UNTOUCHED = ("untouched", "control")
_CHUNK = 150
# In how many jobs all cases are played on a module that tells what they run.
_SHARES = 4
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
    module: MutatedModule,
    *,
    full: bool,
    progress: Progress,
) -> Proof:
    """Play the mutants and the untouched module; their files are written below ``folder``.

    ``full`` plays every requirement on every mutant.
    """
    among = _among(crew, source, subjects, folder, module.file) if module.is_traced else {}
    jobs = [
        dataclasses.replace(_job(one, folder, module.file, full=full), among=among.get(one.group))
        for one in subjects
    ]
    played: dict[str, PlayedJob] = {}
    for one in crew.play(jobs):
        played[one.job.subject] = one
        progress(len(played), len(jobs))
    cases = sorted({seen.case for one in played.values() for seen in one.seen})
    first, second = (
        _untouched(crew, write_module(folder, name, source, module.file), cases)
        for name in UNTOUCHED
    )
    results = {one.id: judge(one, played[one.id], first) for one in subjects}
    results |= _confirmed(crew, results, played, first)
    lost = [
        f"{case}: could not be played on the untouched module"
        for case in cases
        if case not in first or case not in second
    ]
    return Proof(tuple(results.values()), (*lost, *alarms(first, second)), len(cases), full)


def _among(
    crew: Crew, source: str, subjects: Sequence[Subject], folder: Path, file: str
) -> dict[str, tuple[str, ...] | None]:
    """The cases that run what generic mutants are made in, by the name of that."""
    groups = {one.group for one in subjects if one.kind is MutantKind.GENERIC}
    if not groups:
        return {}
    text = tracing(source)
    jobs = [
        Job(name, str(write_module(folder, name, text, file)), part=(number, _SHARES))
        for number in range(_SHARES)
        for name in [f"traced-{number}"]
    ]
    ran = {seen.case: seen.ran for one in crew.play(jobs) for seen in one.seen}
    return {group: reached(group, ran, source) for group in groups}


def _confirmed(
    crew: Crew,
    results: Mapping[str, Result],
    played: Mapping[str, PlayedJob],
    untouched: Mapping[str, Seen],
) -> dict[str, Result]:
    """What becomes of those that were merely noticed, when their cases are played once more."""
    once_more = [
        Job(name, played[name].job.path, only=tuple(d.case for d in one.detections[:_TO_CONFIRM]))
        for name, one in results.items()
        if one.outcome is MutantOutcome.NOTICED
    ]
    confirmed: dict[str, Result] = {}
    for one in crew.play(once_more):
        name = one.job.subject
        again = {seen.case: seen for seen in one.seen}
        confirmed[name] = judge(results[name].subject, played[name], untouched, again)
    return confirmed


def _job(one: Subject, folder: Path, file: str, *, full: bool) -> Job:
    path = str(write_module(folder, one.id, one.text, file))
    # Of what nobody is to tell from the source, too, a case is believed that kills again.
    again = one.is_right or bool(one.equivalent)
    return Job(one.id, path, one.aim, full or one.is_right, again)


def _untouched(crew: Crew, path: Path, cases: Sequence[str]) -> dict[str, Seen]:
    """What the cases show of the untouched module, by their ids; a case that is missing was lost
    with its worker. On a busy machine it may take longer than a mutant is waited for."""
    chunks = [tuple(cases[n : n + _CHUNK]) for n in range(0, len(cases), _CHUNK)]
    jobs = [Job(path.parent.name, str(path), only=chunk, patient=True) for chunk in chunks]
    return {seen.case: seen for one in crew.play(jobs) for seen in one.seen}
