"""One requirement: what is promised, by which source, for which Pythons and servers."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from sockproof.spec.area_names import PATIENT, module_of
from sockproof.spec.levels import Level, PythonLevel, format_python_level, holds_between
from sockproof.spec.matrix import ALL_SPECS, FAMILIES, KINDS, MIXINS, ServerSpec

__all__ = [
    "ID_PATTERN",
    "NARROWING_WORDS",
    "Applies",
    "Requirement",
]

ID_PATTERN = r"[a-z]+/[a-z0-9-]+"
# What a requirement can be narrowed by, and to which words.
NARROWING_WORDS = {"kind": KINDS, "mixin": MIXINS, "family": FAMILIES}


@dataclass(frozen=True)
class Applies:
    """Which rows of the matrix a requirement is about; an empty tuple does not narrow.

    ``none`` is true for requirements that take no server spec at all, such as those on names.
    """

    kind: tuple[str, ...] = ()
    mixin: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    predefined_only: bool = False
    none: bool = False

    @property
    def is_consistent(self) -> bool:
        """Whether ``none`` stands alone if it stands at all."""
        return not self.none or self == Applies(none=True)

    @functools.cache  # noqa: B019  # of a few dozen values, for as long as the catalogue lives
    def specs(self) -> tuple[ServerSpec, ...]:
        """The specs meant, in the order of the matrix; empty when ``none`` is true."""
        return () if self.none else tuple(spec for spec in ALL_SPECS if self._selects(spec))

    def _selects(self, spec: ServerSpec) -> bool:
        narrowed = all(
            not (words := getattr(self, name)) or getattr(spec, name) in words
            for name in NARROWING_WORDS
        )
        return narrowed and not (self.predefined_only and spec.mixed)


@dataclass(frozen=True)
class Requirement:
    """One promise: what it says, how strongly, by which source, and what it is about.

    ``symptoms`` are what users write who meet it broken, or who ask about it.
    """

    id: str
    title: str
    level: Level
    source: str
    since: PythonLevel = ()
    until: PythonLevel = ()
    applies: Applies = field(default_factory=Applies)
    symptoms: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        """The part of the id before the slash, which is also the name of its file."""
        return self.id.partition("/")[0]

    @property
    def module(self) -> str:
        """The module that makes the promise."""
        return module_of(self.area)

    @property
    def is_patient(self) -> bool:
        """Whether its cases wait for as long as what must not give up is made to wait."""
        return self.area == PATIENT

    def holds_for(self, level: PythonLevel) -> bool:
        """Whether an implementation of this Python ``level`` is bound by the requirement."""
        return not self.why_not(level)

    def why_not(self, level: PythonLevel) -> str:
        """Why the requirement does not bind ``level``, in words; empty when it does."""
        if not holds_between(level, self.since, ()):
            return f"since Python {format_python_level(self.since)}"
        if not holds_between(level, (), self.until):
            return f"until Python {format_python_level(self.until)}"
        return ""
