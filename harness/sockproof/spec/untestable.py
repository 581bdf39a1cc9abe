"""The promises that have no case, each with the reason: nothing is left out in silence."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from sockproof.errors import CatalogueError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Untestable", "load_untestable"]

SHIPPED = Path(__file__).with_name("untestable.toml")


@dataclass(frozen=True)
class Untestable:
    """A promise in our own words, the address of its source, and why no black box can show it."""

    promise: str
    source: str
    because: str


def load_untestable(path: Path = SHIPPED) -> tuple[Untestable, ...]:
    """The list, in the order of the file.

    Raises:
        CatalogueError: it cannot be read, or an entry has not just the three texts.
    """
    try:
        entries = tomllib.loads(path.read_text("utf-8"))["untestable"]
        return tuple(Untestable(**entry) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CatalogueError(f"{path.name}: {error}", "install sockproof again") from None
