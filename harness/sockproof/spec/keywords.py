"""What ``-k`` names: an expression over parts of case ids, the same in every command."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Mapping

from sockproof.errors import UsageError

__all__ = ["Matcher", "keyword_matcher", "may_be_named"]

# Whether the case with this id is selected.
Matcher = Callable[[str], bool]

# A variant's name may have blanks and parentheses: what stands in brackets is one part.
_TOKEN = re.compile(r"[()]|(?:\[[^\]]*\]|[^\s()])+")
_OPERATORS = ("and", "or", "not", "(", ")")
# What an expression may be made of, once each part of an id is a name.
_GRAMMAR = (ast.Expression, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.Not, ast.Name, ast.Load)


def keyword_matcher(expression: str) -> Matcher:
    """Whether an id has the parts that an expression of ``and``, ``or``, ``not`` asks for.

    Parts are looked for whatever their case. An empty expression takes every id.

    Raises:
        UsageError: it is not an expression.
    """
    tree, parts = _parsed(expression)
    if tree is None:
        return lambda _: True
    return lambda id_: bool(_holds(tree, {name: parts[name] in id_.lower() for name in parts}))


def may_be_named(expression: str, requirement: str, spec: str) -> bool:
    """Whether an expression may name a case of this requirement and spec, with some variant or
    without: these are not known yet. No variant has a slash or a bracket in its name.

    Raises:
        UsageError: it is not an expression.
    """
    tree, parts = _parsed(expression)
    begin = f"{requirement}[{spec}".lower()
    found = {
        name: True if part in begin else None if _may_be_in_a_variant(part, begin) else False
        for name, part in parts.items()
    }
    return tree is None or _holds(tree, found) is not False


def _may_be_in_a_variant(part: str, begin: str) -> bool:
    """Whether a part may be in a variant's name, or in what is around it."""
    return part in f"{begin}]" or "," in part or not set("/[") & set(part)


@functools.lru_cache(maxsize=1)
def _parsed(expression: str) -> tuple[ast.expr | None, Mapping[str, str]]:
    """The expression, and by the names in it the parts of ids that they stand for; none if it is
    empty."""
    tokens = _TOKEN.findall(expression)
    if not tokens:
        return None, {}
    names = {word: f"_{n}" for n, word in enumerate(tokens) if word not in _OPERATORS}
    try:
        tree = ast.parse(" ".join(names.get(word, word) for word in tokens), mode="eval")
    except (SyntaxError, MemoryError, RecursionError):
        tree = None
    if tree is None or not all(isinstance(node, _GRAMMAR) for node in ast.walk(tree)):
        raise UsageError(
            f"-k {expression!r} is not an expression", "use parts of ids, and, or, not"
        )
    return tree.body, {name: word.lower() for word, name in names.items()}


def _holds(node: ast.expr, found: Mapping[str, bool | None]) -> bool | None:
    """What an expression comes to; ``found`` says of each name whether its part is there, None
    where that is not known."""
    if isinstance(node, ast.BoolOp):
        values = [_holds(value, found) for value in node.values]
        decides = isinstance(node.op, ast.Or)
        return decides if decides in values else None if None in values else not decides
    if isinstance(node, ast.UnaryOp):
        value = _holds(node.operand, found)
        return None if value is None else not value
    assert isinstance(node, ast.Name)
    return found[node.id]
