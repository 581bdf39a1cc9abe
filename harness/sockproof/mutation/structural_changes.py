"""Operators on the order and the reach of things: steps swapped, loops cut short, contexts not
entered, state shared by a class, waits that give up."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sockproof.mutation.site import THE_NODE, Change, Changes, Site, Splice, in_one_line

__all__ = ["context", "impatience", "order", "rounds", "sharing"]

_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_STAY = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Pass, *_ENDS)
_WAITS = ("wait", "join", "acquire", "select", "get")
_SOON, _LATER = "0.05", "10"


def order(site: Site) -> Changes:
    """Two steps in a row are done the other way round, unless the second names what the first
    makes, or nothing is called by either."""
    node, after = site.node, _next_step(site)
    if not isinstance(node, ast.stmt) or after is None:
        return
    calls = any(isinstance(one, ast.Call) for two in (node, after) for one in ast.walk(two))
    if calls and _is_step(node) and _is_step(after) and not _made(node) & _named(after):
        source = site.source
        start, end = source.start(node), source.end(after)
        gap = source.between(source.end(node), source.start(after))
        first = in_one_line(source.of(after).partition("\n")[0])
        text = source.of(after) + gap + source.of(node)
        yield f"{THE_NODE} done after `{first}`", (Splice(start, end, text),)


def _next_step(site: Site) -> ast.stmt | None:
    """The statement behind it in the same body, of a function."""
    if not any(isinstance(one, ast.FunctionDef) for one in site.parents):
        return None
    for _name, body in ast.iter_fields(site.parent):
        if isinstance(body, list) and site.node in body[:-1]:
            found = body[body.index(site.node) + 1]
            return found if isinstance(found, ast.stmt) else None
    return None


def _is_step(node: ast.stmt) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not is_text and not isinstance(node, _STAY)


def _made(node: ast.AST) -> set[str]:
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)
    }


def _named(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def rounds(site: Site) -> Changes:
    """A loop goes round once; one over a list leaves its first or all but its first out."""
    node, source = site.node, site.source
    if isinstance(node, ast.While):
        words = f"the loop `while {in_one_line(source.of(node.test))}` goes round once"
        start, end = source.start(node), source.end(node.test)
        yield words, (Splice(start, end, "for _ in (0,)"),)
    elif isinstance(node, ast.For):
        for part in ("[1:]", "[:1]"):
            yield site.becomes(f"list({source.of(node.iter)}){part}", node.iter)


def context(site: Site) -> Changes:
    """A context is not entered, and so not left: a lock is not taken, nothing is closed."""
    node, source = site.node, site.source
    if not isinstance(node, ast.With) or len(node.items) != 1:
        return
    (item,) = node.items
    manager, target = source.of(item.context_expr), item.optional_vars
    end = source.end(target or item.context_expr)
    text = f"for {source.of(target)} in ({manager},)" if target else "if True"
    words = f"the context `{in_one_line(manager)}` is not entered"
    yield words, (Splice(source.start(node), end, text),)


def sharing(site: Site) -> Changes:
    """What an object keeps is kept by its class; a setting of the object is not looked at."""
    node = site.node
    if not isinstance(node, ast.Attribute) or not _is_self(node.value) or not _method(site):
        return
    if isinstance(node.ctx, ast.Store) or node.attr in _settings(site.source.tree):
        yield site.becomes("type(self)", node.value)


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _method(site: Site) -> bool:
    return any(isinstance(one, ast.FunctionDef) for one in site.parents)


def _settings(tree: ast.AST) -> set[str]:
    """Names that a class of the module gives a value to."""
    return {
        target.id
        for one in ast.walk(tree)
        if isinstance(one, ast.ClassDef)
        for step in one.body
        if isinstance(step, ast.Assign)
        for target in step.targets
        if isinstance(target, ast.Name)
    }


def impatience(site: Site) -> Changes:
    """A wait without a limit has one; so has what a class says has no timeout."""
    node = site.node
    if isinstance(node, ast.Call) and not (node.args or node.keywords) and _waits(node.func):
        yield site.becomes(f"{site.source.of(node.func)}({_SOON})")
    yield from _limited(site, node)


def _waits(function: ast.AST) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in _WAITS


def _limited(site: Site, node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=None) as value):
            if name.endswith("timeout"):
                yield site.becomes(_LATER, value)
