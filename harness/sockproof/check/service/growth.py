"""Whether a server holds more and more: what grows round after round is a leak, and what is made
once and kept, or fills up to a bound, as a pool of threads, is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from sockproof.check.processes import Standing
from sockproof.check.scene import Scene
from sockproof.check.stacks import held_at
from sockproof.judge.checks import Hang

__all__ = ["Growth"]

_COUNTED = ("threads", "children", "descriptors")
# How long is waited after a round for what may go by itself; after the last one, with patience.
_BETWEEN_S = 2.0
# What has grown in each round goes on to grow with so many clients as come in a crowd, or as find
# time: at half of its rate at least.
_MANY_WITHIN_S = 3.0


@dataclass
class Growth:
    """What the processes of a scene hold after each of so many ``rounds``; ``later`` is what they
    hold when many more have come, where it is tried.

    Raises:
        NotApplicable: they cannot be seen.
    """

    scene: Scene
    rounds: int = 4
    held: list[Standing] = field(default_factory=list)
    later: Standing | None = None
    _more: int = 0

    def __post_init__(self) -> None:
        self.scene.processes()

    def of_rounds(self, play: Callable[[], None], clients: int) -> None:
        """As many rounds as tell; ``clients`` come in each. What fills up to a bound grows in every
        round too, as long as it is not full: many more tell it from a leak, unless there are 0,
        where it is known for one."""
        for number in range(self.rounds):
            if not self.see(play) and number:
                return
        if not clients:
            return
        limit_s = time.monotonic() + _MANY_WITHIN_S
        while self._more * clients < self.scene.manners.crowd:
            play()
            self._more += 1
            if time.monotonic() > limit_s:
                break
        self.later, _ = self.scene.settled(lambda one: not self._goes_on(one), _BETWEEN_S)

    def _goes_on(self, now: Standing) -> list[str]:
        """What has grown since the last round as it did in the rounds."""
        before = _grown(self.held[-1], now)
        rounds = [_grown(one, other) for one, other in pairwise(self.held)]
        least = {name: min(one.get(name, 0) for one in rounds) for name in _COUNTED}
        return [
            name for name in _COUNTED if before.get(name, 0) * 2 >= least[name] * self._more > 0
        ]

    def see(self, play: Callable[[], None]) -> bool:
        """One round, and what is held once it is over: whether that is more than before."""
        play()
        is_last, before = len(self.held) + 1 >= self.rounds, self.held[-1] if self.held else None
        patience_s = self.scene.patience_s
        standing, back_s = self.scene.settled(
            lambda one: not (before and _grown(before, one)),
            patience_s if is_last else min(_BETWEEN_S, patience_s),
        )
        self.held.append(standing)
        return back_s is None

    def judge(self, expected: str, seen: str) -> None:
        """Put the figures into the row, and fail if anything has grown in every round.

        Raises:
            Hang: something has.
        """
        self.scene.observe("before", self.scene.figures(self.held[0]))
        self.scene.observe("after", self.scene.figures(self.held[-1]))
        grown = [_grown(one, other) for one, other in pairwise(self.held)]
        leaks = [name for name in _COUNTED if all(name in one for one in grown)]
        if self.later is not None:
            leaks = [name for name in leaks if name in self._goes_on(self.later)]
        if len(self.held) < self.rounds or not leaks:
            return
        stacks = self.scene.stacks()
        stands = ", ".join(held_at(stacks))
        told = f"{seen} there are more {' and '.join(map(self._told, leaks))}"
        raise Hang(expected, f"{told}; threads stand: {stands}" if stands else told, stacks)

    def _told(self, name: str) -> str:
        return f"{name} ({' → '.join(str(getattr(one, name)) for one in self.held)})"


def _grown(before: Standing, after: Standing) -> dict[str, int]:
    grown = after.more_than(before)
    return {name: grown[name] for name in _COUNTED if name in grown}
