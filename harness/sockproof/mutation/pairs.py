"""Pairs of generic mutants: two changes of one class at once, of which one may hide the other.

Which pairs there are is drawn, always alike: the first ones of many are the few.
"""

from __future__ import annotations

import dataclasses
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from sockproof.mutation.jobs import Aim
from sockproof.mutation.subjects import MutantKind, Subject, first_difference

__all__ = ["pairs_of"]

_SEED = 20
_TRIES = 50
"""So many draws for each pair that is asked for: a small source has few that fit."""


def pairs_of(mutants: Sequence[Subject], source: str, wanted: int) -> list[Subject]:
    """As many as are ``wanted``, or as there are found, of mutants of this ``source`` that keep its
    number of lines. None is of one that is listed as equivalent, none of two in one line."""
    return [
        dataclasses.replace(pair, id=f"pair-{number:04}")
        for number, pair in enumerate(islice(_drawn(mutants, source, wanted), wanted), start=1)
    ]


def _drawn(mutants: Sequence[Subject], source: str, wanted: int) -> Iterator[Subject]:
    by_class: dict[str, list[Subject]] = defaultdict(list)
    for one in mutants:
        if not one.equivalent:
            by_class[_class_of(one)].append(one)
    single = [one for those in by_class.values() for one in those]
    draw = random.Random(_SEED)
    seen: set[str] = set()
    for _ in range(_TRIES * wanted if single else 0):
        one = draw.choice(single)
        other = draw.choice(by_class[_class_of(one)])
        text = _together(source, one.text, other.text)
        if text is not None and text not in seen and _compiles(text):
            seen.add(text)
            yield _pair(one, other, source, text)


def _class_of(mutant: Subject) -> str:
    return mutant.group.partition(".")[0]


def _together(source: str, one: str, other: str) -> str | None:
    """Both changes made, unless they are in the same lines."""
    lines = []
    for was, first, second in zip(*map(str.splitlines, (source, one, other)), strict=True):
        if first != was != second:
            return None
        lines.append(second if first == was else first)
    return "\n".join(lines) + "\n"


def _compiles(text: str) -> bool:
    try:
        compile(text, "<pair>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _pair(one: Subject, other: Subject, source: str, text: str) -> Subject:
    areas = dict.fromkeys((*one.aim.areas, *other.aim.areas))
    line, old, new = first_difference(source, text)
    return dataclasses.replace(
        one,
        kind=MutantKind.PAIR,
        title=f"{one.title}; and {other.title}",
        text=text,
        line=line,
        old=old,
        new=new,
        aim=Aim((), tuple(areas), one.aim.specs, one.aim.reach),
        key=f"{one.key} & {other.key}",
    )
