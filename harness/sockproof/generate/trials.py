"""What a case of the area "generated" does: plays plans, or lives of servers, until one fails."""

from __future__ import annotations

from collections.abc import Sequence

from sockproof.case.case_run import CaseRun
from sockproof.generate.client_plan import Plan, Profile
from sockproof.generate.datagrams import play_datagrams
from sockproof.generate.kept import life_of, plan_of, play_kept
from sockproof.generate.life import Life
from sockproof.generate.life_playing import CLOSE_WAITS_SINCE, play_life
from sockproof.generate.machine import lives
from sockproof.generate.options import Generating
from sockproof.generate.playing import play_streams
from sockproof.generate.properties import Property
from sockproof.generate.search import Search
from sockproof.generate.shrinking import smaller_lives, smaller_plans
from sockproof.generate.strategies import plans

__all__ = ["try_lives", "try_plans"]


def try_plans(
    case: CaseRun, generating: Generating, profile: Profile, properties: Sequence[Property]
) -> None:
    """Play plans of the profile; every property must hold of each.

    Raises:
        Mismatch: one does not. It tells of the smallest plan that was found to fail.
    """
    play = play_streams if case.spec.is_stream else play_datagrams

    def attempt(plan: Plan, bound_s: float) -> None:
        played = play(case, plan, bound_s)
        for holds in properties:
            holds(played)

    if generating.plan is not None:
        play_kept(case, generating, plan_of(generating.plan), attempt)
        return
    Search(case, generating, attempt, smaller_plans).among(plans(case.spec, profile))


def try_lives(case: CaseRun, generating: Generating) -> None:
    """Play lives of servers, each from its construction to its end.

    Raises:
        Mismatch: one goes otherwise than the model says.
    """

    def attempt(life: Life, bound_s: float) -> None:
        play_life(case, life, bound_s)

    if generating.plan is not None:
        play_kept(case, generating, life_of(generating.plan), attempt)
        return
    search = Search(case, generating, attempt, smaller_lives)
    close_waits = case.iut.level >= CLOSE_WAITS_SINCE
    search.among_machines(lives(case.spec, search.attempt, close_waits=close_waits))
