"""What a proof hands to its workers and gets back: plain values, sent from process to process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.report.text import one_line

__all__ = ["Aim", "Job", "PlayedJob", "Seen"]

_LONGEST = 300


@dataclass(frozen=True)
class Aim:
    """Where a mutant is likely to show: there the cases are played first.

    ``cases`` are ``requirement[spec]`` without a variant, or requirements without a spec;
    ``areas`` of the catalogue, globs of ``requirements`` and of ``specs`` come after them, best
    first. ``reach`` are globs of the server specs that run what was changed at all.
    """

    cases: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    reach: tuple[str, ...] = ("*",)
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """Play cases on the module at ``path``: from where the aim says on, to the first that kills.

    ``full`` goes on to the end, each requirement to its first case that kills; of a module that
    ``is_right``, as far as anybody knows, no such case is believed unless it kills again. ``only``
    are case ids: just these are played, and all of them. ``among`` are those that may be played at
    all, None for all. ``part`` is a share of all cases, such as (0, 3): each is played on a module
    that tells which of its functions run. ``patient``: what hangs is waited for as in a run, not
    shorter as on mutants.
    """

    subject: str
    path: str
    aim: Aim = Aim()
    full: bool = False
    is_right: bool = False
    only: tuple[str, ...] = ()
    among: tuple[str, ...] | None = None
    part: tuple[int, int] | None = None
    patient: bool = False


@dataclass(frozen=True)
class Seen:
    """One case as it ended on one module. ``kills``: a FAIL or an unclean teardown that nobody
    expects of the untouched module. ``told`` says what was wrong in one line; ``ran`` are functions
    of a module that tells of them."""

    case: str
    requirement: str
    verdict: Verdict
    kills: bool
    told: str = ""
    observations: Mapping[str, Any] = field(default_factory=dict)
    duration_s: float = 0.0
    ran: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: CaseRow) -> Seen:
        """What a row says; ``told`` is of what makes it a kill."""
        wrong = row.reason
        if row.verdict is Verdict.FAIL:
            wrong = f"expected {row.expected}; {row.actual}"
        elif row.teardown.unclean:
            wrong = "; ".join([row.teardown.verdict.value, *row.teardown.leaks])
        kills = row.needs_attention and (row.verdict is Verdict.FAIL or row.teardown.unclean)
        shown = one_line(wrong, _LONGEST)
        of_row = row.id, row.requirement, row.verdict
        return cls(*of_row, kills, shown, row.observations, row.duration_s)


@dataclass(frozen=True)
class PlayedJob:
    """A job is over: what was seen, in the order played. ``unloadable`` says why the module could
    not be imported, if it could not; ``lost`` why the job came to no end. ``unsteady`` are cases
    that killed once and not again."""

    job: Job
    seen: Sequence[Seen] = ()
    unloadable: str = ""
    lost: str = ""
    unsteady: Sequence[str] = ()
