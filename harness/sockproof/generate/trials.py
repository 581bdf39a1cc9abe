"""What a case of the area "generated" does: plays plans, or lives of servers, until one fails; or
one that was kept, read back from JSON and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sockproof.case.case_run import CaseRun
from sockproof.case.tls_server import TlsServer
from sockproof.errors import UsageError
from sockproof.generate.client_plan import Move, Payload, Plan, Profile
from sockproof.generate.datagrams import DatagramPlaying
from sockproof.generate.life import Life, LifeStep
from sockproof.generate.life_playing import CLOSE_WAITS_SINCE, play_life
from sockproof.generate.options import WALKS, Generating
from sockproof.generate.pieces import EARLY, PIECES
from sockproof.generate.plan_stage import CaseStage
from sockproof.generate.playing import StreamPlaying
from sockproof.generate.properties import Property
from sockproof.generate.search import Search
from sockproof.generate.shrinking import lived, possible, smaller_lives, smaller_plans
from sockproof.generate.strategies import lives, plans
from sockproof.generate.walk_trials import walk_of

__all__ = ["check_playable", "try_lives", "try_plans"]

_SEE = "see 'generated' of a failing case in a record"
_OF_LIVES = "generated/any-legal-call-order"


def try_plans(
    case: CaseRun, generating: Generating, profile: Profile, properties: Sequence[Property]
) -> None:
    """Play plans of the profile; every property must hold of each.

    Raises:
        Mismatch: one does not. It tells of the smallest plan that was found to fail.
    """
    tls = TlsServer(profile.tls) if profile.tls else None

    def attempt(plan: Plan, bound_s: float) -> None:
        is_stream = case.spec.is_stream
        made = StreamPlaying(case, plan, bound_s, tls) if is_stream else None
        played = (made or DatagramPlaying(case, plan, bound_s)).play()
        for holds in properties:
            holds(played)

    search = Search(CaseStage(case), generating, attempt, smaller_plans)
    if generating.plan is not None:
        search.again(plan_of(generating.plan))
    else:
        search.among(plans(case.spec, profile))


def try_lives(case: CaseRun, generating: Generating) -> None:
    """Play lives of servers, each from its construction to its end.

    Raises:
        Mismatch: one goes otherwise than the model says.
    """
    search = Search(CaseStage(case), generating, partial(play_life, case), smaller_lives)
    close_waits = case.iut.level >= CLOSE_WAITS_SINCE
    if generating.plan is not None:
        search.again(life_of(generating.plan))
    else:
        search.among_machines(lives(case.spec, search.attempt, close_waits=close_waits))


def check_playable(data: Mapping[str, Any], requirement_id: str) -> None:
    """Whether it is a walk, a plan, or a life (only these have no handler), as the requirement
    plays them.

    Raises:
        UsageError: it is none, one that cannot be played, or of another kind.
    """
    if requirement_id == WALKS:
        walk_of(data)
        return
    is_life = "handler" not in data
    life_of(data) if is_life else plan_of(data)
    if is_life != (requirement_id == _OF_LIVES):
        kind = "a server's life" if is_life else "clients"
        raise UsageError(f"{requirement_id} plays no plan of {kind}", "name the case it came from")


def plan_of(data: Mapping[str, Any]) -> Plan:
    """The plan that ``to_json()`` made this of.

    Raises:
        UsageError: it is none, or one that cannot be played.
    """
    try:
        moves = tuple(map(_move, data["moves"]))
        made = Plan(data["spec"], tuple(data["handler"]), int(data["packet_octets"]), moves)
        unknown = [name for name in made.handler if name not in (*PIECES, *EARLY)]
        is_possible = possible(made, moves) == made
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"it is not a plan of clients: {error!r}", _SEE) from None
    if unknown:
        raise UsageError(f"no handler does {unknown[0]!r}", f"it may {', '.join(PIECES)}")
    if not is_possible:
        raise UsageError("the plan is not possible", "a peer connects first, and goes last")
    return made


def _move(data: Mapping[str, Any]) -> Move:
    sent = data.get("payload")
    payload = Payload(sent["mark"], tuple(sent["lines"]), sent["ended"]) if sent else None
    cuts = tuple(data.get("cuts", ()))
    return Move(data["do"], data.get("peer", 0), payload, cuts, data.get("unbound", False))


def life_of(data: Mapping[str, Any]) -> Life:
    """The life that ``to_json()`` made this of.

    Raises:
        UsageError: as :func:`plan_of`.
    """
    try:
        steps = tuple(LifeStep(one["do"], one.get("client", 0)) for one in data["moves"])
        made = Life(data["spec"], steps)
        is_possible = lived(made, steps) == made
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"it is not a life of a server: {error!r}", _SEE) from None
    if not is_possible:
        raise UsageError("the life is not possible", "each step must be legal after those before")
    return made
