"""The operators of generic mutation: each makes one small change of a node, wherever it stands.

An operator takes a :class:`Site` and yields (what is done in words, the splices). THE_NODE in the
words stands for the text of the node; no words mean that the text put there says it all. OPERATORS
is the table of them.
"""

from __future__ import annotations

from collections.abc import Callable

from sockproof.mutation.expression_changes import (
    arithmetic,
    boolean,
    comparison,
    constant,
    left_out,
    sibling,
    swapped,
)
from sockproof.mutation.site import Changes, Site
from sockproof.mutation.statement_changes import (
    caught,
    cleanup,
    condition,
    deleted,
    loop_control,
    not_returned,
)

__all__ = ["OPERATORS"]

OPERATORS: dict[str, Callable[[Site], Changes]] = {
    "delete": deleted,
    "return": not_returned,
    "condition": condition,
    "comparison": comparison,
    "boolean": boolean,
    "arithmetic": arithmetic,
    "constant": constant,
    "swap": swapped,
    "leave out": left_out,
    "except": caught,
    "finally": cleanup,
    "loop": loop_control,
    "sibling": sibling,
}
