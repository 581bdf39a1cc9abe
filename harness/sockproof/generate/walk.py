"""Walks of a socket through the table of calls: steps as data, and the model that says what each
comes to.

Every socket is of the module under test: the one that walks, and its peer. A step is legal where
the model knows its end: a value, or the errnos that POSIX allows. What would wait for ever, and
what no document determines, is no step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sockproof.generate.client_plan import Playable

__all__ = ["AMOUNTS", "Walk", "WalkModel", "WalkStep", "smaller_walks", "taken", "walk_octets"]

# How many octets a step sends, or takes at most.
AMOUNTS = (1, 7, 300)
# What may be under way at once, so that no buffer is ever full.
UNDER_WAY_OCTETS = 4_000
MODES = {"block": "blocking", "take a timeout": "timeout", "do not wait": "non-blocking"}
# What a call comes to that has to wait, by mode; one that blocks waits for ever.
IN_VAIN = {"blocking": "", "timeout": "timeout", "non-blocking": "EAGAIN"}


@dataclass(frozen=True)
class WalkStep:
    """One step; ``amount`` is in octets, 0 where there are none. What the peer does says so."""

    do: str
    amount: int = 0

    def __str__(self) -> str:
        return f"{self.do} {self.amount}" if self.amount else self.do


@dataclass(frozen=True)
class Walk(Playable):
    """The walk of a socket of the kind ``spec``, such as ``stream inet``."""

    moves: tuple[WalkStep, ...]

    @property
    def size(self) -> tuple[int, ...]:
        """Steps, and octets."""
        return len(self.moves), sum(step.amount for step in self.moves)

    def words(self) -> list[str]:
        return [self.spec, *map(str, self.moves)]

    def to_json(self) -> dict[str, Any]:
        moves = [
            {"do": one.do, **({"amount": one.amount} if one.amount else {})} for one in self.moves
        ]
        return {"spec": self.spec, "moves": moves}


def walk_octets(start: int, length: int) -> bytes:
    """The octets of a direction from one of them on: any loss or exchange shows."""
    return bytes((start + n) % 251 for n in range(length))


# Of a step: what it comes to, in words that "|" separates, empty where it is not legal; and what
# becomes of the model if it is done. Both are given the octets.
Rule = tuple[Callable[[Any, int], str], Callable[[Any, int], object]]


@dataclass
class WalkModel(ABC):
    """Where a socket stands. ``phase`` is one of "", "fresh", "bound", "listening", "connected" and
    "closed"; ``mode`` as in MODES; ``is_shut``: it has ended its sending. ``family`` is that of its
    address."""

    family: str
    phase: str = ""
    mode: str = "blocking"
    is_shut: bool = False
    steps: Mapping[str, Rule] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.phase not in ("", "closed")

    @abstractmethod
    def begin(self) -> None:
        """There is a new socket."""

    def expected(self, step: WalkStep) -> str:
        """What it comes to, in words; empty where it is not legal now."""
        is_legal, _ = self.steps[step.do]
        # Nothing but a new socket follows on the end of one, or is its beginning.
        if not self.phase and step.do != "make":
            return ""
        return is_legal(self, step.amount)

    def take(self, step: WalkStep) -> str:
        """The step is taken: what it has come to, as :meth:`expected`."""
        words = self.expected(step)
        if words and "E" not in words and words != "timeout":
            _, becomes = self.steps[step.do]
            becomes(self, step.amount)
        return words


def becomes(**state: Any) -> Callable[[WalkModel, int], None]:
    """The effect of a step that sets just these."""
    return lambda model, _: vars(model).update(state)


def in_phase(**words: str) -> Callable[[WalkModel, int], str]:
    """What a step comes to in each phase, where nothing else matters."""
    return lambda model, _: words.get(model.phase, "")


def nothing_becomes(_model: WalkModel, _amount: int) -> None:
    """A step that changes nothing."""


def _if_other(mode: str) -> Callable[[WalkModel, int], str]:
    return lambda model, _: "done" if model.is_open and model.mode != mode else ""


# The steps of every kind of socket.
ALWAYS: Mapping[str, Rule] = {
    "make": (lambda m, _: "" if m.is_open else "done", lambda m, _: m.begin()),
    "close": (lambda *_: "done", lambda m, _: m.end()),
    "copy": (lambda m, _: "done" if m.is_open else "", nothing_becomes),
    **{do: (_if_other(mode), becomes(mode=mode)) for do, mode in MODES.items()},
}


def taken(walk: Walk, model: WalkModel, steps: Sequence[WalkStep]) -> Walk:
    """The walk of those of the steps that are legal, one after the other."""
    legal = []
    for step in steps:
        if step.do in model.steps and model.take(step):
            legal.append(step)
    return Walk(walk.spec, tuple(legal))


def smaller_walks(walk: Walk, model: Callable[[], WalkModel]) -> Iterator[Walk]:
    """Walks with a step or two less than this one, then with fewer octets."""
    steps = walk.moves
    for count in (1, 2):
        for left_out in combinations(range(len(steps)), count):
            rest = [one for n, one in enumerate(steps) if n not in left_out]
            yield taken(walk, model(), rest)
    for number, step in enumerate(steps):
        for less in (one for one in AMOUNTS if one < step.amount):
            fewer = WalkStep(step.do, less)
            yield taken(walk, model(), [*steps[:number], fewer, *steps[number + 1 :]])
