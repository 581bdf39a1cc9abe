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

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof.errors import HarnessError, UsageError
from sockproof.spec.catalogue import Catalogue, load_catalogue
from sockproof.spec.levels import PythonLevel, parse_python_level
from sockproof.spec.matrix import spec_by_id

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Change", "Mutant", "MutationError", "apply", "load_mutants", "write_mutant"]

MUTANTS = Path(__file__).with_name("mutants")
"""The folder that describes them."""
TEXT_KEYS = ("id", "title", "source", "category", "spec")
MUTANT_KEYS = frozenset({*TEXT_KEYS, "killed_by", "change"})
OPTIONAL_KEYS = frozenset({"since"})
CHANGE_KEYS = frozenset({"find", "replace"})


class MutationError(HarnessError):
    """A mutant is described wrongly, or does not fit the source it is applied to."""


@dataclass(frozen=True)
class Change:
    """One replacement. Of the alternatives in ``find`` exactly one occurs, exactly once."""

    find: tuple[str, ...]
    replace: str


@dataclass(frozen=True)
class Mutant:
    """A named broken socketserver.

    ``source`` is the issue it brings back, or ``realistic mistake``. At least one requirement of
    ``killed_by`` must fail, hang or end uncleanly on it; ``spec`` is where that shows. ``since``
    is the first Python whose socketserver has what is broken; empty when that is any.
    """

    id: str
    title: str
    source: str
    category: str
    killed_by: tuple[str, ...]
    spec: str
    changes: tuple[Change, ...]
    since: PythonLevel = ()

    @property
    def module_name(self) -> str:
        return self.id.replace("-", "_")


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
    found: dict[str, Mutant] = {}
    for path in sorted((folder or MUTANTS).glob("*.toml")):
        for mutant in _read_file(path):
            if mutant.id in found:
                raise MutationError(f"mutant {mutant.id!r} is there twice", "rename one of them")
            _check_killed_by(mutant, known)
            found[mutant.id] = mutant
    return tuple(found.values())


def apply(mutant: Mutant, source_text: str) -> str:
    """The text of socketserver.py with the mutant's changes made, one after the other.

    Raises:
        MutationError: a text to find does not occur exactly once, nothing changes, or the result
            does not compile.
    """
    text = source_text
    for change in mutant.changes:
        text = text.replace(_fitting(mutant, change, text), change.replace)
    if text == source_text:
        raise MutationError(f"mutant {mutant.id!r} changes nothing", "replace by something else")
    try:
        compile(text, f"{mutant.module_name}.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise MutationError(
            f"mutant {mutant.id!r} does not compile: {error}", "mind the indentation of 'replace'"
        ) from error
    return text


def write_mutant(mutant: Mutant, source_path: Path, folder: Path) -> Path:
    """Write the mutant of the socketserver.py at ``source_path`` to ``folder``; returns the file.

    The file is named after the mutant, so that it can be imported.

    Raises:
        MutationError: see :func:`apply`.
    """
    text = apply(mutant, source_path.read_text(encoding="utf-8"))
    written = folder / f"{mutant.module_name}.py"
    written.write_text(text, encoding="utf-8")
    return written


def _read_file(path: Path) -> Iterator[Mutant]:
    try:
        described = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise MutationError(f"{path.name} is not TOML: {error}", "correct the file") from error
    _check_keys(path.name, described, frozenset({"mutant"}))
    for table in described["mutant"]:
        yield _mutant(f"mutant {table.get('id', '?')!r} in {path.name}", table)


def _mutant(where: str, table: Mapping[str, Any]) -> Mutant:
    _check_keys(where, table, MUTANT_KEYS, OPTIONAL_KEYS)
    texts = {key: _text(where, key, table[key]) for key in TEXT_KEYS}
    try:
        spec_by_id(texts["spec"])
        since = parse_python_level(table["since"]) if "since" in table else ()
    except (UsageError, ValueError) as error:
        raise MutationError(f"{where}: {error}") from error
    changes = tuple(_change(where, change) for change in table["change"])
    killed_by = _texts(where, "killed_by", table["killed_by"])
    return Mutant(killed_by=killed_by, changes=changes, since=since, **texts)


def _change(where: str, table: Mapping[str, Any]) -> Change:
    _check_keys(f"a change of {where}", table, CHANGE_KEYS)
    find = [table["find"]] if isinstance(table["find"], str) else table["find"]
    if not isinstance(table["replace"], str):
        raise MutationError(f"{where}: 'replace' is not a text", "an empty one removes")
    return Change(_texts(where, "find", find), table["replace"])


def _check_keys(
    where: str,
    table: Mapping[str, Any],
    needed: frozenset[str],
    optional: frozenset[str] = frozenset(),
) -> None:
    for key in sorted(table.keys() - needed - optional):
        raise MutationError(f"{where}: unknown key {key!r}", f"known are {sorted(needed)}")
    for key in sorted(needed - table.keys()):
        raise MutationError(f"{where}: {key!r} is missing", "add it")


def _text(where: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise MutationError(f"{where}: {key!r} is not a text", "write one")
    return value


def _texts(where: str, key: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not values:
        raise MutationError(f"{where}: {key!r} is not a list of texts", "name at least one")
    return tuple(_text(where, key, value) for value in values)


def _check_killed_by(mutant: Mutant, catalogue: Catalogue) -> None:
    """Refuse requirements that do not exist, or that no case puts to the mutant's spec."""
    for requirement_id in mutant.killed_by:
        if requirement_id not in catalogue:
            raise MutationError(
                f"mutant {mutant.id!r}: no requirement {requirement_id!r}", "correct 'killed_by'"
            )
        applies = catalogue[requirement_id].applies
        if not applies.none and spec_by_id(mutant.spec) not in applies.specs():
            raise MutationError(
                f"mutant {mutant.id!r}: {requirement_id!r} is not about {mutant.spec}",
                "look at another spec",
            )


def _fitting(mutant: Mutant, change: Change, text: str) -> str:
    """The one alternative that occurs in ``text``, and occurs once."""
    counts = {find: text.count(find) for find in change.find}
    if sum(counts.values()) != 1:
        first_line = change.find[0].strip().splitlines()[0]
        raise MutationError(
            f"mutant {mutant.id!r}: {first_line!r} occurs {sum(counts.values())} times",
            "it must occur exactly once",
        )
    return next(find for find, count in counts.items() if count == 1)
