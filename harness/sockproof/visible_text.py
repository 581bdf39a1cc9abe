"""Text of others, made visible: the one place where what a terminal would obey becomes an escape.

Records, implementations, interpreters, definitions, names of files: whatever a command prints has
passed here, see ``standard_streams`` and ``open_console``. Colours that we make ourselves are made
after it.
"""

from __future__ import annotations

import re

__all__ = ["visible"]

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but neither tab nor line feed
    "\xad\u061c\u115f\u1160\u180e\u3164"  # invisible, or reverses what is read
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff\ufffe\uffff]"  # not characters: no encoding and no XML takes them
)


def visible(text: str) -> str:
    """The text with control characters, lone surrogates and direction marks as ``\\x00``.

    Tabs and line feeds stay. The result can be encoded, printed, and put into XML 1.0. What is
    visible already stays as it is.
    """
    return _HIDDEN.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    number = ord(match.group())
    named = {0x0D: "\\r", 0x1B: "\\x1b"}.get(number)
    if named or number < 0x100:
        return named or f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
