"""A module's source with positions: where a node of its tree stands, and the text put there.

Every change keeps the number of lines, so that line numbers mean the same in all mutants.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

__all__ = ["SourceText", "Splice"]


@dataclass(frozen=True)
class Splice:
    """The octets from ``start`` up to ``end`` become ``text``; line ends that are lost are put
    behind it."""

    start: int
    end: int
    text: str


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
