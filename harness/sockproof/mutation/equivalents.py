"""Generic mutants that nobody can tell from the source, by their keys, each with the reason why.

Read from ``equivalents.toml``, of the socket module ``socket_equivalents.toml``::

    [[equivalent]]
    key = "BaseServer.server_activate | delete | ..."      # or a list of keys
    reason = "One sentence."
    since = "3.11"            # Python levels that have it, inclusive; optional, as is until

An entry whose key is no mutant's (any more) is refused, and so are more than a few.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sockproof.mutation.named import MutationError
from sockproof.spec import toml_tables as toml
from sockproof.spec.levels import PythonLevel

__all__ = ["MOST", "Equivalent", "fitting_reasons", "read_equivalents"]

# The part of all generic mutants that may be listed: who lists more explains away. Of the socket
# module's it is more: it looks twice at what it sends, and asks for what Linux always has.
MOST = 0.05
_MOST_OF = {"socket_equivalents.toml": 0.08}


@dataclass(frozen=True)
class Equivalent:
    """One entry of a file, for one key; ``since`` and ``until`` are inclusive."""

    key: str
    reason: str
    since: PythonLevel = ()
    until: PythonLevel = ()
    file: str = "equivalents.toml"


_ENTRY = toml.table(
    {"key": toml.FILLED_OR_LIST, "reason": toml.FILLED}, since=toml.LEVEL, until=toml.LEVEL
)
_FILE = toml.table(equivalent=toml.list_of(_ENTRY))
FORMAT = toml.Format(_FILE, MutationError, "correct the file")


def read_equivalents(file: str | Path = "equivalents.toml") -> tuple[Equivalent, ...]:
    """The entries of a file: of one of those beside this, or of another one.

    Raises:
        MutationError: it is not TOML, or an entry is not as described above.
    """
    path = Path(__file__).parent / file
    return tuple(
        Equivalent(key, entry["reason"], **toml.levels_of(entry), file=path.name)
        for entry in FORMAT.read(path).get("equivalent", [])
        for key in toml.as_tuple(entry["key"])
    )


def fitting_reasons(
    entries: Collection[Equivalent], keys: Collection[str], level: PythonLevel
) -> dict[str, str]:
    """The reasons by key, of the entries that are about this level.

    Raises:
        MutationError: a key is no mutant's, is there twice, or there are too many.
    """
    reasons: dict[str, str] = {}
    level = level[:2]
    for entry in entries:
        if not entry.since <= level <= (entry.until or level):
            continue
        if entry.key not in keys:
            raise MutationError(
                f"{entry.file}: no generic mutant {entry.key!r}", "take the entry out"
            )
        if entry.key in reasons:
            raise MutationError(f"{entry.file}: {entry.key!r} is there twice", "keep one")
        reasons[entry.key] = entry.reason
    most = max((_MOST_OF.get(one.file, MOST) for one in entries), default=MOST)
    if len(reasons) > most * len(keys):
        raise MutationError(
            f"{entry.file}: {len(reasons)} of {len(keys)} mutants are listed",
            f"at most {most:.0%} may be",
        )
    return reasons
