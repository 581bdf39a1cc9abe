"""Whether a server holds more and more: what grows round after round is a leak, and what is made
once and kept, as a pool of threads, is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sockproof.check.processes import Standing
from sockproof.check.scene import Scene
from sockproof.check.stacks import held_at
from sockproof.judge.checks import Hang

__all__ = ["Growth"]

_COUNTED = ("threads", "children", "descriptors")
# How long is waited after a round for what may go by itself; after the last one, with patience.
_BETWEEN_S = 2.0


@dataclass
class Growth:
    """What the processes of a scene hold after each of so many ``rounds``.

    Raises:
        NotApplicable: they cannot be seen.
    """

    scene: Scene
    rounds: int = 4
    held: list[Standing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scene.processes()

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
        grown = [_grown(one, other) for one, other in zip(self.held, self.held[1:], strict=False)]
        leaks = [name for name in _COUNTED if all(name in one for one in grown)]
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
