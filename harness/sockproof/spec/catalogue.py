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

``applies`` narrows the server specs; absent it means all of them, and ``{ none = true }`` means
that the requirement is about no server at all.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof.errors import CatalogueError, UsageError
from sockproof.spec import toml_tables as toml
from sockproof.spec.levels import Level, PythonLevel
from sockproof.spec.renames import new_ids
from sockproof.spec.requirement import ID_PATTERN, NARROWING_WORDS, Applies, Requirement

__all__ = ["Catalogue", "load_catalogue"]

SHIPPED = Path(__file__).parent / "requirements"
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
        area = FORMAT.read(path)
        areas[path.stem] = area["title"]
        for entry in area["requirement"]:
            place = _Place(path, entry["id"])
            requirement = _requirement(entry, place)
            if requirement.id in places:
                other = places[requirement.id].path
                raise place.refusal(f"this id is taken already in {other}")
            places[requirement.id] = place
            requirements.append(requirement)
    if not requirements:
        raise CatalogueError(f"no requirements in {folder}", "install sockproof again")
    return Catalogue(areas, requirements)


@dataclass(frozen=True)
class _Place:
    """Where something is written, for error messages."""

    path: Path
    id: str

    def refusal(self, problem: str) -> CatalogueError:
        return CatalogueError(f"{self.path}: {self.id}: {problem}")


def _requirement(entry: Mapping[str, Any], place: _Place) -> Requirement:
    narrowed: dict[str, Any] = dict(entry.get("applies", {}))
    narrowed |= {name: tuple(narrowed[name]) for name in NARROWING_WORDS if name in narrowed}
    read = {"level": Level(entry["level"]), "applies": Applies(**narrowed)}
    requirement = Requirement(**{**entry, **toml.levels_of(entry), **read})
    for problem, is_right in RULES:
        if not is_right(requirement, place.path.stem):
            raise place.refusal(problem)
    return requirement


def _are_in_order(since: PythonLevel, until: PythonLevel) -> bool:
    """Compared as far as both are written: 3.6.8 to 3.6 is a range, 3.7 to 3.6 is none."""
    shared = min(len(since), len(until))
    return since[:shared] <= until[:shared]


# What a requirement may get wrong besides its values: the problem, and whether all is well.
RULES: tuple[tuple[str, Callable[[Requirement, str], object]], ...] = (
    ("the id's area is not the name of its file", lambda r, stem: r.area == stem),
    ("since is after until", lambda r, _: _are_in_order(r.since or (), r.until or ())),
    ("applies says none and narrows as well", lambda r, _: r.applies.is_consistent),
    ("applies selects no server spec", lambda r, _: r.applies.none or r.applies.specs()),
)
