"""Operators on statements: deleted, not returned, conditions, except clauses, finally, loops."""

from __future__ import annotations

import ast

from sockproof.mutation.site import THE_NODE, Changes, Site, Splice

__all__ = ["caught", "cleanup", "condition", "deleted", "loop_control", "not_returned"]

_DELETED = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Break, ast.Continue, ast.Delete)


def deleted(site: Site) -> Changes:
    """A statement, a method, or a class that nothing else is made of, is not there."""
    if _may_go(site):
        yield f"{THE_NODE} deleted", site.becomes("pass")[1]


def _may_go(site: Site) -> bool:
    match site.node:
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.FunctionDef():
            return isinstance(site.parent, ast.ClassDef)
        case ast.ClassDef(name=name):
            names = (one.id for one in ast.walk(site.source.tree) if isinstance(one, ast.Name))
            return name not in names
        case ast.Return(value=value):
            return value is None
    return isinstance(site.node, _DELETED)


def not_returned(site: Site) -> Changes:
    """None is returned, or the value is found and nothing returned there."""
    node = site.node
    if not isinstance(node, ast.Return) or node.value is None:
        return
    if not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield site.becomes("None", node.value)
    functions = [one for one in site.parents if isinstance(one, ast.FunctionDef)]
    if not functions or functions[-1].body[-1] is not node:
        yield site.becomes(site.source.of(node.value))


def condition(site: Site) -> Changes:
    """A condition is negated, or always true, or never."""
    if not isinstance(site.node, ast.If | ast.While | ast.IfExp):
        return
    test = site.node.test
    settled = site.settled(test)
    if not (isinstance(test, ast.Constant) or settled is not None):
        yield site.becomes("True", test)
    if not (isinstance(test, ast.Constant) and test.value is False) and settled is not False:
        yield site.becomes("False", test)
    if settled is not None:
        return
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield site.becomes(site.source.of(test.operand), test)
    elif not isinstance(test, ast.Compare | ast.Constant):
        yield site.becomes(f"not ({site.source.of(test)})", test)


_CAUGHT = {
    "OSError": ("Exception", "ConnectionError", "BlockingIOError", "TimeoutError"),
    "socket.error": ("Exception",),
    "ChildProcessError": ("OSError", "PermissionError"),
    "Exception": ("BaseException", "OSError", "ValueError"),
    "AttributeError": ("Exception", "TypeError"),
    "ValueError": ("Exception", "KeyError"),
}


def caught(site: Site) -> Changes:
    """An except clause catches nothing, or more, or less."""
    node = site.node
    if not isinstance(node, ast.ExceptHandler):
        return
    if node.type is None:
        start = site.source.start(node)
        others = ("except ()", "except Exception")
        yield from (("", (Splice(start, start + len("except"), text),)) for text in others)
    else:
        for text in ("()", *_CAUGHT.get(site.source.of(node.type), ())):
            yield site.becomes(text, node.type)


def cleanup(site: Site) -> Changes:
    """What stands below ``finally`` is not done when something was raised."""
    node = site.node
    if not isinstance(node, ast.Try) or not node.finalbody or node.orelse:
        return
    last = (node.handlers or node.body)[-1]
    place = site.source.found(
        r"\bfinally\b", site.source.end(last), site.source.start(node.finalbody[0])
    )
    if place is None:
        return
    words = f"what is below `finally` of {THE_NODE} is done only when nothing was raised"
    if node.handlers:
        yield words, (Splice(*place, "else"),)
    else:
        start = site.source.start(node)
        yield words, (Splice(start, start + len("try"), "if True"), Splice(*place, "if True"))


def loop_control(site: Site) -> Changes:
    """``continue`` for ``break``, and the other way round."""
    if isinstance(site.node, ast.Break):
        yield site.becomes("continue")
    elif isinstance(site.node, ast.Continue):
        yield site.becomes("break")
