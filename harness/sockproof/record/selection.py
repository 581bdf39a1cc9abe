"""Cuts a record down to the cases that ``-k`` and ``--spec`` name, as a run would select them."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Callable, Sequence

from sockproof.errors import UsageError
from sockproof.record.reader import Record

__all__ = ["Matcher", "keyword_matcher", "select"]

Matcher = Callable[[str], bool]
"""Whether the case with this id is selected."""

_TOKEN = re.compile(r"[()]|[^\s()]+")
_WORDS = ("and", "or", "not", "(", ")")


def select(record: Record, keyword: str = "", specs: Sequence[str] = ()) -> Record:
    """The record with the cases selected, and their requirements; itself when all are.

    Raises:
        UsageError: ``keyword`` is no expression.
    """
    if not keyword and not specs:
        return record
    named = keyword_matcher(keyword)
    cases = tuple(
        case
        for case in record.cases
        if named(case.id) and (not specs or not case.spec or _any_matches(case.spec, specs))
    )
    used = {case.requirement for case in cases}
    rows = {id_: row for id_, row in record.requirements.items() if id_ in used}
    return dataclasses.replace(record, cases=cases, requirements=rows)


def _any_matches(spec: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(spec, pattern) for pattern in patterns)


def keyword_matcher(expression: str) -> Matcher:
    """Whether an id has the parts that an expression of ``and``, ``or``, ``not`` asks for.

    Parts are looked for whatever their case. An empty expression takes every id.

    Raises:
        UsageError: it is no expression.
    """
    if not expression.strip():
        return lambda _: True
    reader = _Reader(expression)
    matcher = reader.alternatives()
    if reader.tokens:
        raise reader.refusal()
    return matcher


class _Reader:
    """Reads an expression from the left; ``tokens`` are those yet to be read, the next one last."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = _TOKEN.findall(expression)[::-1]

    def refusal(self) -> UsageError:
        return UsageError(
            f"-k {self.expression!r} is no expression", "use parts of ids, and, or, not"
        )

    def _take(self, *wanted: str) -> bool:
        if self.tokens and self.tokens[-1] in wanted:
            self.tokens.pop()
            return True
        return False

    def alternatives(self) -> Matcher:
        parts = [self._joined()]
        while self._take("or"):
            parts.append(self._joined())
        return lambda id_: any(part(id_) for part in parts)

    def _joined(self) -> Matcher:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        return lambda id_: all(part(id_) for part in parts)

    def _single(self) -> Matcher:
        if self._take("not"):
            inner = self._single()
            return lambda id_: not inner(id_)
        if self._take("("):
            matcher = self.alternatives()
            if not self._take(")"):
                raise self.refusal()
            return matcher
        if not self.tokens or self.tokens[-1] in _WORDS:
            raise self.refusal()
        word = self.tokens.pop().lower()
        return lambda id_: word in id_.lower()
