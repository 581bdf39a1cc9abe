"""Cuts a record down to the cases that ``-k`` and ``--spec`` name, as a run would select them."""

from __future__ import annotations

import ast
import dataclasses
import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence

from sockproof.errors import UsageError
from sockproof.record.reader import Record

__all__ = ["Matcher", "keyword_matcher", "select"]

# Whether the case with this id is selected.
Matcher = Callable[[str], bool]

_TOKEN = re.compile(r"[()]|[^\s()]+")
_OPERATORS = ("and", "or", "not", "(", ")")
# What an expression may be made of, once each part of an id is a name.
_GRAMMAR = (ast.Expression, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.Not, ast.Name, ast.Load)


def select(record: Record, keyword: str = "", specs: Sequence[str] = ()) -> Record:
    """The record with the cases selected, and their requirements; itself when all are.

    Raises:
        UsageError: ``keyword`` is not an expression.
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
        UsageError: it is not an expression.
    """
    tokens = _TOKEN.findall(expression)
    if not tokens:
        return lambda _: True
    names = {word: f"_{n}" for n, word in enumerate(tokens) if word not in _OPERATORS}
    try:
        tree = ast.parse(" ".join(names.get(word, word) for word in tokens), mode="eval")
    except (SyntaxError, MemoryError, RecursionError):
        tree = None
    if tree is None or not all(isinstance(node, _GRAMMAR) for node in ast.walk(tree)):
        raise UsageError(
            f"-k {expression!r} is not an expression", "use parts of ids, and, or, not"
        )
    parts = {name: word.lower() for word, name in names.items()}
    return lambda id_: _holds(tree.body, {name: parts[name] in id_.lower() for name in parts})


def _holds(node: ast.expr, found: Mapping[str, bool]) -> bool:
    """What an expression comes to; ``found`` says of each name whether its part is there."""
    if isinstance(node, ast.BoolOp):
        combine = all if isinstance(node.op, ast.And) else any
        return combine(_holds(value, found) for value in node.values)
    if isinstance(node, ast.UnaryOp):
        return not _holds(node.operand, found)
    assert isinstance(node, ast.Name)
    return found[node.id]
