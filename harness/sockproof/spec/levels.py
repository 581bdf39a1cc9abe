"""Requirement levels (RFC 2119, and OBSERVED) and the Python levels that requirements hold for."""

from __future__ import annotations

import re
from enum import Enum

__all__ = [
    "Level",
    "PythonLevel",
    "Word",
    "format_python_level",
    "holds_between",
    "parse_python_level",
]

# A Python language level, ``(3, 13)``; compared as tuples are.
PythonLevel = tuple[int, ...]


class Word(str, Enum):
    """One of a few words, which is its own text."""

    def __str__(self) -> str:
        return str(self.value)


class Level(Word):
    """How strongly a requirement is promised.

    ``MUST`` and ``MAY`` come from a sentence of the documentation, ``SHOULD`` from a hedged one, a
    docstring, or a bug that was accepted and mended. ``OBSERVED`` is promised by no document: it
    is recorded and compared between implementations, and can never fail.
    """

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    OBSERVED = "OBSERVED"


def parse_python_level(text: str) -> PythonLevel:
    """Parse ``"3.13"`` or ``"3.6.8"`` to a tuple of ints.

    Raises:
        ValueError: the text is not two or more numbers with dots between them.
    """
    if not re.fullmatch(r"\d+(\.\d+)+", text):
        raise ValueError(f"{text!r} is not a Python level such as 3.13")
    return tuple(int(part) for part in text.split("."))


def holds_between(level: PythonLevel, since: PythonLevel, until: PythonLevel) -> bool:
    """Whether ``level`` is in a span; both ends are in it, and an empty end leaves it open.

    Compared as far as the end is written: every 3.13.x is within ``until`` (3, 13).
    """
    return level[: len(since)] >= since and (not until or level[: len(until)] <= until)


def format_python_level(level: PythonLevel) -> str:
    """The reverse of :func:`parse_python_level`: ``(3, 13)`` gives ``"3.13"``."""
    return ".".join(str(part) for part in level)
