"""Walks of sockets as data: legal, the same from the same seed, cut down, kept and read back.

That they find what is broken, the mutants of the socket module tell.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import seed as set_seed

from sockproof.commands.kept_plans import plays_plans, refuse_unplayable
from sockproof.errors import UsageError
from sockproof.generate.options import WALKS, Generating
from sockproof.generate.search import hypothesis_settings
from sockproof.generate.walk import Walk, WalkStep, smaller_walks, taken, walk_octets
from sockproof.generate.walk_playing import ACTIONS
from sockproof.generate.walk_trials import ROADS, model_of, walk_of, walks
from sockproof.spec.case_id import CaseId

KINDS = ("stream inet", "stream path", "datagram inet", "datagram path")
EXAMPLES = 40
# Nobody resets what is in no network.
NEVER = {"stream path": {"peer: reset"}}


@functools.cache
def drawn(kind: str, seed: int = 1, examples: int = EXAMPLES) -> list[Walk]:
    """The walks that a case would play, and none of them played."""
    found: list[Walk] = []

    def keep(walk: Walk) -> None:
        found.append(walk)

    generating = Generating(seed=seed, examples=examples)
    hypothesis_settings(generating, None)(set_seed(seed)(given(walks(kind))(keep)))()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_walk_is_legal_and_comes_back_from_json(kind: str) -> None:
    """Each step comes to something that the model knows."""
    made = drawn(kind)

    assert len(made) >= EXAMPLES // 2
    assert [walk for walk in made if walk_of(walk.to_json()) != walk] == []


@pytest.mark.by_turns(len(KINDS))
@pytest.mark.parametrize("kind", KINDS)
def test_every_step_is_taken_by_some_walk(kind: str) -> None:
    """Of a few hundred."""
    steps = {step.do for walk in drawn(kind, examples=400) for step in walk.moves}

    assert steps == set(model_of(kind).steps) - NEVER.get(kind, set())
    assert steps <= set(ACTIONS)


def test_same_seed_draws_the_same_walks() -> None:
    """And another seed others."""
    assert drawn("stream inet", 3, 20) == drawn("stream inet", 3, 20)
    assert drawn("stream inet", 3, 20) != drawn("stream inet", 4, 20)


@pytest.mark.parametrize("kind", KINDS)
def test_smaller_walks_are_legal(kind: str) -> None:
    """What is not legal without what was left out is left out as well."""
    walk = max(drawn(kind), key=lambda one: one.size)

    smaller = list(smaller_walks(walk, functools.partial(model_of, kind)))

    assert any(one.size < walk.size for one in smaller)
    assert [one for one in smaller if taken(one, model_of(kind), one.moves) != one] == []


def test_roads_lead_where_they_say() -> None:
    """Each is legal to its end, whatever the family."""
    for kind in KINDS:
        for road in ROADS[kind.partition(" ")[0]]:
            steps = tuple(map(WalkStep, road))

            assert taken(Walk(kind, steps), model_of(kind), steps).moves == steps


def test_octets_go_on_where_they_were() -> None:
    """So that what is lost, or comes twice, is seen."""
    assert walk_octets(0, 300)[7:] == walk_octets(7, 293)


WALK = {"spec": "stream inet", "moves": [{"do": "make"}, {"do": "close"}]}
BAD: dict[str, dict[str, Any]] = {
    "no steps": {"spec": "stream inet"},
    "no such kind": {**WALK, "spec": "packet inet"},
    "an unknown step": {**WALK, "moves": [{"do": "make"}, {"do": "fly"}]},
    "not legal": {**WALK, "moves": [{"do": "close"}]},
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_walk_is_refused(name: str) -> None:
    """With what to look at."""
    with pytest.raises(UsageError, match="walk"):
        walk_of(BAD[name])


def test_walk_is_of_its_case_alone() -> None:
    """Of its kind, which is the variant."""
    case = CaseId(WALKS, "", "stream inet")
    other = CaseId(WALKS, "", "stream path")

    refuse_unplayable(Path("plan.json"), case, WALK)

    assert plays_plans(case)
    with pytest.raises(UsageError, match="plays no plan of stream inet"):
        refuse_unplayable(Path("plan.json"), other, WALK)
