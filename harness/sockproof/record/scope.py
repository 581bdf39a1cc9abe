"""What a record can speak about: which cases its run was to play, and whether it came to its end.

Every command that draws a conclusion asks it: of a case that was not to be played nothing is known,
neither that it is gone nor that it no longer deviates.
"""

from __future__ import annotations

import dataclasses
import functools
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sockproof.errors import RecordError, UsageError
from sockproof.record.reader import Record
from sockproof.spec.keywords import keyword_matcher, may_be_named

__all__ = ["WHOLE_SHARD", "Scope", "completeness", "is_in_shard", "partial_words", "scope_of"]

Shard = tuple[int, int]

WHOLE_SHARD: Shard = (1, 1)


def is_in_shard(case_id: str, shard: Shard) -> bool:
    """Whether the case is in the part ``(k, n)``: the same for everybody, by its id."""
    number, of = shard
    return zlib.crc32(case_id.encode("utf-8", "surrogatepass")) % of == number - 1


@dataclass(frozen=True)
class Scope:
    """The cases that a run was to play: ``keyword`` and ``specs`` as ``-k`` and ``--spec`` name
    them, ``shard`` as ``(k, n)``; ``selected_by`` names what else has selected, by ways of its own.
    ``incomplete`` says why not all of these were played."""

    keyword: str = ""
    specs: tuple[str, ...] = ()
    shard: Shard = WHOLE_SHARD
    selected_by: str = ""
    incomplete: str = ""

    @property
    def partial(self) -> str:
        """``-k flush, shard 1 of 2``: what the whole suite was cut down by; empty if nothing."""
        parts = [f"-k '{self.keyword}'"] if self.keyword else []
        parts += [f"--spec '{spec}'" for spec in self.specs]
        parts += [f"shard {self.shard[0]} of {self.shard[1]}"] if self.shard != WHOLE_SHARD else []
        parts += [f"what {self.selected_by} selected"] if self.selected_by else []
        return ", ".join(parts)

    @property
    def limits(self) -> str:
        """All that it cannot speak about, in words; empty of a complete run of the whole suite."""
        partial = f"partial: {self.partial}" if self.partial else ""
        return "; ".join(filter(None, (partial, self.incomplete and "incomplete")))

    @property
    def unsharded(self) -> Scope:
        """What all shards together speak about."""
        return dataclasses.replace(self, shard=WHOLE_SHARD)

    @property
    def whole(self) -> bool:
        """Whether every case there is was played."""
        return not self.limits

    @property
    def settles(self) -> bool:
        """Whether a case that is not in the record is known not to be there, or was not wanted."""
        return not (self.incomplete or self.selected_by)

    def holds(self, case_id: str, spec: str) -> bool:
        """Whether the case was played, if there is such a case; ``spec`` may be empty."""
        is_selected = self._named(case_id) and self._takes(spec)
        return self.settles and is_selected and is_in_shard(case_id, self.shard)

    def covers(self, requirement: str, spec: str) -> bool:
        """Whether all cases of this requirement and spec, whatever their variants, were played."""
        certain = not self.keyword or not may_be_named(f"not ({self.keyword})", requirement, spec)
        return self.settles and self.shard == WHOLE_SHARD and certain and self._takes(spec)

    def _takes(self, spec: str) -> bool:
        """Whether cases of this server spec were to be played; those of none are whatever it is."""
        return not spec or not self.specs or any(fnmatchcase(spec, one) for one in self.specs)

    @functools.cached_property
    def _named(self) -> Callable[[str], bool]:
        return keyword_matcher(self.keyword)


def scope_of(record: Record) -> Scope:
    """What the record says of its run's selection; one that says nothing is of the whole suite.

    Raises:
        RecordError: what it says of that is in no order.
    """
    told = record.settings
    specs, keyword = told.get("specs"), str(told.get("select") or "")
    try:
        keyword_matcher(keyword)
    except UsageError as error:
        raise RecordError(f"{record.path}: {error.message}", "run again") from None
    return Scope(
        keyword=keyword,
        specs=tuple(map(str, specs)) if isinstance(specs, list) else (),
        shard=_shard(record, told),
        selected_by=str(told.get("selected_by") or ""),
        incomplete=record.incomplete_reason,
    )


def _shard(record: Record, settings: Mapping[str, Any]) -> Shard:
    text = str(settings.get("shard") or "1/1")
    number, _, of = text.partition("/")
    try:
        shard = int(number), int(of)
    except ValueError:
        shard = 0, 0
    if not 1 <= shard[0] <= shard[1]:
        raise RecordError(f"{record.path}: its shard is {text!r}", "run again")
    return shard


def completeness(record: Record) -> str:
    """``yes``, ``partial`` of a complete run of less than the whole suite, or ``no``."""
    if not record.complete:
        return "no"
    return "partial" if scope_of(record).partial else "yes"


def partial_words(records: Iterable[Record]) -> str:
    """``partial: -k 'flush'``, for the first line of whatever is told of records; each once."""
    return " | ".join(dict.fromkeys(filter(None, (scope_of(one).limits for one in records))))
