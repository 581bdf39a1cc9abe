"""Which re-implementations were detected when they were played for the first time.

Read from ``first_tries.toml``::

    [[try]]
    of = "the ninety that were written first"
    played = "On one kind of server each, without the areas tls and generated."
    detected = ["silent-clients-are-dropped"]
    missed = ["closing-has-a-limit"]

That is how well the suite knows what it was not made for: what is written since to find those that
were missed says nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sockproof.mutation.named import MutationError
from sockproof.spec import toml_tables as toml

__all__ = ["FirstTries", "FirstTry", "read_first_tries"]

_IDS = toml.list_of(toml.FILLED)
_TRY = toml.table({"of": toml.FILLED, "played": toml.FILLED, "detected": _IDS, "missed": _IDS})
FORMAT = toml.Format(toml.table(**{"try": toml.list_of(_TRY)}), MutationError, "correct the file")


@dataclass(frozen=True)
class FirstTry:
    """Some that were played together: what they are, how, and what came of each."""

    of: str
    played: str
    detected: tuple[str, ...]
    missed: tuple[str, ...]


@dataclass(frozen=True)
class FirstTries:
    """All of them, in the order of the file."""

    rounds: tuple[FirstTry, ...] = ()
    _by_id: Mapping[str, bool] = field(default_factory=dict)

    def of(self, ids: Iterable[str]) -> dict[str, bool]:
        """Whether each was detected, of those that were tried."""
        return {id_: self._by_id[id_] for id_ in ids if id_ in self._by_id}


def read_first_tries(known: Collection[str], path: Path | None = None) -> FirstTries:
    """The tries of a file, by default of the one that sockproof ships.

    Raises:
        MutationError: it is not TOML, or not as described above; an id is none of ``known``, or is
            there twice.
    """
    path = path or Path(__file__).with_name("first_tries.toml")
    rounds: list[FirstTry] = []
    by_id: dict[str, bool] = {}
    for entry in FORMAT.read(path).get("try", ()):
        one = FirstTry(
            entry["of"], entry["played"], tuple(entry["detected"]), tuple(entry["missed"])
        )
        for id_ in (*one.detected, *one.missed):
            if id_ not in known:
                raise MutationError(f"{path}: no re-implementation {id_!r}", "take it out")
            if id_ in by_id:
                raise MutationError(f"{path}: {id_!r} is there twice", "keep its first try")
            by_id[id_] = id_ in one.detected
        rounds.append(one)
    return FirstTries(tuple(rounds), by_id)
