"""Which mutants are made of an interpreter's own module: those that the user asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sockproof.errors import UsageError
from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.implementation import parse_iut
from sockproof.mutation.equivalents import fitting_reasons, read_equivalents
from sockproof.mutation.mutated_module import MutatedModule
from sockproof.mutation.mutator import generic_mutants
from sockproof.mutation.named import Mutant
from sockproof.mutation.pairs import pairs_of
from sockproof.mutation.platform_tests import platform_of
from sockproof.mutation.rewriting import Rewrite, load_rewrites
from sockproof.mutation.rewritten_subjects import rewritten_subjects
from sockproof.mutation.subjects import MutantKind, Subject, named_subjects

__all__ = ["Choice", "chosen_subjects", "read_source", "refuse_module"]

_OLDEST = (3, 6)
_AnyMutant = TypeVar("_AnyMutant", Mutant, Rewrite, Subject)


@dataclass(frozen=True)
class Choice:
    """The mutants that the user asked for; ``pairs`` is how many of two generic ones at once."""

    module: MutatedModule
    kinds: frozenset[MutantKind]
    keyword: str
    sample: int
    pairs: int = 0


def refuse_module(given: str, module: MutatedModule) -> None:
    """Mutants are made of no other source.

    Raises:
        UsageError: it is not an interpreter alone.
    """
    implementation = parse_iut(given)
    if implementation.module or implementation.preload:
        raise UsageError(
            f"--iut {given}: mutants are made of an interpreter's own {module.name}",
            "name an interpreter, such as python3.12",
        )


def read_source(iut: ProbedIut) -> str:
    """The text of the interpreter's own module.

    Raises:
        UsageError: it is older than 3.6, or the file is not on this machine.
    """
    path = Path(iut.hello["module_file"])
    given = iut.implementation.given
    if iut.level < _OLDEST:
        raise UsageError(f"--iut {given}: it must be of Python 3.6 or newer")
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"--iut {given}: cannot read {path}: {error.strerror}") from None


def chosen_subjects(choice: Choice, iut: ProbedIut, source: str) -> tuple[list[Subject], list[str]]:
    """Those asked for; and the ids of named ones among them that this source has no place for."""
    module, catalogue = choice.module, choice.module.catalogue()
    subjects: list[Subject] = []
    unfit: list[str] = []
    if MutantKind.NAMED in choice.kinds:
        named = _wanted(module.named(), choice)
        subjects, unfit = named_subjects(named, source, iut.level, catalogue)
    if MutantKind.GENERIC in choice.kinds or choice.pairs:
        generic = _generic(module, iut, source)
        chosen = generic if MutantKind.GENERIC in choice.kinds else []
        subjects += _wanted([*chosen, *pairs_of(generic, source, choice.pairs)], choice)
    if MutantKind.REWRITTEN in choice.kinds:
        rewrites = _wanted(load_rewrites(catalogue=catalogue), choice)
        subjects, unfit = rewritten_subjects(rewrites, source, iut.level, catalogue)
    if not subjects:
        raise UsageError(f"-k {choice.keyword!r} names no mutant", "give a part of id or title")
    return subjects[:: choice.sample], unfit


def _generic(module: MutatedModule, iut: ProbedIut, source: str) -> list[Subject]:
    """Those made by rule, with the reason why nobody can tell some of them."""
    generic = generic_mutants(source, platform_of(iut.implementation, source), module.aim)
    keys = {mutant.key for mutant in generic}
    reasons = fitting_reasons(read_equivalents(module.equivalents), keys, iut.level)
    return [
        dataclasses.replace(mutant, equivalent=reasons.get(mutant.key, "")) for mutant in generic
    ]


def _wanted(mutants: Iterable[_AnyMutant], choice: Choice) -> list[_AnyMutant]:
    word = choice.keyword.casefold()
    return [one for one in mutants if word in f"{one.id} {one.title}".casefold()]
