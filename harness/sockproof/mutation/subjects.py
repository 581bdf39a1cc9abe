"""What a proof is about: every mutant, named or generic, in one form, with a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from pathlib import Path
from typing import TypeVar

from sockproof.mutation.jobs import Aim
from sockproof.mutation.named import Described, Mutant, MutationError, apply
from sockproof.spec.catalogue import Catalogue
from sockproof.spec.levels import PythonLevel

__all__ = ["MutantKind", "Subject", "cases_at", "first_difference", "named_subjects"]
__all__ += ["with_texts", "write_module"]


_D = TypeVar("_D", bound=Described)


class MutantKind(str, Enum):
    """Where a mutant comes from."""

    NAMED = "named"
    GENERIC = "generic"
    PAIR = "pair"
    REWRITTEN = "rewritten"


@dataclass(frozen=True)
class Subject:
    """One mutant. ``text`` is the whole module, ``line`` where it first differs from the source;
    ``old`` and ``new`` are the lines that differ.

    ``key`` names a generic one whatever else changes in the source: qualified name, operator, what
    becomes of which text. ``equivalent`` says why nobody can tell it from the source, of one that
    is listed as such. One that ``is_right`` must show nothing: it is played to the end.
    """

    id: str
    kind: MutantKind
    group: str
    title: str
    text: str
    line: int
    old: str
    new: str
    aim: Aim
    key: str = ""
    equivalent: str = ""
    is_right: bool = False


def named_subjects(
    mutants: Sequence[Mutant], source: str, level: PythonLevel, catalogue: Catalogue
) -> tuple[list[Subject], list[str]]:
    """The named mutants of this Python level; and the ids of those that do not fit its source,
    as those made for another version may."""
    fitting, unfit = with_texts(mutants, source, level, apply)
    return [_named(one, text, source, catalogue) for one, text in fitting], unfit


def _named(one: Mutant, text: str, source: str, catalogue: Catalogue) -> Subject:
    cases = cases_at(one.spec, one.killed_by, catalogue)
    aim = Aim(cases, (one.category,), (one.spec, "TCP/inet", "UDP/inet"))
    place = first_difference(source, text)
    return Subject(one.id, MutantKind.NAMED, one.category, one.title, text, *place, aim)


def with_texts(
    described: Iterable[_D], source: str, level: PythonLevel, text_of: Callable[[_D, str], str]
) -> tuple[list[tuple[_D, str]], list[str]]:
    """Those of this Python level, each with the text of its module; and the ids of those that the
    source has no place for."""
    fitting: list[tuple[_D, str]] = []
    unfit: list[str] = []
    for one in described:
        if one.since <= level:
            try:
                fitting.append((one, text_of(one, source)))
            except MutationError:
                unfit.append(one.id)
    return fitting, unfit


def cases_at(spec: str, requirements: Iterable[str], catalogue: Catalogue) -> tuple[str, ...]:
    """The cases of these requirements at a server spec, of those that have specs."""
    has_specs = {name: catalogue[name].applies.specs() for name in requirements}
    return tuple(f"{name}[{spec}]" if has_specs[name] else name for name in has_specs)


def first_difference(source: str, text: str) -> tuple[int, str, str]:
    """The number of the first line that differs, and the lines that do, of both."""
    old, new = source.splitlines(), text.splitlines()
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    was, now = ("\n".join(each[first : len(each) - last]).rstrip() for each in (old, new))
    return first + 1, was, now


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines at the beginning are the same."""
    pairs = zip(old, new, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def write_module(folder: Path, name: str, text: str, file: str) -> Path:
    """A module that is called ``file``, in a folder of its own: under the name that it has in the
    standard library it can stand in for that."""
    path = folder / name / file
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path
