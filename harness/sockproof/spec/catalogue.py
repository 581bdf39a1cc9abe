"""The catalogue of requirements: one TOML file per behaviour area, read and checked as a whole.

A file names its area in ``title`` and lists ``[[requirement]]`` tables::

    title = "Dispatch of requests"

    [[requirement]]
    id = "dispatch/refused-request-is-closed"   # area (the file's stem) / words
    title = "A refused request is closed."      # one sentence, in our own words
    level = "SHOULD"                            # see sockproof.spec.levels.Level
    source = "https://bugs.python.org/issue26309"
    since = "2.7"                               # optional; both inclusive
    until = "3.13"                              # optional; "3.13" holds for every 3.13.x
    applies = { kind = ["TCP"], mixin = ["none"], family = ["inet"], predefined_only = true }
    symptoms = ["denied client waits forever", "connection stays open after verify_request()"]

``applies`` narrows the server specs; absent it means all of them, and ``{ none = true }`` means
that the requirement starts no server at all. ``symptoms`` are at least two phrases, as users write
them: what they see where the promise is broken, or what they ask where it is only OBSERVED.
``sockproof find`` searches them, and no record has them.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sockproof.errors import CatalogueError, UsageError
from sockproof.spec import toml_tables as toml
from sockproof.spec.area_names import SOCKETS
from sockproof.spec.levels import Level, holds_between
from sockproof.spec.renames import new_ids
from sockproof.spec.requirement import ID_PATTERN, NARROWING_WORDS, Applies, Requirement

__all__ = [
    "SHIPPED",
    "Catalogue",
    "load_catalogue",
    "load_checked",
    "load_everything",
    "load_invariants",
    "load_modules",
    "load_service",
    "load_socket",
    "read_catalogue",
]

SHIPPED = Path(__file__).parent / "requirements"
INVARIANTS = Path(__file__).parent / "invariants"
SERVICE = Path(__file__).parent / "service"
SOCKET = Path(__file__).parent / "socket"
_APPLIES = toml.table(
    **{name: toml.list_of(toml.one_of(words), least=1) for name, words in NARROWING_WORDS.items()},
    predefined_only=toml.FLAG,
    none=toml.FLAG,
)
_REQUIREMENT = toml.table(
    {
        "id": toml.shaped(ID_PATTERN, "an id such as area/words-in-lower-case"),
        "title": toml.shaped(r".*\.", "one sentence with a full stop"),
        "level": toml.one_of(Level),
        "source": toml.shaped(r"https://[^\s/]+/\S+", "a URL"),
        "symptoms": toml.list_of(toml.FILLED, least=2),
    },
    since=toml.LEVEL,
    until=toml.LEVEL,
    applies=_APPLIES,
)
_AREA = toml.table({"title": toml.FILLED, "requirement": toml.list_of(_REQUIREMENT)})
FORMAT = toml.Format(_AREA, CatalogueError)


class Catalogue(Mapping[str, Requirement]):
    """All requirements by id, in the order of areas (by name) and of their files."""

    def __init__(self, areas: Mapping[str, str], requirements: Iterable[Requirement]) -> None:
        # The title of each area, by its name.
        self.areas = dict(areas)
        self._by_id = {requirement.id: requirement for requirement in requirements}

    def __getitem__(self, requirement_id: str) -> Requirement:
        return self._by_id[requirement_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, requirement_id: str) -> Requirement:  # type: ignore[override]  # no default
        """The requirement with this id.

        Raises:
            UsageError: there is none; the hint names its new id, or ids that look like it.
        """
        if requirement_id in self._by_id:
            return self._by_id[requirement_id]
        if now := new_ids(requirement_id, self):
            raise UsageError(f"no requirement {requirement_id!r}", now)
        close = difflib.get_close_matches(requirement_id, self._by_id, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "see 'sockproof list'"
        raise UsageError(f"no requirement {requirement_id!r}", hint)


@functools.cache
def load_catalogue() -> Catalogue:
    """The requirements that sockproof ships."""
    return read_catalogue(SHIPPED)


@functools.cache
def load_socket() -> Catalogue:
    """What a run holds against the ``socket`` module: one area, a file for each family of calls."""
    return read_catalogue(SOCKET, SOCKETS)


@functools.cache
def load_modules() -> Catalogue:
    """Both: all that a run may hold against a module."""
    return _together(load_catalogue(), load_socket())


@functools.cache
def load_invariants() -> Catalogue:
    """What ``sockproof check`` holds against any server, whoever made it."""
    return read_catalogue(INVARIANTS)


@functools.cache
def load_service() -> Catalogue:
    """What ``sockproof check`` holds against a server of which it has an example."""
    return read_catalogue(SERVICE)


@functools.cache
def load_checked() -> Catalogue:
    """Both: all that a check holds against a server."""
    return _together(load_invariants(), load_service())


@functools.cache
def load_everything() -> Catalogue:
    """What a run holds against a module, and what a check does against any server."""
    return _together(load_modules(), load_checked())


def _together(*catalogues: Catalogue) -> Catalogue:
    areas = {name: title for one in catalogues for name, title in one.areas.items()}
    return Catalogue(areas, (requirement for one in catalogues for requirement in one.values()))


def read_catalogue(folder: Path, whole: str = "") -> Catalogue:
    """Read every ``*.toml`` of a folder; with ``whole`` all are of this one area, which has the
    titles of its files for a title.

    Raises:
        CatalogueError: a file or a requirement is not in order; the message names both.
    """
    areas: dict[str, str] = {}
    taken: dict[str, Path] = {}
    requirements: list[Requirement] = []
    for path in sorted(folder.glob("*.toml")):
        area = FORMAT.read(path)
        name = whole or path.stem
        areas[name] = f"{areas[name]}; {area['title']}" if name in areas else area["title"]
        for entry in area["requirement"]:
            requirement = _requirement(entry)
            problems = [problem for problem, is_right in RULES if not is_right(requirement, name)]
            if requirement.id in taken:
                problems.append(f"this id is taken already in {taken[requirement.id]}")
            if problems:
                raise CatalogueError(f"{path}: {requirement.id}: {problems[0]}")
            taken[requirement.id] = path
            requirements.append(requirement)
    if not requirements:
        raise CatalogueError(f"no requirements in {folder}", "install sockproof again")
    return Catalogue(areas, requirements)


def _requirement(entry: Mapping[str, Any]) -> Requirement:
    narrowed: dict[str, Any] = dict(entry.get("applies", {}))
    narrowed |= {name: tuple(narrowed[name]) for name in NARROWING_WORDS if name in narrowed}
    read = {
        "level": Level(entry["level"]),
        "applies": Applies(**narrowed),
        "symptoms": tuple(entry["symptoms"]),
    }
    return Requirement(**{**entry, **toml.levels_of(entry), **read})


# What a requirement may get wrong besides its values: the problem, and whether all is well.
RULES: tuple[tuple[str, Callable[[Requirement, str], object]], ...] = (
    ("the id's area is not the name of its file", lambda r, area: r.area == area),
    ("since is after until", lambda r, _: holds_between(r.since, (), r.until)),
    ("applies says none and narrows as well", lambda r, _: r.applies.is_consistent),
    ("applies selects no server spec", lambda r, _: r.applies.none or r.applies.specs()),
)
