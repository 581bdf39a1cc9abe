"""Looks for a plan that fails: has Hypothesis make plans, plays them, and shrinks one that fails.

Many plans share the case's process, one after the other; after a failure the next gets a new one.
What failed is kept in a folder and tried first the next time.

Shrinking goes by moves (see :mod:`sockproof.generate.shrinking`) and not by Hypothesis' choices, of
which a hundred come to the same plan: it takes fewer plays, and the same ones everywhere.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from sockproof.generate.alike import without_constants_of_modules
from sockproof.generate.client_plan import Playable
from sockproof.generate.options import Generating
from sockproof.generate.plan_stage import UNBOUNDED, PlanStage, SearchBounds
from sockproof.judge.checks import Mismatch
from sockproof.timing import hang_bound_s

__all__ = ["Search", "hypothesis_settings"]

_Plan = TypeVar("_Plan", bound=Playable)

# Of a state machine, at most.
_STEPS = 14
# While shrinking, a hang is told so much sooner; what came of it is confirmed afterwards.
_SHRINK_BOUND_PART = 0.1
_SHRINK_PLANS = 300
# How long shrinking may take, in hang bounds.
_SHRINK_S_PART = 6.0
# How many of the smallest plans that failed are played again, and how often, for one that fails now
# as then: what depends on who comes first need not do so every time.
_REPLAYED, _REPLAYS = 4, 10


class Falsified(Exception):
    """A plan failed."""


def hypothesis_settings(generating: Generating, folder: Path | None) -> settings:
    """Nothing of it depends on how fast anything is; ``folder`` keeps what failed."""
    return settings(
        max_examples=generating.examples,
        database=DirectoryBasedExampleDatabase(folder) if folder else None,
        phases=(Phase.reuse, Phase.generate),
        stateful_step_count=_STEPS,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
    )


class Search(Generic[_Plan]):
    """The plans of one case, on its ``stage``. ``play`` plays one, with a bound in seconds for
    whatever it waits for, and raises Mismatch if it fails; ``smaller`` gives plans that may be
    tried instead of one."""

    def __init__(
        self,
        stage: PlanStage,
        generating: Generating,
        play: Callable[[_Plan, float], None],
        smaller: Callable[[_Plan], Iterable[_Plan]],
        bounds: SearchBounds = UNBOUNDED,
    ) -> None:
        self._stage = stage
        self._bounds, self._began_s = bounds, time.monotonic()
        self._generating = generating
        self._play = play
        self._smaller = smaller
        self._outcomes: dict[_Plan, bool] = {}
        self._failed: list[tuple[_Plan, Mismatch]] = []
        self._fault: BaseException | None = None
        set_hypothesis_home_dir(generating.cache)

    def among(self, strategy: st.SearchStrategy[_Plan]) -> None:
        """Play plans that the strategy gives.

        Raises:
            Mismatch: one failed; it says what the smallest such plan is.
        """

        def test(plan: _Plan) -> None:
            self.attempt(plan)

        with self._told():
            self._settings(seed(self.seed)(given(strategy)(test)))()  # seed() forgets the database

    def among_machines(self, machine: type[RuleBasedStateMachine]) -> None:
        """Play plans that a state machine puts together, which gives each to :meth:`attempt`.

        Raises:
            Mismatch: as :meth:`among`.
        """
        with self._told():
            run_state_machine_as_test(seed(self.seed)(machine), settings=self._settings)

    def again(self, plan: _Plan) -> None:
        """Play a plan that was kept, alone, with all the time it needs.

        Raises:
            Mismatch: it fails, and says what the plan is.
        """
        self._stage.generated = {"seed": self._generating.seed, "plans": 1}
        try:
            self._play(plan, self._wait_s)
        except Mismatch as error:
            raise self.failing(plan, error) from None

    @property
    def passed(self) -> list[_Plan]:
        """The plans that did not fail, the smallest first."""
        passed = (plan for plan, is_right in self._outcomes.items() if is_right)
        return sorted(passed, key=lambda plan: plan.size)

    @property
    def _wait_s(self) -> float:
        return self._bounds.wait_s or hang_bound_s()

    @property
    def _is_over(self) -> bool:
        most_s = self._bounds.plans_s
        return most_s is not None and time.monotonic() - self._began_s > most_s

    @property
    def seed(self) -> int:
        """The case's own: the same for every implementation, and another for every spec."""
        text = f"{self._generating.seed} {self._stage.case_id}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")

    @property
    def _settings(self) -> settings:
        parts = self._stage.kept_at
        folder = self._generating.cache.joinpath("examples", *parts) if parts else None
        return hypothesis_settings(self._generating, folder)

    def attempt(self, plan: _Plan) -> None:
        """Play a plan that Hypothesis made, unless it was played before, or one has failed.

        Raises:
            Falsified: it fails.
        """
        known = plan in self._outcomes
        if not known and not self._failed and not self._fault and not self._is_over:
            self._outcomes[plan] = self._passes(plan, self._wait_s)
        if not self._outcomes.get(plan, True):
            raise Falsified

    def _passes(self, plan: _Plan, bound_s: float) -> bool:
        try:
            self._play_alone(plan, bound_s)
        except Mismatch as error:
            self._failed.append((plan, error))
            return False
        except BaseException as error:
            self._fault = error
            raise
        return True

    def _play_alone(self, plan: _Plan, bound_s: float) -> None:
        """Play with nothing left of another plan; what it leaves itself ends with its process."""
        self._stage.begin_anew()
        try:
            self._play(plan, bound_s)
        except Mismatch:
            self._stage.replace_process()
            raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What Hypothesis raises becomes a Mismatch of the smallest plan that fails, or the fault
        of ours that it was; the case's row tells of the plans."""
        try:
            with without_constants_of_modules():
                yield
        except KeyboardInterrupt:
            raise
        except BaseException:
            if self._fault:
                raise self._fault from None
            if not self._failed:
                raise
        self._stage.generated = {"seed": self._generating.seed, "plans": len(self._outcomes)}
        if self._failed:
            raise self.failing(*self._smallest())

    def failing(self, plan: _Plan, error: Mismatch) -> Mismatch:
        """The error, which says what the plan is, as the case's row does."""
        generated = self._stage.generated or {}
        self._stage.generated = {**generated, "failing": plan.to_json()}
        error.actual = f"{error.actual}; the plan: {'; '.join(plan.words())}"
        return error

    def _smallest(self) -> tuple[_Plan, Mismatch]:
        """The smallest plan that fails, played once more with all the time it needs; its evidence
        is that of the case.

        If none fails now, as may be of one that waited for too short a time, the first is told.
        """
        self._shrink(self._failed[0][0])
        for plan, _ in sorted(self._failed, key=lambda failed: failed[0].size)[:_REPLAYED]:
            for _ in range(_REPLAYS):
                self._stage.begin_anew()
                try:
                    self._play(plan, self._wait_s)
                except Mismatch as error:
                    return plan, error
        plan, seen = self._failed[0]
        seen.actual += " (once: it passed when it was played again)"
        return plan, seen

    def _shrink(self, plan: _Plan) -> None:
        """Try what is smaller as long as something of it fails, and there is time."""
        limit_s = time.monotonic() + (self._bounds.shrink_s or _SHRINK_S_PART * hang_bound_s())
        bound_s = hang_bound_s() * _SHRINK_BOUND_PART
        last = len(self._outcomes) + _SHRINK_PLANS
        while True:
            for smaller in self._smaller(plan):
                if time.monotonic() > limit_s or len(self._outcomes) > last:
                    return
                if smaller.size < plan.size and smaller not in self._outcomes:
                    self._outcomes[smaller] = self._passes(smaller, bound_s)
                    if not self._outcomes[smaller]:
                        plan = smaller
                        break
            else:
                return
