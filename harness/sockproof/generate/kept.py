"""Plans that were kept: read back from JSON, checked, and played once more just as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sockproof.case.case_run import CaseRun
from sockproof.errors import UsageError
from sockproof.generate.client_plan import Move, Payload, Plan, Playable, legal
from sockproof.generate.life import Life, LifeStep
from sockproof.generate.options import Generating
from sockproof.generate.pieces import EARLY, PIECES
from sockproof.generate.shrinking import lived
from sockproof.generate.strategies import BUDGET_OCTETS
from sockproof.judge.checks import Mismatch
from sockproof.spec.matrix import spec_by_id
from sockproof.timing import hang_bound_s

__all__ = ["check_playable", "life_of", "plan_of", "play_kept", "told_with"]

_SEE = "see 'generated' of a failing case in a record"
_OF_LIVES = "generated/any-legal-call-order"
_Plan = TypeVar("_Plan", bound=Playable)


def check_playable(data: Mapping[str, Any], requirement_id: str) -> None:
    """Whether it is a plan, or a life (only these have no handler), as the requirement plays them.

    Raises:
        UsageError: it is neither, one that cannot be played, or of the other kind.
    """
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
        made = Plan(data["spec"], tuple(data["handler"]), moves, int(data["packet_octets"]))
        unknown = [name for name in made.handler if name not in (*PIECES, *EARLY)]
        is_stream = spec_by_id(made.spec).is_stream
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"it is no plan of clients: {error!r}", _SEE) from None
    if unknown:
        raise UsageError(f"no handler does {unknown[0]!r}", f"it may {', '.join(PIECES)}")
    if made.moves != legal(moves, BUDGET_OCTETS, stream=is_stream):
        raise UsageError("the plan is not possible", "a peer connects first, and goes last")
    return made


def _move(data: Mapping[str, Any]) -> Move:
    told = data.get("payload")
    payload = Payload(told["mark"], tuple(told["lines"]), told["ended"]) if told else None
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
        raise UsageError(f"it is no life of a server: {error!r}", _SEE) from None
    if not is_possible:
        raise UsageError("the life is not possible", "each step must be legal after those before")
    return made


def play_kept(
    case: CaseRun, generating: Generating, plan: _Plan, play: Callable[[_Plan, float], None]
) -> None:
    """Play it, alone, with all the time it needs.

    Raises:
        Mismatch: it fails, and says what the plan is.
    """
    case.generated = {"seed": generating.seed, "plans": 1}
    try:
        play(plan, hang_bound_s())
    except Mismatch as error:
        case.generated["failing"] = plan.to_json()
        raise told_with(error, plan) from None


def told_with(error: Mismatch, plan: Playable) -> Mismatch:
    """The same, which says what the plan is."""
    error.actual = f"{error.actual}; the plan: {'; '.join(plan.words())}"
    return error
