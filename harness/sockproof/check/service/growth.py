"""Whether a server holds more and more: what grows round after round is a leak, and what is made
once and kept, or fills up to a bound, as a pool of threads, is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from sockproof.check.processes import Standing
from sockproof.check.scene import Scene
from sockproof.check.stacks import held_at
from sockproof.judge.checks import Hang
from sockproof.timing import scale

__all__ = ["Growth"]

_COUNTED = ("threads", "children", "descriptors")
# How long is waited after a round for what may go by itself; after the last one, with patience.
_BETWEEN_S, _AFTER_CROWDS_S = 0.5, 2.0
# Threads that are at work so long for clients that have left wait for no others, as a pool does.
_AT_WORK_S = 0.3
# What has grown in each round goes on to grow, at half of its rate at least, with each crowd that
# comes after them. Of descriptors there may be a cache that has room for several crowds; so many
# threads more are asked of nobody.
_CROWDS: Mapping[str, int] = {"descriptors": 5, "threads": 1, "children": 1}
_CROWD_WITHIN_S, _GLANCE_S = 15.0, 0.2


@dataclass
class Growth:
    """What the processes of a scene hold after each of so many ``rounds``, and then after each
    crowd, where crowds are tried.

    Raises:
        NotApplicable: they cannot be seen.
    """

    scene: Scene
    rounds: int = 4
    held: list[Standing] = field(default_factory=list)
    _after_crowds: list[Standing] = field(default_factory=list)
    _goes_on: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scene.processes()

    @property
    def leaks(self) -> list[str]:
        """What has grown in every round, and with the last crowd, if crowds have come."""
        return self._goes_on if self._after_crowds else list(self._rates)

    @property
    def _rates(self) -> Mapping[str, int]:
        """By how much each grows in a round, at least; of what does not, and before they are over,
        nothing."""
        grown = [_grown(one, other) for one, other in pairwise(self.held)]
        if len(self.held) < self.rounds:
            return {}
        steady = [name for name in _COUNTED if all(name in one for one in grown)]
        return {name: min(one[name] for one in grown) for name in steady}

    def of_rounds(self, play: Callable[[], None], clients: int) -> None:
        """As many rounds as tell; ``clients`` come in each. What fills up to a bound grows in every
        round too, as long as it is not full: crowds tell it from a leak, unless there are 0, where
        it is known for one, or the threads that are there are at work."""
        was_busy = self.scene.is_busy()
        for number in range(self.rounds):
            if not self.see(play) and number:
                return
        if clients and not (self._is_at_work and not was_busy):
            self.of_crowds(play, clients)

    @property
    def _is_at_work(self) -> bool:
        return "threads" in self._rates and bool(self.scene.spins(_AT_WORK_S))

    def of_crowds(self, play: Callable[[], None], clients: int) -> None:
        """Crowds come, of whom ``clients`` come each time, as long as something grows with them,
        and there is room for more: each as large as there is time for."""
        is_last = False
        while self.leaks and not is_last:
            limit_s = time.monotonic() + _CROWD_WITHIN_S * scale()
            before, times = (self._after_crowds or self.held)[-1], 0
            while times * clients < self.scene.manners.crowd:
                play()
                times += 1
                if time.monotonic() > limit_s:
                    break
            is_last = not self._has_room()
            grows_on = partial(self._grows_on, before, times)
            bound_s = _AFTER_CROWDS_S if is_last else _GLANCE_S
            now, _ = self.scene.settled(partial(_is_none_of, grows_on), bound_s)
            self._goes_on = grows_on(now)
            self._after_crowds.append(now)

    def _grows_on(self, before: Standing, times: int, now: Standing) -> list[str]:
        """What of the leaks has grown since then as it did in so many rounds."""
        grown = _grown(before, now)
        return [name for name in self.leaks if grown.get(name, 0) * 2 >= self._rates[name] * times]

    def _has_room(self) -> bool:
        """Whether one crowd more is asked for, and the server may hold what comes of it."""
        wanted = max(_CROWDS[name] for name in self.leaks)
        if len(self._after_crowds) + 1 >= wanted:
            return False
        standings = [self.held[-1], *self._after_crowds, self.scene.processes().standing()]
        most = max(two.descriptors - one.descriptors for one, two in pairwise(standings))
        limit = self.scene.processes().descriptor_limit
        return standings[-1].descriptors + 2 * most < limit

    def see(self, play: Callable[[], None]) -> bool:
        """One round, and what is held once it is over: whether that is more than before."""
        play()
        if not self.held:
            self.scene.comes_to_rest()  # what is just ending would hide what grows
        is_last, before = len(self.held) + 1 >= self.rounds, self.held[-1] if self.held else None
        patience_s = self.scene.patience_s

        def is_back(one: Standing) -> bool:
            return not (before and _grown(before, one))

        standing, back_s = self.scene.settled(is_back, min(_BETWEEN_S, patience_s))
        if back_s is None and is_last:
            self.scene.suspect()
            standing, back_s = self.scene.settled(is_back, patience_s)
        self.held.append(standing)
        return back_s is None

    def judge(self, expected: str, seen: str) -> None:
        """Put the figures into the row, and fail if anything is a leak.

        Raises:
            Hang: something is.
        """
        self.scene.observe("before", self.scene.figures(self.held[0]))
        self.scene.observe("after", self.scene.figures(self.held[-1]))
        if not self.leaks:
            return
        stacks = self.scene.stacks()
        stands = ", ".join(held_at(stacks))
        told = f"{seen} there are more {' and '.join(map(self._told, self.leaks))}"
        raise Hang(expected, f"{told}; threads stand: {stands}" if stands else told, stacks)

    def _told(self, name: str) -> str:
        return f"{name} ({' → '.join(str(getattr(one, name)) for one in self.held)})"


def _grown(before: Standing, after: Standing) -> dict[str, int]:
    grown = after.more_than(before)
    return {name: grown[name] for name in _COUNTED if name in grown}


def _is_none_of(grows_on: Callable[[Standing], list[str]], now: Standing) -> bool:
    return not grows_on(now)
