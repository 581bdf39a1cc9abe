"""Where a requirement is played, in order and in words: what stands in its case ids' brackets.

A place is a server spec, ``TCP/inet``, with a variant ``TCP/inet,backlog 5``, or empty where the
requirement starts no server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sockproof.spec.matrix import ALL_SPECS

__all__ = ["in_order", "place_words"]

# Places that are named one by one, of many.
SHOWN = 3
_NUMBERS = {spec.id: number for number, spec in enumerate(ALL_SPECS)}


def in_order(places: Iterable[str]) -> tuple[str, ...]:
    """The places in the order of the matrix of server specs, in whatever order they were played."""
    return tuple(sorted(places, key=_position))


def _position(place: str) -> tuple[int, str]:
    """What is of no spec that we know comes last."""
    return _NUMBERS.get(place.partition(",")[0], len(_NUMBERS)), place


def place_words(places: Sequence[str], of: int = 0) -> str:
    """``TCP/inet, UDP/inet``, ``TCP/inet, TCP/inet6, UDP/inet and 4 more``, ``all 12 cases``."""
    if len(places) <= SHOWN:
        return ", ".join(filter(None, places))
    if len(places) == of:
        return f"all {of} cases"
    return f"{', '.join(places[:SHOWN])} and {len(places) - SHOWN} more"
