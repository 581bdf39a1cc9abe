"""Where a requirement is played: what stands in a case id's brackets, in order and in words.

A place is a server spec, ``TCP/inet``, with a variant ``TCP/inet,backlog 5``, or empty where the
requirement is about no server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sockproof.record.rows import CaseRow

__all__ = ["in_order", "place_of", "place_words"]

SHOWN = 3
"""Places that are named one by one, of many."""

_SPEC = re.compile(r"(?P<mixin>Threading|Forking|)(?P<mixed>\+?)(?P<kind>\w+)/(?P<family>\w+)")
_ORDER = {
    "kind": ("TCP", "UDP", "UnixStream", "UnixDatagram"),
    "mixin": ("", "Threading", "Forking"),
    "mixed": ("", "+"),
    "family": ("inet", "inet6", "path", "abstract"),
}


def place_of(case: CaseRow) -> str:
    """The place of a case."""
    return case.id.removeprefix(case.requirement).removeprefix("[").removesuffix("]")


def in_order(places: Iterable[str]) -> tuple[str, ...]:
    """The places in the order of the matrix of server specs, in whatever order they were played."""
    return tuple(sorted(places, key=_position))


def _position(place: str) -> tuple[list[int], str]:
    spec = _SPEC.match(place)
    if spec is None:
        return [len(_ORDER)], place
    ranks = [
        words.index(spec[name]) if spec[name] in words else len(words)
        for name, words in _ORDER.items()
    ]
    return ranks, place


def place_words(places: Sequence[str], of: int = 0) -> str:
    """``TCP/inet, UDP/inet``, ``TCP/inet, TCP/inet6, UDP/inet and 4 more``, ``all 12 cases``."""
    if len(places) <= SHOWN:
        return ", ".join(filter(None, places))
    if len(places) == of:
        return f"all {of} cases"
    return f"{', '.join(places[:SHOWN])} and {len(places) - SHOWN} more"
