"""What is expected of a check's cases: deviations that are known, and no longer so."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable

from sockproof.check.listener import Listener
from sockproof.judge.expectations import (
    Circumstances,
    Expectation,
    ExpectationIndex,
    borne_out,
)
from sockproof.judge.given_expectations import is_about, stale_expectations
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow, Known
from sockproof.spec.catalogue import load_checked

__all__ = ["KnownDeviations"]


class KnownDeviations:
    """Those of the expectations that are about invariants, and whose conditions this subject meets:
    ``implementation`` is ``address`` or ``program``, and no level of Python is its own."""

    def __init__(self, given: Iterable[Expectation], subject: Listener) -> None:
        there = Circumstances(subject.kind, (), {})
        found = [one for one in given if is_about(one, load_checked()) and one.holds_in(there)]
        self._expectations = found
        self._index = ExpectationIndex(found)
        self._met: Counter[Expectation] = Counter()

    def told(self, row: CaseRow) -> CaseRow:
        """The row with what was expected of it, and whether it came so."""
        words, teardown = row.words, row.teardown.verdict
        one = borne_out(self._index.about(row.id), row.verdict, words, teardown)
        is_silent = row.verdict is Verdict.NOT_APPLICABLE
        if one and not (is_silent and one.intermittent):
            self._met[one] += 1
        if one is None or is_silent:
            return row
        stale = one.problem(row.verdict, words, teardown)
        known = Known(one.reason, one.link, one.file, stale, teardown is one.teardown)
        return dataclasses.replace(row, known=known)

    def stale(self, *, whole: bool) -> list[str]:
        """What no single case shows to be stale; see :func:`stale_expectations`."""
        return list(stale_expectations(self._expectations, self._met, whole=whole))
