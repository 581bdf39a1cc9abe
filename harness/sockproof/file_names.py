"""Names of files that are made of what others say: of one alphabet, inside one folder.

A record, an interpreter or a definition tells what an implementation is called. That is text: as
the name of a file it goes through :func:`file_name`, wherever that file is.
"""

from __future__ import annotations

import hashlib
import string

__all__ = ["LONGEST", "file_name"]

_ALPHABET = frozenset(string.ascii_letters + string.digits + "._+-")
_FIRST = _ALPHABET - frozenset(".-")  # hidden files and options begin with these
_INSTEAD = "_"
LONGEST = 100
"""Characters of a name, without its suffix."""
_DIGITS = 8


def file_name(text: str, suffix: str = "") -> str:
    """A name of ASCII letters, digits and any of ``. _ + -``: of no folder, and no hidden file.

    What is such a name already stays as it is. Where something is lost, the name ends with a part
    of the text's digest: other texts have other names.
    """
    first = "".join(one if one in _FIRST else _INSTEAD for one in text[:1])
    kept = first + "".join(one if one in _ALPHABET else _INSTEAD for one in text[1:LONGEST])
    if kept == text and text:
        return f"{kept}{suffix}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{kept[: LONGEST - _DIGITS - 1] or 'unnamed'}-{digest}{suffix}"
