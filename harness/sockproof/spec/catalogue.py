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
    depends_on = ["dispatch/methods-are-called-in-order"]   # optional
    applies = { kind = ["TCP"], mixin = ["none"], family = ["inet"], predefined_only = true }

``applies`` narrows the server specs; absent it means all of them, and ``{ none = true }`` means
that the requirement is about no server at all.
"""

from __future__ import annotations

import difflib
import functools
import graphlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof.errors import CatalogueError, UsageError
from sockproof.spec.levels import Level, PythonLevel, parse_python_level
from sockproof.spec.requirement import NARROWING_WORDS, Applies, Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Catalogue", "load_catalogue"]

SHIPPED = Path(__file__).parent / "requirements"
ID_PATTERN = re.compile(r"[a-z]+/[a-z0-9-]+")
SOURCE_PATTERN = re.compile(r"https://[^\s/]+/\S+")
NARROWING_FLAGS = ("predefined_only", "none")
AREA_KEYS: Mapping[str, type] = {"title": str, "requirement": list}
NEEDED_KEYS: Mapping[str, type] = {"id": str, "title": str, "level": str, "source": str}
OPTIONAL_KEYS: Mapping[str, type] = {
    "since": str,
    "until": str,
    "depends_on": list,
    "applies": dict,
}
APPLIES_KEYS: Mapping[str, type] = {
    **dict.fromkeys(NARROWING_WORDS, list),
    **dict.fromkeys(NARROWING_FLAGS, bool),
}


class Catalogue(Mapping[str, Requirement]):
    """All requirements by id, in the order of areas (by name) and of their files."""

    def __init__(self, areas: Mapping[str, str], requirements: Iterable[Requirement]) -> None:
        self.areas = dict(areas)
        """The title of each area, by its name."""
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
            UsageError: there is none; the hint names ids that look like it.
        """
        if requirement_id in self._by_id:
            return self._by_id[requirement_id]
        close = difflib.get_close_matches(requirement_id, self._by_id, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "see 'sockproof list'"
        raise UsageError(f"no requirement {requirement_id!r}", hint)


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read every ``*.toml`` of ``folder`` (default: the requirements that sockproof ships).

    Raises:
        CatalogueError: a file or a requirement is not in order; the message names both.
    """
    return _read_catalogue(folder) if folder else _shipped_catalogue()


@functools.cache
def _shipped_catalogue() -> Catalogue:
    return _read_catalogue(SHIPPED)


def _read_catalogue(folder: Path) -> Catalogue:
    areas: dict[str, str] = {}
    places: dict[str, _Place] = {}
    requirements: list[Requirement] = []
    for path in sorted(folder.glob("*.toml")):
        place = _Place(path.name)
        table = _read_table(path, place)
        areas[path.stem] = table["title"]
        for entry in table["requirement"]:
            requirement = _requirement(entry, place)
            if requirement.id in places:
                other = places[requirement.id].file
                raise place.at(requirement.id).refusal(f"this id is taken already in {other}")
            places[requirement.id] = place.at(requirement.id)
            requirements.append(requirement)
    if not requirements:
        raise CatalogueError(f"no requirements in {folder}", "install sockproof again")
    catalogue = Catalogue(areas, requirements)
    _check_dependencies(catalogue, places)
    return catalogue


@dataclass(frozen=True)
class _Place:
    """Where something is written, for error messages."""

    file: str
    id: str = ""

    def at(self, requirement_id: str) -> _Place:
        return _Place(self.file, requirement_id)

    def refusal(self, problem: str, hint: str = "") -> CatalogueError:
        return CatalogueError(": ".join(filter(None, (self.file, self.id, problem))), hint)


def _read_table(path: Path, place: _Place) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise place.refusal(f"this is not TOML: {error}") from error
    _check_keys(table, AREA_KEYS, {}, place)
    return table


def _check_keys(
    table: Mapping[str, Any],
    needed: Mapping[str, type],
    optional: Mapping[str, type],
    place: _Place,
) -> None:
    """Refuse unknown and missing keys, and values of another type."""
    known = {**needed, **optional}
    for key in table:
        if key not in known:
            raise place.refusal(f"unknown key {key!r}", f"the keys are {', '.join(known)}")
        if not isinstance(table[key], known[key]):
            raise place.refusal(f"{key!r} is not a {known[key].__name__}")
    for key in needed:
        if key not in table:
            raise place.refusal(f"the key {key!r} is missing")


def _requirement(entry: Mapping[str, Any], place: _Place) -> Requirement:
    place = place.at(str(entry.get("id", "")))
    _check_keys(entry, NEEDED_KEYS, OPTIONAL_KEYS, place)
    if entry["level"] not in Level.__members__:
        raise place.refusal(f"unknown level {entry['level']!r}", f"one of {', '.join(Level)}")
    requirement = Requirement(
        id=entry["id"],
        title=entry["title"],
        level=Level(entry["level"]),
        source=entry["source"],
        since=_python_level(entry.get("since"), place),
        until=_python_level(entry.get("until"), place),
        applies=_applies(entry.get("applies", {}), place),
        depends_on=tuple(entry.get("depends_on", ())),
    )
    for problem, is_right in RULES:
        if not is_right(requirement, Path(place.file).stem):
            raise place.refusal(problem)
    return requirement


def _python_level(text: str | None, place: _Place) -> PythonLevel | None:
    try:
        return parse_python_level(text) if text is not None else None
    except ValueError as error:
        raise place.refusal(str(error)) from error


def _applies(table: Mapping[str, Any], place: _Place) -> Applies:
    _check_keys(table, {}, APPLIES_KEYS, place)
    for name, words in NARROWING_WORDS.items():
        for word in table.get(name, words):
            if word not in words:
                raise place.refusal(f"unknown {name} {word!r}", f"one of {', '.join(words)}")
        if not table.get(name, words):
            raise place.refusal(f"applies selects no server spec: {name} is empty")
    values: dict[str, Any] = {k: tuple(v) if k in NARROWING_WORDS else v for k, v in table.items()}
    return Applies(**values)


def _are_in_order(since: PythonLevel, until: PythonLevel) -> bool:
    """Compared as far as both are written: 3.6.8 to 3.6 is a range, 3.7 to 3.6 is none."""
    shared = min(len(since), len(until))
    return since[:shared] <= until[:shared]


RULES: tuple[tuple[str, Callable[[Requirement, str], object]], ...] = (
    (f"the id does not match {ID_PATTERN.pattern}", lambda r, _: ID_PATTERN.fullmatch(r.id)),
    ("the id's area is not the name of its file", lambda r, stem: r.area == stem),
    ("the title does not end with a full stop", lambda r, _: r.title.endswith(".")),
    ("the source is not a URL", lambda r, _: SOURCE_PATTERN.fullmatch(r.source)),
    ("since is after until", lambda r, _: _are_in_order(r.since or (), r.until or ())),
    ("applies says none and narrows as well", lambda r, _: r.applies.is_consistent),
    ("applies selects no server spec", lambda r, _: r.applies.none or r.applies.specs()),
)
"""What a requirement may get wrong besides its keys: the problem, and whether all is well."""


def _check_dependencies(catalogue: Catalogue, places: Mapping[str, _Place]) -> None:
    """Refuse references to nothing and circles."""
    graph = {requirement.id: requirement.depends_on for requirement in catalogue.values()}
    for requirement_id, needed in graph.items():
        for other in needed:
            if other not in graph:
                raise places[requirement_id].refusal(f"depends_on names {other!r}, which is none")
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle = error.args[1]
        raise places[circle[0]].refusal(
            f"depends_on runs in a circle: {' > '.join(circle)}"
        ) from error
