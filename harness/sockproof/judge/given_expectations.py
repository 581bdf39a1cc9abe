"""The expectations that a user gives to a run or a check, and which of them are stale, whatever
single cases say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from sockproof.errors import UsageError
from sockproof.judge.expectations import Expectation, read_expectations
from sockproof.spec.case_id import requirement_of
from sockproof.spec.catalogue import Catalogue, load_everything

__all__ = ["given_expectations", "is_about", "stale_expectations"]


def given_expectations(files: Iterable[Path]) -> tuple[Expectation, ...]:
    """All that the files expect, of a run and of a check.

    Raises:
        UsageError: one is in no order, or is about a requirement that does not exist.
    """
    found = tuple(one for path in files for one in read_expectations(path))
    every = load_everything() if found else Catalogue({}, ())
    for one in found:
        if not is_about(one, every):
            try:
                every.get(requirement_of(one.case))
            except UsageError as error:
                raise UsageError(f"{one.file}: {error.message}", error.hint) from None
    return found


def is_about(one: Expectation, requirements: Collection[str]) -> bool:
    """Whether it may be about cases of one of these. One file may serve runs and checks."""
    return any(map(one.requirement_pattern.fullmatch, requirements))


def stale_expectations(
    expectations: Sequence[Expectation], met: Counter[Expectation], *, whole: bool
) -> Iterator[str]:
    """Those that have expired, or match more cases than they may; of a ``whole`` run also those
    that match none. ``met`` counts the cases of each."""
    today = datetime.now(timezone.utc).date()
    for one in expectations:
        place = f"{one.file}: {one.case}"
        if one.expired(today):
            yield f"{place} expired on {one.expires}"
        if met[one] > one.at_most:
            yield f"{place} matches {met[one]} cases, more than its at_most {one.at_most}"
        if not (met[one] or one.intermittent) and whole:
            yield f"{place} matches no case"
