"""Operators on expressions: comparisons, signs, constants, arguments, bases, siblings."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise

from sockproof.mutation.site import THE_NODE, Changes, Site, Splice, in_one_line, is_presence_test

__all__ = ["arithmetic", "boolean", "comparison", "constant", "left_out", "sibling", "swapped"]

# How an operator is written, as a pattern, and what is put in its place.
_OTHERS: dict[type[ast.AST], tuple[str, tuple[str, ...]]] = {
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
    ast.Add: (r"\+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: (r"\*", ("+",)),
}


def comparison(site: Site) -> Changes:
    """Another comparison: the opposite, or the bound the other way round."""
    node = site.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _others(site, node.left, node.ops[0], node.comparators[0])


def arithmetic(site: Site) -> Changes:
    """Another sign between two numbers."""
    if isinstance(site.node, ast.BinOp):
        yield from _others(site, site.node.left, site.node.op, site.node.right)


def _others(site: Site, left: ast.AST, operator: ast.AST, right: ast.AST) -> Changes:
    pattern, others = _OTHERS.get(type(operator), ("", ()))
    place = site.source.found(pattern, site.source.end(left), site.source.start(right))
    for other in others:
        if place:
            yield "", (Splice(*place, other),)


def boolean(site: Site) -> Changes:
    """``and`` for ``or``, and one operand less. What asks for the platform says yes either way."""
    node = site.node
    if not isinstance(node, ast.BoolOp) or any(map(is_presence_test, ast.walk(node))):
        return
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    gaps = [(site.source.end(a), site.source.start(b)) for a, b in pairwise(node.values)]
    places = [site.source.found(rf"\b{old}\b", *gap) for gap in gaps]
    yield "", tuple(Splice(*place, new) for place in places if place)
    yield from _without_each(site, node.values)


def _without_each(site: Site, nodes: Sequence[ast.AST], first: int = 0) -> Changes:
    """One of the nodes, which stand in a row with something between them, is not there."""
    source = site.source
    for number, node in enumerate(nodes):
        before, after = nodes[:number][-1:], nodes[number + 1 :][:1]
        start = source.end(before[0]) if before else source.start(node)
        end = source.start(after[0]) if after and not before else source.end(node)
        if number >= first:
            words = f"`{in_one_line(source.of(node))}` left out of {THE_NODE}"
            yield words, (Splice(start, end, ""),)


def constant(site: Site) -> Changes:
    """Another number, the other truth, an empty text, something instead of None."""
    node = site.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from (site.becomes(text) for text in ("0", "1"))
    if not isinstance(node, ast.Constant) or _stays(site):
        return
    for text in _other_values(node.value):
        yield site.becomes(text)


def _other_values(value: object) -> list[str]:
    match value:
        case bool():
            return [repr(not value)]
        case int() | float():
            return [repr(value + 1), *([repr(type(value)(0))] if value else [])]
        case str() if value:
            return ["''"]
        case None:
            return ["0"]
    return []


def _stays(site: Site) -> bool:
    """Docstrings, names in lists of names, and what comparisons, returns and signs change."""
    node, parent = site.node, site.parent
    in_list = isinstance(parent, ast.List)
    signed = isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub)
    tested = isinstance(parent, ast.If | ast.While | ast.IfExp) and parent.test is node
    nothing = isinstance(node, ast.Constant) and node.value is None
    compared = nothing and isinstance(parent, ast.Compare | ast.Return)
    return isinstance(parent, ast.Expr) or in_list or signed or tested or compared


def swapped(site: Site) -> Changes:
    """Two neighbours in a call, a tuple or a list of base classes change places."""
    node = site.node
    rows: dict[type[ast.AST], str] = {ast.Call: "args", ast.Tuple: "elts", ast.ClassDef: "bases"}
    if type(node) not in rows or _is_symmetric(node, site.parent):
        return
    for one, other in pairwise(getattr(node, rows[type(node)])):
        texts = site.source.of(one), site.source.of(other)
        if texts[0] != texts[1] and not isinstance(one, ast.Starred):
            gap = site.source.between(site.source.end(one), site.source.start(other))
            place = site.source.start(one), site.source.end(other)
            words = f"`{in_one_line(texts[0])}` and `{in_one_line(texts[1])}` swapped in {THE_NODE}"
            yield words, (Splice(*place, texts[1] + gap + texts[0]),)


def _is_symmetric(node: ast.AST, parent: ast.AST) -> bool:
    """Whether an order makes no difference, or is of a test for the platform."""
    match node, parent:
        case ast.Call(func=ast.Name(id="min" | "max" | "hasattr")), _:
            return True
        case ast.Tuple(), ast.ExceptHandler() | ast.Compare(ops=[ast.In() | ast.NotIn()]):
            return True
    return is_presence_test(node)


def left_out(site: Site) -> Changes:
    """An argument, a base class or an element of a list is not there."""
    node = site.node
    if isinstance(node, ast.Call) and not is_presence_test(node):
        arguments = sorted([*node.args, *node.keywords], key=site.source.start)
        yield from _without_each(site, arguments, max(0, len(node.args) - 1))
    elif isinstance(node, ast.List) and node.elts:
        yield from _without_each(site, node.elts)
    elif isinstance(node, ast.ClassDef) and len(node.bases) > 1:
        yield from _without_each(site, node.bases)
    elif isinstance(node, ast.ClassDef) and node.bases:
        yield site.becomes("object", node.bases[0])


_SIBLINGS = {
    "SHUT_WR": ("SHUT_RD", "SHUT_RDWR"),
    "SOCK_STREAM": ("SOCK_DGRAM",),
    "SOCK_DGRAM": ("SOCK_STREAM",),
    "AF_INET": ("AF_INET6",),
    "AF_UNIX": ("AF_INET",),
    "EVENT_READ": ("EVENT_WRITE",),
    "SO_REUSEADDR": ("SO_REUSEPORT", "SO_KEEPALIVE"),
    "SO_REUSEPORT": ("SO_REUSEADDR", "SO_KEEPALIVE"),
    "TCP_NODELAY": ("TCP_CORK",),
    "PollSelector": ("SelectSelector",),
    "stderr": ("stdout",),
    "AF_INET6": ("AF_INET",),
    "EVENT_WRITE": ("EVENT_READ",),
}


def sibling(site: Site) -> Changes:
    """Another constant or class of the same family."""
    name = ""
    match site.node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            pass
    end = site.source.end(site.node)
    for other in _SIBLINGS.get(name, ()):
        yield "", (Splice(end - len(name), end, other),)
