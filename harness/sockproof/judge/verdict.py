"""The five verdicts of a case, its teardown verdict, and the conformance computed from verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from sockproof.spec.levels import Level, Word

__all__ = ["Conformance", "TeardownVerdict", "Verdict", "conformance", "worst"]


class Verdict(Word):
    """What a case found, mildest first; where several apply, the worst wins."""

    PASS = "PASS"
    # A capability the case needs is absent, or the requirement is not of this Python level.
    NOT_APPLICABLE = "NOT_APPLICABLE"
    # The stimulus or the observation could not be carried out: nothing is known.
    INCONCLUSIVE = "INCONCLUSIVE"
    FAIL = "FAIL"
    # The harness's own fault; says nothing about the implementation.
    ERROR = "ERROR"


class TeardownVerdict(Word):
    """Whether a case left something behind in the implementation's process, judged separately."""

    CLEAN = "clean"
    # A descriptor, thread, child process or listening port outlived the server.
    LEAKED = "leaked"
    # The server could not be stopped within the hang bound; it was killed.
    STILL_RUNNING = "still running"
    # The case never reached the implementation, or the process died before it could be asked.
    NOT_CHECKED = "not checked"


class Conformance(Word):
    """An implementation's standing (the words follow Autobahn's strict and non-strict)."""

    STRICT = "strict"
    CONFORMANT = "conformant"
    NONCONFORMANT = "nonconformant"
    # Too little was judged to say that promises are kept.
    UNJUDGED = "unjudged"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of ``verdicts``; NOT_APPLICABLE when there are none."""
    return max(verdicts, key=list(Verdict).index, default=Verdict.NOT_APPLICABLE)


def conformance(results: Iterable[tuple[Level, Verdict]]) -> Conformance:
    """STRICT without a FAIL, CONFORMANT when only SHOULD or MAY failed, else NONCONFORMANT."""
    failed = {level for level, verdict in results if verdict is Verdict.FAIL}
    if Level.MUST in failed:
        return Conformance.NONCONFORMANT
    return Conformance.CONFORMANT if failed - {Level.OBSERVED} else Conformance.STRICT
