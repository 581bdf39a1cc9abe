"""Plays one case on implementations, as often as wanted, and gives what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.commands.output import warn
from sockproof.errors import UsageError
from sockproof.generate.options import EXAMPLES, Generating
from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.case_log import CaseLog
from sockproof.record.rows import CaseRow
from sockproof.run.areas import areas_with
from sockproof.run.collected import CollectedCases
from sockproof.run.plan import RunPlan, planned
from sockproof.run.pytest_session import play_here
from sockproof.run.run_options import RunOptions
from sockproof.run.suite_files import files_with
from sockproof.spec.case_id import CaseId, requirement_of
from sockproof.spec.catalogue import load_everything
from sockproof.spec.matrix import spec_by_id

__all__ = ["Playing", "known_case", "play_case"]


def known_case(text: str) -> CaseId:
    """Read an id, ``requirement[spec,variant]``.

    Raises:
        UsageError: the requirement or the server spec does not exist.
    """
    requirement = load_everything().get(requirement_of(text))
    case = CaseId.read(text, takes_spec=not requirement.applies.none)
    if not requirement.applies.none:
        if not case.spec:
            raise UsageError(f"{text} names no server spec", f"such as '{text}[TCP/inet]'")
        spec_by_id(case.spec)
    return case


@dataclass(frozen=True)
class Playing:
    """One time that the case was played. ``folder`` is where its socket files were."""

    row: CaseRow
    log: CaseLog
    folder: Path


def play_case(
    case: CaseId, iuts: Sequence[ProbedIut], generating: Generating | None = None
) -> list[Playing]:
    """Play the case on each of these, in this order; one may come several times. ``generating``
    says which plans, if it is one that generates them.

    Raises:
        UsageError: there is no such case. HarnessError: it could not be played.
    """
    options = RunOptions(
        specs=(case.spec,) if case.spec else (), areas=areas_with(case.area), keep="all"
    )
    plan = RunPlan(tuple(iuts[:1]), options)
    played: list[Playing] = []
    alike: list[CaseId] = []

    def perform(collected: CollectedCases) -> None:
        alike.extend(one for one in collected.cases if one.place == case.place)
        for number, iut in enumerate(iuts if case in alike else ()):
            row = collected.play(case, iut.renamed(str(number)), generating or Generating())
            played.append(Playing(row, collected.log, plan_path.parent))

    _tell_what_takes_long(case, generating)
    with planned(plan) as plan_path:
        play_here(plan_path, files_with([case.requirement]), perform)
    if not played:
        known = ", ".join(map(str, alike)) or "see 'sockproof list --cases'"
        raise UsageError(f"there is no case {case}", known)
    return played


def _tell_what_takes_long(case: CaseId, generating: Generating | None) -> None:
    if generating and generating.plan is None and generating.examples > EXAMPLES:
        plans = f"{generating.examples:,} generated plans of seed {generating.seed}"
        warn(f"plays {plans} on {case}: that takes its time, and --examples says how many")
