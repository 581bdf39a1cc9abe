"""What a case that plays walks does: plays those that Hypothesis draws, or one that was kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from hypothesis import strategies as st

from sockproof.case.case_run import CaseRun
from sockproof.errors import UsageError
from sockproof.generate.options import Generating
from sockproof.generate.plan_stage import CaseStage
from sockproof.generate.search import Search
from sockproof.generate.walk import AMOUNTS, Walk, WalkModel, WalkStep, smaller_walks, taken
from sockproof.generate.walk_datagrams import DatagramModel
from sockproof.generate.walk_playing import play_walk
from sockproof.generate.walk_streams import StreamModel

__all__ = ["try_walks", "walk_of", "walks"]

_SEE = "see 'generated' of a failing case in a record"
# What is walked to first, so that each part of the table is met as often as the others.
_TO_A_PEER = ("make", "connect")
_TO_A_CLIENT = ("make", "bind", "listen", "peer: come", "accept")
ROADS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "stream": (("make",), ("make", "bind"), _TO_A_CLIENT[:3], _TO_A_PEER, _TO_A_CLIENT),
    "datagram": (("make",), ("make", "bind"), _TO_A_PEER, ("make", "bind", "connect")),
}
_MODELS: Mapping[str, Callable[[str], WalkModel]] = {
    "stream": StreamModel,
    "datagram": DatagramModel,
}
_MOST_STEPS = 20
# Steps that have an amount of octets.
_WITH_AMOUNTS = ("send", "sendall", "sendto", "recv", "recv_into", "recvfrom", "peek")


def try_walks(case: CaseRun, generating: Generating, kind: str) -> None:
    """Play walks of a kind such as ``stream inet6``; each step comes to what the model says.

    Raises:
        Mismatch: one does not. It tells of the smallest walk that was found to fail.
    """
    model = partial(model_of, kind)

    def attempt(walk: Walk, bound_s: float) -> None:
        play_walk(case, walk, model(), bound_s)

    search = Search(CaseStage(case), generating, attempt, lambda walk: smaller_walks(walk, model))
    if generating.plan is not None:
        search.again(walk_of(generating.plan))
    else:
        search.among(walks(kind))


def model_of(kind: str) -> WalkModel:
    """The model of a new walk."""
    what, _, family = kind.partition(" ")
    return _MODELS[what](family)


@st.composite
def walks(draw: st.DrawFn, kind: str) -> Walk:
    """A road to a part of the table, and a legal walk from there."""
    model = model_of(kind)
    road = draw(st.sampled_from(ROADS[kind.partition(" ")[0]]))
    steps = [WalkStep(do) for do in road]
    for step in steps:
        model.take(step)
    for _ in range(draw(st.integers(6, _MOST_STEPS - len(steps)))):
        step = WalkStep(draw(st.sampled_from(_choices(model))))
        if step.do.removeprefix("peer: ") in _WITH_AMOUNTS:
            step = WalkStep(step.do, draw(st.sampled_from(AMOUNTS)))
        if model.take(step):
            steps.append(step)
    return Walk(kind, tuple(steps))


def _choices(model: WalkModel) -> list[str]:
    """The legal steps; what is done more often than what is refused, as it leads further."""
    found = []
    for do in sorted(model.steps):
        words = model.expected(WalkStep(do))
        found += [do] * (1 if "E" in words or do == "close" else 3 if words else 0)
    return found


def walk_of(data: Mapping[str, Any]) -> Walk:
    """The walk that ``to_json()`` made this of.

    Raises:
        UsageError: it is none, or one that cannot be played.
    """
    try:
        steps = tuple(WalkStep(one["do"], int(one.get("amount", 0))) for one in data["moves"])
        made = Walk(data["spec"], steps)
        is_possible = taken(made, model_of(made.spec), steps) == made
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"it is not a walk of a socket: {error!r}", _SEE) from None
    if not is_possible:
        raise UsageError("the walk is not possible", "each step must be legal after those before")
    return made
