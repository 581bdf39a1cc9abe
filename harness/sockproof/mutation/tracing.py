"""Which cases run which functions of a module: found out on a copy of it that tells.

A generic mutant is played on no case that does not run the function it is made in. Where a server
spec says as much of a case, as of socketserver, nothing needs to be traced.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from pathlib import Path

__all__ = ["RanFile", "reached", "tracing"]

_FILE = "ran"
_TELLING = f'''
import os as _traced_os
_traced_path = _traced_os.path.join(_traced_os.path.dirname(__file__), "{_FILE}")

def _traced(name):
    flags = _traced_os.O_WRONLY | _traced_os.O_APPEND | _traced_os.O_CREAT
    place = _traced_os.open(_traced_path, flags)
    _traced_os.write(place, name)
    _traced_os.close(place)
'''


class _Telling(ast.NodeTransformer):
    """Puts a call before all that a function does, with its qualified name."""

    def __init__(self) -> None:
        self._scopes: list[str] = []
        self.names: set[str] = set()

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self._below(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        name = self._below(node)
        self.names.add(name)
        node.body.insert(0, ast.parse(f"_traced({f'{name} '.encode()!r})").body[0])
        return node

    def _below(self, node: ast.ClassDef | ast.FunctionDef) -> str:
        """Visits what is in it; returns its qualified name."""
        self._scopes.append(node.name)
        name = ".".join(self._scopes)
        self.generic_visit(node)
        self._scopes.pop()
        return name


def tracing(text: str) -> str:
    """A module's text, in which each function first writes its name to a file beside the module."""
    tree = _Telling().visit(ast.parse(text))
    return ast.unparse(ast.fix_missing_locations(tree)) + _TELLING


class RanFile:
    """What a module that tells has written since it was last asked."""

    def __init__(self, module: Path) -> None:
        self._path = module.with_name(_FILE)
        self._read = 0

    def names(self) -> tuple[str, ...]:
        """Functions, each once."""
        told = self._path.read_bytes() if self._path.exists() else b""
        new, self._read = told[self._read :], len(told)
        return tuple(dict.fromkeys(new.decode().split()))


def reached(group: str, ran: Mapping[str, Collection[str]], text: str) -> tuple[str, ...] | None:
    """The cases that run the function of this qualified name; None where it is none of the module
    with this text, so that all cases might tell.

    ``ran`` has the functions by case.
    """
    telling = _Telling()
    telling.visit(ast.parse(text))
    if group not in telling.names:
        return None
    return tuple(case for case, names in ran.items() if group in names)
