"""The digests of a record: each line's, over itself and the line before, and that of all of them.

So what was edited, taken out, put in or moved shows at its line. They tell accidents: whoever means
to deceive makes them anew, and only a signature proves.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["DigestChain"]

_DIGITS = 16
_SEALED = re.compile(rb',"digest":"([0-9a-f]{%d})"\}\n?\Z' % _DIGITS)


class DigestChain:
    """The lines of one record so far, one after the other, written or read."""

    def __init__(self) -> None:
        self._last = b""
        self._whole = hashlib.sha256()

    @property
    def whole(self) -> str:
        """The SHA-256 of all lines so far, in hexadecimal digits."""
        return self._whole.hexdigest()

    def sealed(self, line: bytes) -> bytes:
        """The next line, an object of JSON that ends with a line feed, with its digest as the last
        key."""
        self._last = _digest(self._last, line)
        sealed = line.removesuffix(b"}\n") + b',"digest":"' + self._last + b'"}\n'
        self._whole.update(sealed)
        return sealed

    def intact(self, line: bytes) -> bool:
        """Whether the next line is as it was written, and behind the one that it was written
        behind. What follows is held against the digest that it has."""
        found = _SEALED.search(line)
        if found is None:
            return False
        told, before = found[1], self._last
        self._whole.update(line)
        self._last = told
        return _digest(before, line[: found.start()] + b"}\n") == told


def _digest(before: bytes, line: bytes) -> bytes:
    """Of a line without a digest, and that of the line before."""
    return hashlib.sha256(before + line).hexdigest()[:_DIGITS].encode()
