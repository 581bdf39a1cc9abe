"""The row of one case of a check, once it has been played."""

from __future__ import annotations

import dataclasses

from sockproof.case.transcript import transcript_of
from sockproof.check.scene import Scene
from sockproof.errors import HarnessError
from sockproof.judge.checks import verdict_of
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.spec.case_id import CaseId

__all__ = ["told_row"]

_KEPT_CHARACTERS = 8000


def told_row(
    case: CaseId, scene: Scene, problem: Exception | None, trace: str, took_s: float
) -> CaseRow:
    """What a record has of a case whose play has ended by a ``problem``, or well; ``trace`` is
    where that was raised."""
    expected = isinstance(problem, HarnessError)
    verdict, told = verdict_of(problem, "" if expected else trace)
    row = CaseRow(
        id=str(case),
        requirement=case.requirement,
        spec=case.spec,
        verdict=verdict,
        reason=told.get("reason", ""),
        expected=told.get("expected", ""),
        actual=told.get("actual", ""),
        lacks=told.get("lacks", ""),
        observations=dict(scene.observed),
        duration_s=round(took_s, 4),
        stacks=getattr(problem, "stacks", ""),
        generated=scene.generated,
    )
    if verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE):
        return row
    printed = scene.life.printed if scene.life else ""
    return dataclasses.replace(
        row, stderr=printed[-_KEPT_CHARACTERS:], transcript=transcript_of(scene.log)
    )
