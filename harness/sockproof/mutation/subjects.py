"""What a proof is about: every mutant, named or generic, in one form, with a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from pathlib import Path

from sockproof.mutation.jobs import Aim
from sockproof.mutation.named import Mutant, MutationError, apply
from sockproof.spec.catalogue import Catalogue
from sockproof.spec.levels import PythonLevel

__all__ = ["MutantKind", "Subject", "first_difference", "named_subjects", "write_module"]


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
    fitting: list[Subject] = []
    unfit: list[str] = []
    for mutant in mutants:
        if mutant.since > level:
            continue
        try:
            text = apply(mutant, source)
        except MutationError:
            unfit.append(mutant.id)
            continue
        place = first_difference(source, text)
        specs = {name: catalogue[name].applies.specs() for name in mutant.killed_by}
        cases = [f"{name}[{mutant.spec}]" if specs[name] else name for name in specs]
        aim = Aim(tuple(cases), (mutant.category,), (mutant.spec, "TCP/inet", "UDP/inet"))
        group = mutant.category
        fitting.append(Subject(mutant.id, MutantKind.NAMED, group, mutant.title, text, *place, aim))
    return fitting, unfit


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
