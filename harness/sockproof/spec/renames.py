"""The old ids of requirements that were renamed, so that records from before can be compared."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from sockproof.errors import CatalogueError
from sockproof.spec import toml_tables as toml
from sockproof.spec.requirement import ID_PATTERN

__all__ = ["load_renames", "new_ids"]

SHIPPED = Path(__file__).with_name("renames.toml")
FORMAT = toml.Format({"type": "object", "additionalProperties": toml.TEXT}, CatalogueError)


def load_renames(known: Collection[str], path: Path = SHIPPED) -> Mapping[str, str]:
    """New requirement ids by old ones; ``known`` are the ids that the catalogue has today.

    Raises:
        CatalogueError: the file cannot be read; an old id is none, or is one of today; a new id is
            none of today.
    """
    table = FORMAT.read(path)
    for old, new in table.items():
        if problem := _problem(old, new, known):
            raise CatalogueError(f"{path}: {old!r} = {new!r}: {problem}")
    return table


def new_ids(text: str, known: Collection[str]) -> str:
    """What the old ids in a text, such as a ``-k``, are called today; empty without one."""
    found = {old: new for old, new in FORMAT.read(SHIPPED).items() if old in text and new in known}
    return "; ".join(f"{old} is called {new} now" for old, new in found.items())


def _problem(old: str, new: str, known: Collection[str]) -> str:
    """What is wrong with one line; empty when nothing is."""
    if not re.fullmatch(ID_PATTERN, old):
        return f"the old id does not match {ID_PATTERN}"
    if old in known:
        return "the old id is that of a requirement of today"
    return "" if new in known else "the new id is that of no requirement"
