"""Generic mutants that nobody can tell from the source, by their keys, each with the reason why.

Read from ``equivalents.toml``::

    [[equivalent]]
    key = "BaseServer.server_activate | delete | ..."      # or a list of keys
    reason = "One sentence."
    since = "3.11"            # Python levels that have it, inclusive; optional, as is until

An entry whose key is no mutant's (any more) is refused, and so are more than a few.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof.mutation.named import MutationError
from sockproof.spec.levels import PythonLevel, parse_python_level

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["MOST", "Equivalent", "fitting_reasons", "read_equivalents"]

MOST = 0.05
"""The part of all generic mutants that may be listed: who lists more explains away."""
_KEYS = frozenset({"key", "reason", "since", "until"})


@dataclass(frozen=True)
class Equivalent:
    """One entry, for one key."""

    key: str
    reason: str
    since: PythonLevel = ()
    until: PythonLevel = ()

    def holds_for(self, level: PythonLevel) -> bool:
        """Whether that Python level has the code in question."""
        return self.since <= level[:2] and (not self.until or level[:2] <= self.until)


def read_equivalents(path: Path | None = None) -> tuple[Equivalent, ...]:
    """The entries of a file, by default of the one that sockproof ships.

    Raises:
        MutationError: it is not TOML, or an entry is not as described above.
    """
    path = path or Path(__file__).with_name("equivalents.toml")
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("equivalent", [])
        return tuple(one for table in tables for one in _entries(path.name, table))
    except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError) as error:
        raise MutationError(f"{path.name}: {error}", "correct the file") from error


def _entries(name: str, table: Mapping[str, Any]) -> Iterator[Equivalent]:
    wrong = sorted(table.keys() - _KEYS) or sorted({"key", "reason"} - table.keys())
    if wrong:
        raise MutationError(f"{name}: unknown or missing key {wrong[0]!r}", "see its beginning")
    levels = [parse_python_level(table[k]) if k in table else () for k in ("since", "until")]
    keys = [table["key"]] if isinstance(table["key"], str) else table["key"]
    if not table["reason"].strip():
        raise MutationError(f"{name}: {keys[0]}: no reason", "say why nobody can see it")
    for key in keys:
        yield Equivalent(key, table["reason"], *levels)


def fitting_reasons(
    entries: Collection[Equivalent], keys: Collection[str], level: PythonLevel
) -> dict[str, str]:
    """The reasons by key, of the entries that are about this level.

    Raises:
        MutationError: a key is no mutant's, is there twice, or there are too many.
    """
    reasons: dict[str, str] = {}
    for entry in entries:
        if not entry.holds_for(level):
            continue
        if entry.key not in keys:
            raise MutationError(
                f"equivalents.toml: no generic mutant {entry.key!r}", "take the entry out"
            )
        if entry.key in reasons:
            raise MutationError(f"equivalents.toml: {entry.key!r} is there twice", "keep one")
        reasons[entry.key] = entry.reason
    if len(reasons) > MOST * len(keys):
        raise MutationError(
            f"equivalents.toml: {len(reasons)} of {len(keys)} mutants are listed",
            f"at most {MOST:.0%} may be",
        )
    return reasons
