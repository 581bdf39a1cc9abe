"""Where a generic mutation is made: a node, what is around it, and how its text is replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from sockproof.mutation.source_text import SourceText, Splice

__all__ = ["THE_NODE", "Change", "Changes", "Site", "is_presence_test"]

THE_NODE = "\0"
Change = tuple[str, tuple[Splice, ...]]
Changes = Iterator[Change]


@dataclass(frozen=True)
class Site:
    """A node, what it is in (outermost first), and the source that they are of."""

    node: ast.AST
    parents: tuple[ast.AST, ...]
    source: SourceText

    @property
    def parent(self) -> ast.AST:
        return self.parents[-1]

    def becomes(self, text: str, node: ast.AST | None = None) -> Change:
        """The node, or another one, replaced by a text."""
        node = node or self.node
        return "", (Splice(self.source.start(node), self.source.end(node), text),)

    def function(self) -> ast.AST | None:
        """The innermost function around it."""
        functions = [one for one in self.parents if isinstance(one, ast.FunctionDef)]
        return functions[-1] if functions else None

    def top_level_lines(self) -> slice:
        """Which lines of the source the statement of the module has that the node is in."""
        around = [*self.parents[1:], self.node][0]
        first = min([around, *getattr(around, "decorator_list", ())], key=self.source.start)
        return slice(vars(first)["lineno"] - 1, vars(around)["end_lineno"])


def is_presence_test(node: ast.AST) -> bool:
    """Whether it asks what there is on this platform: ``hasattr(os, "fork")``."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hasattr"
    )
