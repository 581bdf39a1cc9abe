"""What the cases say of a mutant: killed, noticed or survived; and whether they can be believed.

============  ====================================================================================
killed        a FAIL at any level or an unclean teardown that is not the untouched module's too; a
              hang and a crash are FAILs
unloadable    killed before any case: the module cannot even be imported
noticed       nothing of that, but an observation, or a verdict, is not the untouched module's
survived      everything is as with the untouched module
equivalent    survived, and listed as one that nobody can tell from the source
lost          the workers died of it: nothing is known
============  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from sockproof.judge.verdict import Verdict
from sockproof.mutation.jobs import PlayedJob, Seen
from sockproof.mutation.subjects import Subject

__all__ = ["Detection", "How", "MutantOutcome", "Result", "alarms", "judge"]


class MutantOutcome(str, Enum):
    """What became of a mutant."""

    KILLED = "killed"
    UNLOADABLE = "unloadable"
    NOTICED = "noticed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    LOST = "lost"

    @property
    def detected(self) -> bool:
        return self in (MutantOutcome.KILLED, MutantOutcome.UNLOADABLE, MutantOutcome.NOTICED)


class How(str, Enum):
    """How a case tells a mutant from the untouched module."""

    FAIL = "FAIL"
    TEARDOWN = "teardown"
    OBSERVATION = "observation"
    VERDICT = "verdict"

    @property
    def kills(self) -> bool:
        return self in (How.FAIL, How.TEARDOWN)


@dataclass(frozen=True)
class Detection:
    """One case that told."""

    requirement: str
    case: str
    how: How
    told: str


@dataclass(frozen=True)
class Result:
    """A mutant and what became of it. ``detections`` are those of one requirement each; ``faults``
    the cases that ended in ERROR on it, which is no detection; ``told`` explains what no case
    does. ``cpython`` is what CPython's own tests say: killed, survived, or nothing."""

    subject: Subject
    outcome: MutantOutcome
    detections: tuple[Detection, ...] = ()
    cases: int = 0
    told: str = ""
    faults: tuple[str, ...] = ()
    unsteady: tuple[str, ...] = ()
    cpython: str = ""

    @property
    def stale(self) -> bool:
        """It is listed as equivalent, and a case tells it from the source."""
        return bool(self.subject.equivalent) and self.outcome.detected


def judge(
    subject: Subject,
    played: PlayedJob,
    untouched: Mapping[str, Seen],
    again: Mapping[str, Seen] | None = None,
) -> Result:
    """What became of a mutant.

    ``untouched`` has what the same cases show of the untouched module, by their ids. ``again`` are
    cases that were played once more, to see whether they differ again: with it, one that does not
    is not believed.
    """
    found: dict[str, Detection] = {}
    for one in played.seen:
        detection = _detection(one, untouched.get(one.case))
        if detection and not detection.how.kills and again is not None:
            repeated = again.get(one.case)
            detection = _detection(repeated, untouched.get(one.case)) if repeated else None
        known = found.get(one.requirement)
        if detection and (known is None or (detection.how.kills and not known.how.kills)):
            found[one.requirement] = detection
    return Result(
        subject,
        _outcome(subject, played, found.values()),
        tuple(found.values()),
        len(played.seen),
        played.unloadable or played.lost,
        tuple(f"{one.case}: {one.told}" for one in played.seen if one.verdict is Verdict.ERROR),
        tuple(played.unsteady),
    )


def _detection(seen: Seen, untouched: Seen | None) -> Detection | None:
    """How a case tells the mutant, if it does."""
    found: tuple[How, str] | None = None
    if seen.kills and not (untouched and untouched.kills):
        found = How.FAIL if seen.verdict is Verdict.FAIL else How.TEARDOWN, seen.told
    elif untouched:
        found = _difference(seen, untouched)
    return Detection(seen.requirement, seen.case, *found) if found else None


def _difference(seen: Seen, untouched: Seen) -> tuple[How, str] | None:
    """Where a case that does not kill is not as with the untouched module."""
    if seen.verdict is Verdict.ERROR:
        return None
    if seen.verdict is not untouched.verdict:
        verdicts = f"{untouched.verdict.value} → {seen.verdict.value}"
        return How.VERDICT, f"{verdicts} {seen.told}".rstrip()
    for name in (*untouched.observations, *seen.observations):
        was, now = (str(one.observations.get(name, "nothing")) for one in (untouched, seen))
        if was != now:
            return How.OBSERVATION, f"{name}: {was} → {now}"
    return None


def _outcome(subject: Subject, played: PlayedJob, found: Iterable[Detection]) -> MutantOutcome:
    ways = {one.how.kills for one in found}
    if played.unloadable:
        return MutantOutcome.UNLOADABLE
    if True in ways:
        return MutantOutcome.KILLED
    if played.lost:
        return MutantOutcome.LOST
    if ways:
        return MutantOutcome.NOTICED
    return MutantOutcome.EQUIVALENT if subject.equivalent else MutantOutcome.SURVIVED


def alarms(first: Mapping[str, Seen], second: Mapping[str, Seen]) -> list[str]:
    """False alarms: what the cases say against the untouched module, played twice."""
    found = [
        f"{seen.case}: {seen.told}"
        for played in (first, second)
        for seen in played.values()
        if seen.kills or seen.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE)
    ]
    for case, seen in second.items():
        changed = _difference(seen, first[case]) if case in first else None
        if changed and not (seen.kills or first[case].kills):
            found.append(f"{case}: not the same twice: {changed[1]}")
    return list(dict.fromkeys(found))
