"""The second kill matrix: which re-implementations are detected, and what is said of right ones.

``rewrite-matrix.json``, schema 1, has what ``kill-matrix.json`` has, and of each of its mutants::

    "is_right", "why", "spec", "undetected", "noticed_by"

Its ``kind`` is ``rewrite-matrix``, and it tells of each family::

    "families": [{"family", "broken", "detected", "noticed", "listed", "tried", "at_first",
                  "cpython_killed", "right", "accused"}]

``listed``: how many are known to be undetected, each with its reason. ``at_first`` of ``tried``
were detected when they were played for the first time, before anything was done to find them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sockproof.mutation.cpython_tests import KILLED
from sockproof.mutation.first_tries import FirstTries
from sockproof.mutation.judging import MutantOutcome, Result
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.rewriting import Rewrite

__all__ = ["FamilyRow", "RewriteMatrix"]

_DETECTED = (MutantOutcome.KILLED, MutantOutcome.UNLOADABLE)


@dataclass(frozen=True)
class FamilyRow:
    """What became of a family's, in numbers, as described above."""

    family: str
    broken: int
    detected: int
    noticed: int
    listed: int
    tried: int
    at_first: int
    cpython_killed: int
    right: int
    accused: int


@dataclass(frozen=True)
class RewriteMatrix(KillMatrix):
    """A proof whose mutants are re-implementations: ``rewrites`` has them by their ids."""

    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)
    tries: FirstTries = field(default_factory=FirstTries)

    @property
    def broken(self) -> list[Result]:
        return [one for one in self.proof.results if not one.subject.is_right]

    @property
    def right(self) -> list[Result]:
        return [one for one in self.proof.results if one.subject.is_right]

    @property
    def undetected(self) -> list[Result]:
        """Broken ones that no FAIL and no teardown tells, noticed or not."""
        return [one for one in self.broken if one.outcome not in _DETECTED]

    @property
    def unlisted(self) -> list[Result]:
        """Of these, those that nobody gives a reason for."""
        lost = MutantOutcome.LOST
        return [one for one in self.undetected if one.outcome is not lost and not self.reason(one)]

    @property
    def accused(self) -> list[Result]:
        """Right ones that a case fails on, or that leave something behind."""
        return [one for one in self.right if one.outcome in _DETECTED]

    def reason(self, result: Result) -> str:
        """Why it is known to be undetected; empty where it is not."""
        return self.rewrites[result.subject.id].undetected

    @property
    def problems(self) -> list[str]:
        """Also: what is said of right ones, and what became otherwise of one that is listed."""
        accused = [
            f"false alarm: {one.subject.id} is right: {one.told or told.case}: {told.told}"
            for one in self.accused
            for told in one.detections[:1]
        ]
        unloadable = [
            f"false alarm: {one.subject.id} is right: {one.told}"
            for one in self.accused
            if not one.detections
        ]
        stale = [
            f"{one.subject.id} is listed as undetected and is {one.outcome.value}"
            for one in self.broken
            if one.outcome in _DETECTED and self.reason(one)
        ]
        unnoticed = [
            f"{one.subject.id} is said to be noticed, and nothing notices it"
            for one in self.broken
            if one.outcome is MutantOutcome.SURVIVED and self.rewrites[one.subject.id].noticed_by
        ]
        return [*super().problems, *accused, *unloadable, *stale, *unnoticed]

    @property
    def families(self) -> list[FamilyRow]:
        """A row for each, by name."""
        names = sorted({one.subject.group for one in self.proof.results})
        return [self._row(name, [name]) for name in names]

    @property
    def whole(self) -> FamilyRow:
        """The row of all of them."""
        return self._row("all", {one.subject.group for one in self.proof.results})

    def _row(self, name: str, families: Iterable[str]) -> FamilyRow:
        chosen = set(families)
        broken = [one for one in self.broken if one.subject.group in chosen]
        right = [one for one in self.right if one.subject.group in chosen]
        ids = [one.subject.id for one in broken]
        return FamilyRow(
            name,
            broken=len(broken),
            detected=sum(one.outcome in _DETECTED for one in broken),
            noticed=sum(one.outcome is MutantOutcome.NOTICED for one in broken),
            listed=sum(bool(self.reason(one)) for one in broken),
            tried=len(self.tries.of(ids)),
            at_first=sum(self.tries.of(ids).values()),
            cpython_killed=sum(one.cpython == KILLED for one in broken),
            right=len(right),
            accused=sum(one.outcome in _DETECTED for one in right),
        )

    def to_json(self) -> dict[str, Any]:
        """As described above."""
        told = super().to_json()
        told["kind"] = "rewrite-matrix"
        told["families"] = [asdict(row) for row in self.families]
        mutants: Sequence[dict[str, Any]] = told["mutants"]
        for mutant in mutants:
            one = self.rewrites[mutant["id"]]
            mutant |= {"is_right": one.is_right, "why": one.why, "spec": one.spec}
            mutant |= {"undetected": one.undetected, "noticed_by": list(one.noticed_by)}
        return told
