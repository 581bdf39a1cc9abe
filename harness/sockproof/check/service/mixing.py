"""Clients whose exchanges are interleaved, as Hypothesis makes them: each that stays gets its own
answers, and nothing of them is left. A plan that fails is made smaller, and played alone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sockproof.check.scene import Scene
from sockproof.check.service.attempts import attempt
from sockproof.check.service.exchanges import Exchanges
from sockproof.check.service.growth import Growth
from sockproof.check.service.mix_plan import Mix, legal_mix, mix_of
from sockproof.check.service.mix_playing import MixPlaying
from sockproof.errors import UsageError
from sockproof.generate.plan_stage import PlanStage, SearchBounds
from sockproof.iut.case_log import CaseLog
from sockproof.judge.checks import Mismatch, NotApplicable

if TYPE_CHECKING:
    from sockproof.generate.search import Search

__all__ = ["MIXES_NAME", "interleaved_are_answered"]

MIXES_NAME = "interleaved-clients-are-answered"
# Plans of a server that is not slow take a few milliseconds each.
_A_PLAN_S, _SHRINK_S = 0.15, 15.0
# Of those in which most clients leave, so many are played again and again.
_ROUNDS, _AT_LEAST, _OF_A_ROUND, _GROWTH_S = 4, 4, 12, 6.0
_WHAT = "interleaved"


def interleaved_are_answered(exchanges: Exchanges, scene: Scene, _variant: str) -> None:
    """Plans that are generated, or the one that is to be played again."""
    from sockproof.check.service.mix_strategies import mixes, smaller_mixes  # load Hypothesis
    from sockproof.generate.search import Search

    spec, generating = scene.address.spec, scene.manners.generating
    with _MixStage(scene) as stage:
        playing = _Plays(exchanges, stage)
        bounds = SearchBounds(scene.patience_s, _A_PLAN_S * generating.examples, _SHRINK_S)
        smaller = partial(smaller_mixes, exchanges=exchanges, is_stream=spec.is_stream)
        search = Search(stage, generating, playing.play, smaller, bounds)
        if generating.plan is not None:
            plan = _known(generating.plan, exchanges, scene)
            search.again(plan)
            _refuse_growth(stage, playing, [plan])
            return
        began_s = time.monotonic()
        search.among(mixes(spec, exchanges))
        each_s = max(1e-3, time.monotonic() - began_s) / max(1, len(search.passed))
        scene.observe("plans", len(search.passed))
        scene.observe("let_go", playing.let_go)
        most = max(_AT_LEAST, min(_OF_A_ROUND, int(_GROWTH_S / _ROUNDS / each_s)))
        _leave_nothing(stage, playing, search, most)


def _known(data: Any, exchanges: Exchanges, scene: Scene) -> Mix:
    """The plan of a record, as long as the examples are as they were.

    Raises:
        UsageError: it is of others.
    """
    mix = mix_of(data)
    if legal_mix(mix, exchanges, is_stream=scene.address.spec.is_stream) != mix:
        raise UsageError("the plan is not one of these examples", "name the file that it is of")
    return mix


class _MixStage(PlanStage):
    """The server of a scene; after a failure a program lives once more. All ends with the block."""

    def __init__(self, scene: Scene) -> None:
        self._first = self.scene = scene
        self._lives, self._has_failed = contextlib.ExitStack(), False

    def __enter__(self) -> _MixStage:
        return self

    def __exit__(self, *_error: object) -> None:
        self._first.log = self.scene.log
        self._lives.close()

    @property
    def case_id(self) -> str:
        """The same for all servers of a spec."""
        return f"service/{MIXES_NAME}[{self.scene.address.spec.id}]"

    @property
    def generated(self) -> dict[str, Any] | None:
        """Told in the row of the case."""
        return self._first.generated

    @generated.setter
    def generated(self, told: dict[str, Any] | None) -> None:
        self._first.generated = told

    def begin_anew(self) -> None:
        """On the same life, if it is one."""
        self.scene.close_clients()
        if self._has_failed:  # who came last has left: he is of no plan to come
            self.scene.comes_to_rest()
        self.scene.log = CaseLog()
        if self.scene.has_ended:
            self.replace_process()

    def replace_process(self) -> None:
        """A program of ours gets another life."""
        self._has_failed = True
        if self._first.subject.argv:
            self._lives.close()
            life = self._lives.enter_context(self._first.another_life())
            self.scene = self._first.beside(life)


class _Plays:
    """Plays plans on a stage."""

    def __init__(self, exchanges: Exchanges, stage: _MixStage) -> None:
        self._exchanges, self._stage = exchanges, stage
        self.let_go = 0

    def play(self, mix: Mix, bound_s: float) -> None:
        """One plan.

        Raises:
            Mismatch, Hang: somebody gets another answer than its own, or none.
        """
        scene = self._stage.scene
        with attempt(scene, _WHAT):
            playing = MixPlaying(self._exchanges, scene, mix, bound_s)
            playing.play()
            self.let_go += playing.let_go

    def all_of(self, plans: Sequence[Mix]) -> None:
        """One after the other."""
        for plan in plans:
            self.play(plan, self._stage.scene.patience_s)


def _leave_nothing(stage: _MixStage, playing: _Plays, search: Search[Mix], most: int) -> None:
    """After plans, so many at most, nothing grows; if anything does, one plan that does it is told.

    Raises:
        Hang: something grows.
    """
    by_leavers = sorted(search.passed, key=lambda plan: plan.leavers, reverse=True)
    some = sorted(by_leavers[:most], key=lambda plan: plan.size)
    problem = _growth(stage, playing, some, is_known=False)
    if problem is None:
        return
    while len(some) > 1:
        first = some[: len(some) // 2]
        stage.replace_process()
        some = first if _growth(stage, playing, first) else some[len(first) :]
    stage.replace_process()
    found = _growth(stage, playing, some)
    raise search.failing(some[0], found) if found else problem


def _growth(
    stage: _MixStage, playing: _Plays, plans: Sequence[Mix], *, is_known: bool = True
) -> Mismatch | None:
    """What is wrong once they have been played round after round."""
    try:
        _refuse_growth(stage, playing, plans, is_known=is_known)
    except Mismatch as problem:
        return problem
    return None


def _refuse_growth(
    stage: _MixStage, playing: _Plays, plans: Sequence[Mix], *, is_known: bool = False
) -> None:
    """Play them round after round; ``is_known``, if it is looked for what does it.

    Raises:
        Hang: something grows in each.
    """
    try:
        growth = Growth(stage.scene, _ROUNDS)
    except NotApplicable:
        return
    clients = 0 if is_known else sum(len(plan.clients) for plan in plans)
    growth.of_rounds(partial(playing.all_of, plans), clients)
    told = "a plan has" if len(plans) == 1 else f"{len(plans)} plans have"
    seen = f"{_WHAT}: each time {told} been played"
    growth.judge("interleaved clients leave nothing", seen)
