"""The kill matrix: which requirement tells which mutant from the untouched module. Its JSON file.

``kill-matrix.json``, schema 1::

    {"kind": "kill-matrix", "schema": 1, "suite_version": "0.1.0",
     "implementation": {"id", "given", "version", "module_file"},
     "module": "socketserver",      # what the mutants are of, or "socket"
     "full": false,                 # whether every requirement was played on every mutant
     "untouched": {"cases": 2559, "false_alarms": ["..."]},
     "totals": {"named": {"all", "killed", "unloadable", "noticed", "survived", "equivalent",
                          "lost", "cpython_asked", "cpython_killed"}, "generic": {...}},
     "cpython_tests": {"asked": true, "not_run": ""},
     "problems": ["..."],           # why the proof is incomplete, or not to be believed
     "unfit": ["..."],              # named mutants that this Python's source has no place for
     "mutants": [{"id", "kind", "group", "title", "line", "old", "new", "key", "equivalent",
                  "outcome", "told", "cases", "faults", "unsteady", "cpython_tests",
                  "detections": [{"requirement", "case", "how", "told"}]}],
     "requirements": [{"id", "area", "level", "kills": ["mutant id"], "notices": [...]}]}

``outcome`` and ``how`` are the words of :mod:`sockproof.mutation.judging`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sockproof import __version__
from sockproof.iut.capabilities import ProbedIut
from sockproof.mutation.judging import MutantOutcome, Result
from sockproof.mutation.proving import Proof
from sockproof.mutation.subjects import MutantKind
from sockproof.output_folder import OutputFolder
from sockproof.run.record_header import without_home
from sockproof.spec.catalogue import Catalogue
from sockproof.spec.levels import Level

__all__ = ["CPYTHON_ASKED", "CPYTHON_KILLED", "Detections", "KillMatrix"]

CPYTHON_KILLED, CPYTHON_ASKED = "cpython_killed", "cpython_asked"
# Outcomes that are shown only where there are any.
_QUIET = (MutantOutcome.UNLOADABLE, MutantOutcome.LOST)


@dataclass(frozen=True)
class Detections:
    """What one requirement detects: the ids of the mutants that it kills, and that it notices."""

    kills: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class KillMatrix:
    """A proof, whose it is, and the requirements. ``cpython_not`` says why CPython's own tests
    could not judge, when they were asked to."""

    proof: Proof
    iut: ProbedIut
    catalogue: Catalogue
    cpython_asked: bool = False
    cpython_not: str = ""

    @property
    def module(self) -> str:
        """The module that the mutants are of."""
        return self.iut.implementation.judged

    @cached_property
    def totals(self) -> Mapping[MutantKind, Counter[str]]:
        """Mutants by kind and outcome; also ``all``, those that CPython's own tests were asked
        about, and those that they kill."""
        found: dict[MutantKind, Counter[str]] = {}
        for result in self.proof.results:
            of_kind = found.setdefault(result.subject.kind, Counter())
            of_kind["all"] += 1
            of_kind[result.outcome.value] += 1
            of_kind[CPYTHON_ASKED] += bool(result.cpython)
            of_kind[CPYTHON_KILLED] += result.cpython == "killed"
        return found

    @property
    def outcomes(self) -> list[MutantOutcome]:
        """Those that a table of the totals has columns for."""
        found = {one.outcome for one in self.proof.results}
        return [one for one in MutantOutcome if one in found or one not in _QUIET]

    def with_outcome(self, outcome: MutantOutcome) -> list[Result]:
        return [one for one in self.proof.results if one.outcome is outcome]

    @property
    def survivors(self) -> list[Result]:
        return self.with_outcome(MutantOutcome.SURVIVED)

    @cached_property
    def by_requirement(self) -> Mapping[str, Detections]:
        """What each requirement detects, in the order of the catalogue."""
        rows = {name: Detections() for name in self.catalogue}
        for result in self.proof.results:
            for found in result.detections:
                row = rows[found.requirement]
                (row.kills if found.how.kills else row.notices).append(result.subject.id)
        return rows

    @property
    def silent(self) -> list[str]:
        """Requirements that detect nothing; where all were played, those that could have killed."""
        full = self.proof.full
        return [
            name
            for name, row in self.by_requirement.items()
            if not row.kills
            and not (self.catalogue[name].level is Level.OBSERVED if full else row.notices)
        ]

    @property
    def problems(self) -> list[str]:
        """Why the proof is incomplete or not to be believed; empty when it is neither."""
        lost = [f"{r.subject.id} is lost: {r.told}" for r in self.with_outcome(MutantOutcome.LOST)]
        stale = [
            f"{r.subject.id} is listed as equivalent and is {r.outcome.value}: {r.subject.key}"
            for r in self.proof.results
            if r.stale
        ]
        alarms = [f"false alarm: {alarm}" for alarm in self.proof.alarms]
        not_run = [f"--against: {self.cpython_not}"] if self.cpython_not else []
        return [*alarms, *lost, *stale, *not_run]

    def to_json(self) -> dict[str, Any]:
        """As described above."""
        return {
            "kind": "kill-matrix",
            "schema": 1,
            "suite_version": __version__,
            "implementation": {
                "id": self.iut.id,
                "given": self.iut.implementation.given,
                "version": ".".join(str(part) for part in self.iut.hello["version"]),
                "module_file": self.iut.hello["module_file"],
            },
            "module": self.module,
            "full": self.proof.full,
            "untouched": {"cases": self.proof.cases, "false_alarms": list(self.proof.alarms)},
            "totals": {kind.value: dict(counts) for kind, counts in self.totals.items()},
            "cpython_tests": {"asked": self.cpython_asked, "not_run": self.cpython_not},
            "problems": self.problems,
            "unfit": list(self.proof.unfit),
            "mutants": [_mutant(result) for result in self.proof.results],
            "requirements": [
                {
                    "id": name,
                    "area": self.catalogue[name].area,
                    "level": self.catalogue[name].level.value,
                    **asdict(row),
                }
                for name, row in self.by_requirement.items()
            ],
        }

    def write(self, path: Path) -> None:
        """Write it as JSON.

        Raises:
            RecordError: that cannot be done.
        """
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1)
        OutputFolder(path.parent).write(path.name, without_home(text) + "\n")


def _mutant(result: Result) -> dict[str, Any]:
    subject = result.subject
    names = ("id", "group", "title", "line", "old", "new", "key", "equivalent")
    return {
        **{name: getattr(subject, name) for name in names},
        "kind": subject.kind.value,
        "outcome": result.outcome.value,
        "told": result.told,
        "cases": result.cases,
        "faults": list(result.faults),
        "unsteady": list(result.unsteady),
        "cpython_tests": result.cpython,
        "detections": [{**asdict(one), "how": one.how.value} for one in result.detections],
    }
