"""Where a generic mutation is made: a node of a module's tree, and the text that is put there.

An operator takes a :class:`Site` and yields changes of it. Every change keeps the number of lines,
so that line numbers mean the same in all mutants.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

__all__ = [
    "THE_NODE",
    "Change",
    "Changes",
    "Settled",
    "Site",
    "SourceText",
    "Splice",
    "in_one_line",
    "is_presence_test",
]

# Stands for the text of the node in the words of a change.
THE_NODE = "\0"


@dataclass(frozen=True)
class Splice:
    """The octets from ``start`` up to ``end`` become ``text``; line ends that are lost are put
    behind it."""

    start: int
    end: int
    text: str


# What is done in words, none where the text put there says it all; and the splices.
Change = tuple[str, tuple[Splice, ...]]
Changes = Iterator[Change]


@dataclass(frozen=True)
class SourceText:
    """Source text, addressed by octets of UTF-8 as Python's trees are."""

    text: str

    @cached_property
    def octets(self) -> bytes:
        return self.text.encode("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *accumulate(len(line) for line in self.octets.splitlines(keepends=True))]

    def start(self, node: ast.AST) -> int:
        """Where a node begins; it must be of a kind that has a position."""
        place = vars(node)
        return self._line_starts[int(place["lineno"]) - 1] + int(place["col_offset"])

    def end(self, node: ast.AST) -> int:
        """Behind its last octet."""
        place = vars(node)
        return self._line_starts[int(place["end_lineno"]) - 1] + int(place["end_col_offset"])

    def of(self, node: ast.AST) -> str:
        """The text of a node, as it stands."""
        return self.between(self.start(node), self.end(node))

    def between(self, start: int, end: int) -> str:
        return self.octets[start:end].decode("utf-8")

    def line(self, offset: int) -> int:
        """The number of the line that an octet is in, from 1."""
        return self.octets.count(b"\n", 0, offset) + 1

    def spliced(self, splices: Sequence[Splice]) -> str:
        """The text with the splices made; they do not overlap."""
        octets = self.octets
        for splice in sorted(splices, key=lambda one: one.start, reverse=True):
            lost = octets.count(b"\n", splice.start, splice.end) - splice.text.count("\n")
            new = splice.text + "\n" * lost
            octets = octets[: splice.start] + new.encode("utf-8") + octets[splice.end :]
        return octets.decode("utf-8")

    def found(self, pattern: str, start: int, end: int) -> tuple[int, int] | None:
        """Where the last match of a pattern is between two places."""
        matches = list(re.compile(pattern.encode()).finditer(self.octets, start, end))
        return matches[-1].span() if matches else None


# Whether a condition holds on this platform; None where that depends on more than the platform.
Settled = Callable[[ast.AST], bool | None]


def _depends(_test: ast.AST) -> None:
    return None


@dataclass(frozen=True)
class Site:
    """A node, what it is in (outermost first), the source that they are of, and what a condition is
    on this platform whatever else is."""

    node: ast.AST
    parents: tuple[ast.AST, ...]
    source: SourceText
    settled: Settled = _depends

    @property
    def parent(self) -> ast.AST:
        return self.parents[-1]

    def becomes(self, text: str, node: ast.AST | None = None) -> Change:
        """The node, or another one, replaced by a text."""
        node = node or self.node
        return "", (Splice(self.source.start(node), self.source.end(node), text),)

    def qualified_name(self) -> str:
        """Of the innermost class or function that it is, or is in; empty outside of all."""
        scopes = [*self.parents, self.node]
        return ".".join(
            one.name for one in scopes if isinstance(one, ast.ClassDef | ast.FunctionDef)
        )

    def top_level_lines(self) -> slice:
        """Which lines of the source the statement of the module has that the node is in."""
        around = [*self.parents[1:], self.node][0]
        first = min([around, *getattr(around, "decorator_list", ())], key=self.source.start)
        return slice(vars(first)["lineno"] - 1, vars(around)["end_lineno"])


# Modules that are asked what a platform has, and the words that name one.
_ASKED = ("os", "sys", "errno", "selectors", "socket", "threading", "_socket")
_WORDS = ("sys.platform", "os.name")
_FLAGS = ("has_ipv6",)


def is_presence_test(node: ast.AST) -> bool:
    """Whether it asks what there is on this platform: ``hasattr(os, "fork")``, ``os.name == "nt"``,
    or ``getattr(errno, "EBADF", 9)``, which is 9 only elsewhere."""
    match node:
        case ast.Call(func=ast.Name(id="hasattr" | "getattr"), args=[asked, _, *_]):
            return ast.unparse(asked).partition(".")[0] in _ASKED
        case ast.Compare(left=asked) | ast.Call(func=ast.Attribute(value=asked)):
            return any(
                isinstance(o, ast.Attribute) and ast.unparse(o) in _WORDS for o in ast.walk(asked)
            )
        case ast.Name(id=name):
            return name in _FLAGS
    return False


def in_one_line(text: str) -> str:
    return " ".join(text.split())
