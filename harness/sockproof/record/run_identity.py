"""Which run a record is of: what all parts of one run say alike, and what two records do not."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sockproof.errors import RecordError
from sockproof.record.reader import Record
from sockproof.record.scope import scope_of

__all__ = ["refuse_other_run"]

# Settings that are a machine's own.
_OF_A_MACHINE = ("workers",)
# Those that have a place of their own below.
_TOLD = ("select", "specs", "shard", "selected_by", "examples")


def refuse_other_run(first: Record, other: Record) -> None:
    """Two records of one implementation that are no parts of one run are not put together.

    Raises:
        RecordError: they are not; it says all that is not the same.
    """
    pairs = zip(_identity(first).items(), _identity(other).values(), strict=True)
    unlike = [f"{name} ({one} and {two})" for (name, one), two in pairs if one != two]
    unlike += _unlike_settings(first.settings, other.settings)
    if unlike:
        raise RecordError(
            f"{first.path} and {other.path} are of one implementation, but not of one run: they "
            f"differ in {', '.join(unlike)}",
            "merge what runs with the same options made",
        )


def _identity(record: Record) -> Mapping[str, str]:
    about, scope = record.implementation, scope_of(record)
    whole = "the whole suite"
    return {
        "suite version": str(record.header.get("suite_version")),
        "selection": scope.unsharded.partial or whole,
        "number of shards": str(scope.shard[1]),
        "seed": str(record.header.get("seed")),
        "examples": str(record.settings.get("examples")),
        "interpreter": f"{about.name} {about.version}",
        "subject": json.dumps(record.header.get("subject"), sort_keys=True),
        "Python level": about.level,
        "capabilities": _capabilities(record),
    }


def _capabilities(record: Record) -> str:
    """What the implementation can do, in words: a machine may let it do less than another."""
    told = record.header.get("capabilities")
    return json.dumps(told, sort_keys=True) if isinstance(told, Mapping) else "none told"


def _unlike_settings(one: Mapping[str, object], two: Mapping[str, object]) -> list[str]:
    names = dict.fromkeys((*one, *two))
    return [
        f"{name} ({one.get(name)} and {two.get(name)})"
        for name in names
        if name not in (*_OF_A_MACHINE, *_TOLD) and one.get(name) != two.get(name)
    ]
