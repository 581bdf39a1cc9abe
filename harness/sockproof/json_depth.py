"""How deep JSON of others may be: what follows it, of ours or of Python's own, has a bound, too."""

from __future__ import annotations

import re

__all__ = ["DEEPEST", "is_too_deep"]

# Ten times what anything of ours has; a tenth of what ends Python's recursion.
DEEPEST = 100
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)


def is_too_deep(text: bytes) -> bool:
    """Whether a text of JSON, which may be none at all, has more than DEEPEST lists and objects in
    each other."""
    brackets = text.translate(None, _NO_BRACKETS)
    if len(brackets) <= DEEPEST:
        return False
    for _ in range(DEEPEST):  # each time without what is innermost
        inner, brackets = brackets, brackets.replace(b"{}", b"").replace(b"[]", b"")
        if not brackets:
            return False
        if len(inner) == len(brackets):
            break
    return _is_too_deep_outside_of_strings(text)


def _is_too_deep_outside_of_strings(text: bytes) -> bool:
    depth = 0
    for bracket in _STRINGS.sub(b"", text).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False
