"""The promises that have no case, each with the reason: nothing is left out in silence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sockproof.errors import CatalogueError
from sockproof.spec import toml_tables as toml

__all__ = ["Untestable", "load_untestable"]

SHIPPED = Path(__file__).with_name("untestable.toml")


@dataclass(frozen=True)
class Untestable:
    """A promise in our own words, the address of its source, and why no black box can show it."""

    promise: str
    source: str
    because: str


_ENTRY = toml.table({"promise": toml.FILLED, "source": toml.FILLED, "because": toml.FILLED})
FORMAT = toml.Format(toml.table({"untestable": toml.list_of(_ENTRY)}), CatalogueError)


def load_untestable(path: Path = SHIPPED) -> tuple[Untestable, ...]:
    """The list, in the order of the file.

    Raises:
        CatalogueError: it cannot be read, or an entry has not just the three texts.
    """
    return tuple(Untestable(**entry) for entry in FORMAT.read(path)["untestable"])
