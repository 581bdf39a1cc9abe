"""The old ids of requirements that were renamed, so that records from before can be compared."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from sockproof.errors import CatalogueError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["load_renames"]

SHIPPED = Path(__file__).with_name("renames.toml")
ID_PATTERN = re.compile(r"[a-z]+/[a-z0-9-]+")


def load_renames(known: Collection[str], path: Path = SHIPPED) -> Mapping[str, str]:
    """New requirement ids by old ones; ``known`` are the ids that the catalogue has today.

    Raises:
        CatalogueError: the file cannot be read; an old id is none, or is one of today; a new id is
            none of today.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{path.name}: {error}", "install sockproof again") from None
    for old, new in table.items():
        if problem := _problem(old, new, known):
            raise CatalogueError(f"{path.name}: {old!r} = {new!r}: {problem}")
    return table


def _problem(old: str, new: object, known: Collection[str]) -> str:
    """What is wrong with one line; empty when nothing is."""
    if not ID_PATTERN.fullmatch(old):
        return f"the old id does not match {ID_PATTERN.pattern}"
    if old in known:
        return "the old id is that of a requirement of today"
    return "" if isinstance(new, str) and new in known else "the new id is that of no requirement"
