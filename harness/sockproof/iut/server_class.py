"""What an implementation says of a user's server class: what it stands for, and what it changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sockproof.errors import IutUnavailable
from sockproof.iut.implementation import Implementation
from sockproof.spec.matrix import ServerSpec

__all__ = ["Overridden", "OwnServer", "in_the_way"]

# Of what a class overrides, put back one by one to see which is in the way: each takes a probe.
_MOST_TRIED = 12


@dataclass(frozen=True)
class Overridden:
    """What a class, ``of``, has otherwise than socketserver's: a ``value`` as source text, with
    what it is there ``instead``; or a method, with the ``place`` where it is written."""

    name: str
    of: str
    value: str = ""
    instead: str = ""
    place: str = ""

    @property
    def is_method(self) -> bool:
        return bool(self.place)


@dataclass(frozen=True)
class OwnServer:
    """A class that derives from a documented one, ``stands_for``, and has addresses of ``family``;
    ``below`` is the module that it takes the rest from. ``takes_optional`` says whether its
    constructor takes ``bind_and_activate``, as socketserver's do."""

    stands_for: str
    family: str
    below: str
    overridden: tuple[Overridden, ...]
    takes_optional: bool

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> OwnServer:
        """As an agent tells it."""
        return cls(
            told["stands_for"],
            told["family"],
            told["below"],
            tuple(Overridden(**one) for one in told["overridden"]),
            told["optional"],
        )

    def is_of(self, spec: ServerSpec) -> bool:
        """Whether it is a class of this spec."""
        if spec.mixed or spec.class_name != self.stands_for:
            return False
        return spec.family == self.family or (spec.is_unix and self.family == "path")


def in_the_way(
    implementation: Implementation,
    hello: Mapping[str, Any],
    error: IutUnavailable,
    can_serve: Callable[[Implementation], bool],
) -> IutUnavailable:
    """Why a user's server class does not serve a scripted handler: by what it overrides, if it
    ``can_serve`` with that put back; else the error as it is."""
    if not implementation.server or implementation.restored:
        return error
    for one in OwnServer.of(hello["server"]).overridden[:_MOST_TRIED]:
        if can_serve(dataclasses.replace(implementation, restored=(one.name,))):
            name = f"{one.name}()" if one.is_method else one.name
            told = f"{implementation.given}: its {name} keeps scripted handlers from being served"
            return IutUnavailable(
                f"{told}: {error.message.removeprefix(f'{implementation.given}: ')}",
                f"judge it with its own handler: sockproof check --server {implementation.given} "
                "--handler MODULE:CLASS",
            )
    return error
