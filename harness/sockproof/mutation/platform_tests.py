"""What a module's source has for other platforms: tests such as ``hasattr(os, "fork")``, and what
does not run where they do not hold.

Nobody could tell a change there, so no mutant is made of it.
"""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Iterator, Mapping

from sockproof.errors import IutUnavailable
from sockproof.iut.implementation import Implementation
from sockproof.mutation.site import SourceText, is_presence_test
from sockproof.timing import start_bound_s

__all__ = ["Platform", "platform_of"]

_PROGRAM = """
from _socket import *
import errno, json, os, selectors, socket, sys, threading, _socket
print(json.dumps([%s]))
"""
# What is missing where these are raised.
_MISSING = ("ImportError", "NameError")


class Platform:
    """Which presence tests of a source hold where it is to run: all but those that ``answers``
    denies."""

    def __init__(self, answers: Mapping[str, bool] | None = None) -> None:
        self._answers = answers or {}

    def settled(self, test: ast.AST, source: SourceText) -> bool | None:
        """What a condition is on this platform whatever else is; None where that depends."""
        if is_presence_test(test):
            return self._answers.get(source.of(test), True)
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found = self.settled(operand, source)
                return None if found is None else not found
            case ast.BoolOp(op=op, values=values):
                settling = isinstance(op, ast.Or)
                parts = [self.settled(value, source) for value in values]
                if settling in parts:
                    return settling
                return None if None in parts else not settling
        return None

    def absent(self, source: SourceText) -> set[int]:
        """The nodes, by ``id()``, that do not run on this platform: the branches of tests, what is
        done where a name is missing, and what is private and of use to nothing else."""
        gone = {id(one) for node in ast.walk(source.tree) for one in self._below(node, source)}
        while unused := _unused(source.tree, gone):
            gone |= unused
        return gone

    def _below(self, node: ast.AST, source: SourceText) -> list[ast.AST]:
        match node:
            case ast.If() if (holds := self.settled(node.test, source)) is not None:
                return [*(node.orelse if holds else [node.test, *node.body])]
            case ast.Try():
                return [one for one in node.handlers if _is_of_the_missing(one)]
        return []


def _is_of_the_missing(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.type, ast.Name) and handler.type.id in _MISSING


def _unused(module: ast.Module, gone: set[int]) -> set[int]:
    """Of what is left, the private functions and values of the module that nothing speaks of."""
    used = set(_names(module, gone))
    return {
        id(node)
        for node in module.body
        if id(node) not in gone
        and (name := _defined(node)).startswith("_")
        and not (name.startswith("__") or name in used)
    }


def _defined(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _names(node: ast.AST, absent: set[int]) -> Iterator[str]:
    """Those that are spoken of in what runs."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    for child in ast.iter_child_nodes(node):
        if id(child) not in absent:
            yield from _names(child, absent)


def platform_of(implementation: Implementation, text: str) -> Platform:
    """Asks the interpreter once for every presence test that the source has.

    Raises:
        IutUnavailable: it does not answer.
    """
    source = SourceText(text)
    asked = sorted({source.of(node) for node in ast.walk(source.tree) if is_presence_test(node)})
    command = [*implementation.argv, "-c", _PROGRAM % ", ".join(f"bool({one})" for one in asked)]
    try:
        answer = subprocess.run(
            command,
            env=implementation.environment(),
            capture_output=True,
            check=True,
            timeout=start_bound_s(),
        )
        answers = dict(zip(asked, json.loads(answer.stdout), strict=True))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise IutUnavailable(
            f"{implementation.given}: cannot be asked what it has: {error}"
        ) from None
    return Platform(answers)
