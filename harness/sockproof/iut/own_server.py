"""What an implementation says of a user's server class: what it stands for, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sockproof.spec.matrix import ServerSpec

__all__ = ["Overridden", "OwnServer"]


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
