"""Named mutants: an interpreter's own socketserver.py with one small, named thing broken.

A mutant is described in a TOML file of ``mutants``, beside this, one file an area::

    [[mutant]]
    id = "shutdown-does-not-wait"
    title = "shutdown() returns before the loop has ended."
    source = "realistic mistake"            # or the issue that it brings back: "bpo-35017"
    category = "serving"
    killed_by = ["serving/shutdown-waits-for-the-loop"]
    spec = "TCP/inet"                       # where to look
    since = "3.11"                          # optional: first Python that has what is broken
    [[mutant.change]]
    find = "self.__is_shut_down.wait()"     # or a list of which exactly one must occur
    replace = "pass"

Every text to find must occur exactly once: a mutant that another Python's source would break in
two places, or not at all, is refused instead of proving nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sockproof.errors import HarnessError, UsageError
from sockproof.spec import toml_tables as toml
from sockproof.spec.catalogue import Catalogue, load_catalogue
from sockproof.spec.levels import PythonLevel
from sockproof.spec.matrix import spec_by_id

__all__ = [
    "CHANGE",
    "Described",
    "Mutant",
    "MutationError",
    "SourceChange",
    "apply",
    "load_mutants",
    "once_each",
    "refuse_others",
]

# The folder that describes them.
MUTANTS = Path(__file__).with_name("mutants")
TEXT_KEYS = ("id", "title", "source", "category", "spec")


class MutationError(HarnessError):
    """A mutant is described wrongly, or does not fit the source it is applied to."""


class Described(Protocol):
    """What a TOML file describes, by an id, where to look at it, and the first Python it is for."""

    @property
    def id(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def since(self) -> PythonLevel: ...


_D = TypeVar("_D", bound=Described)


@dataclass(frozen=True)
class SourceChange:
    """One replacement. Of the alternatives in ``find`` exactly one occurs, exactly once."""

    find: tuple[str, ...]
    replace: str


@dataclass(frozen=True)
class Mutant:
    """A named broken socketserver.

    ``source`` is the issue it brings back, or ``realistic mistake``. At least one requirement of
    ``killed_by`` must fail, hang or end uncleanly on it; ``spec`` is where that shows. ``since``
    is the first Python whose socketserver has what is broken; empty when that is any. ``append`` is
    text that stands after all other.
    """

    id: str
    title: str
    source: str
    category: str
    killed_by: tuple[str, ...]
    spec: str
    changes: tuple[SourceChange, ...]
    since: PythonLevel = ()
    append: str = ""


CHANGE = toml.table({"find": toml.FILLED_OR_LIST, "replace": toml.TEXT})
_LISTS = {"killed_by": toml.list_of(toml.FILLED, least=1), "change": toml.list_of(CHANGE, least=1)}
_MUTANT = toml.table({**dict.fromkeys(TEXT_KEYS, toml.FILLED), **_LISTS}, since=toml.LEVEL)
_FILE = toml.table({"mutant": toml.list_of(_MUTANT)})
FORMAT = toml.Format(_FILE, MutationError, "correct the file")


def load_mutants(
    folder: Path | None = None, catalogue: Catalogue | None = None
) -> tuple[Mutant, ...]:
    """Read the mutants of all TOML files in ``folder``, by default the shipped one, by file name.

    ``killed_by`` may name what is in ``catalogue``, by default the one that sockproof ships.

    Raises:
        MutationError: a file is not TOML; a key is unknown or missing; an id comes twice; a spec
            or a requirement does not exist; a requirement is not about the spec.
    """
    known = load_catalogue() if catalogue is None else catalogue
    mutants = (
        _mutant(path, entry)
        for path in sorted((folder or MUTANTS).glob("*.toml"))
        for entry in FORMAT.read(path)["mutant"]
    )
    found = once_each("mutant", mutants)
    for mutant in found:
        refuse_others("mutant", mutant, "killed_by", known)
    return found


def once_each(kind: str, described: Iterable[_D]) -> tuple[_D, ...]:
    """All of them.

    Raises:
        MutationError: an id comes twice.
    """
    found: dict[str, _D] = {}
    for one in described:
        if one.id in found:
            raise MutationError(f"{kind} {one.id!r} is there twice", "rename one of them")
        found[one.id] = one
    return tuple(found.values())


def refuse_others(kind: str, one: Described, key: str, catalogue: Catalogue) -> None:
    """Refuse requirements under ``key`` that do not exist, or that no case puts to its spec.

    Raises:
        MutationError: one of them is such.
    """
    for requirement_id in getattr(one, key):
        told = f"{kind} {one.id!r}:"
        if requirement_id not in catalogue:
            raise MutationError(f"{told} no requirement {requirement_id!r}", f"correct {key!r}")
        applies = catalogue[requirement_id].applies
        if not applies.none and spec_by_id(one.spec) not in applies.specs():
            hint = "look at another spec"
            raise MutationError(f"{told} {requirement_id!r} is not about {one.spec}", hint)


def apply(mutant: Mutant, source_text: str) -> str:
    """The text of socketserver.py with the mutant's changes made, one after the other.

    Raises:
        MutationError: a text to find does not occur exactly once, nothing changes, or the result
            does not compile.
    """
    text = source_text
    for change in mutant.changes:
        text = text.replace(_fitting(mutant, change, text), change.replace)
    text += f"\n\n{mutant.append}\n" if mutant.append else ""
    if text == source_text:
        raise MutationError(f"mutant {mutant.id!r} changes nothing", "replace by something else")
    try:
        compile(text, f"<{mutant.id}>", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise MutationError(
            f"mutant {mutant.id!r} does not compile: {error}", "mind the indentation of 'replace'"
        ) from error
    return text


def _mutant(path: Path, entry: Mapping[str, Any]) -> Mutant:
    try:
        spec_by_id(entry["spec"])
    except UsageError as error:
        raise MutationError(f"{path}: mutant {entry['id']!r}: {error}") from error
    changes = [SourceChange(toml.as_tuple(one["find"]), one["replace"]) for one in entry["change"]]
    read: dict[str, Any] = {key: entry[key] for key in TEXT_KEYS} | toml.levels_of(entry)
    return Mutant(killed_by=tuple(entry["killed_by"]), changes=tuple(changes), **read)


def _fitting(mutant: Mutant, change: SourceChange, text: str) -> str:
    """The one alternative that occurs in ``text``, and occurs once."""
    counts = {find: text.count(find) for find in change.find}
    if sum(counts.values()) != 1:
        first_line = change.find[0].strip().splitlines()[0]
        raise MutationError(
            f"mutant {mutant.id!r}: {first_line!r} occurs {sum(counts.values())} times",
            "it must occur exactly once",
        )
    return next(find for find, count in counts.items() if count == 1)
