"""What a server is to answer: octets, a pattern, or whatever comes until the end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sockproof.case.client import END_OF_STREAM, Ending
from sockproof.judge.checks import Mismatch, show

__all__ = ["WantedAnswer"]

# A pattern that has not matched by then will not.
_MOST_OCTETS = 16 << 20
# So far the shortest match is sought.
_SOUGHT_OCTETS = 4096


@dataclass(frozen=True)
class WantedAnswer:
    """An answer as an example has it: these ``octets``, or what the ``pattern`` matches; where it
    goes ``to_end``, the end of the stream is part of it. With neither, any octets will do."""

    octets: bytes | None = None
    pattern: re.Pattern[bytes] | None = None
    to_end: bool = False

    @property
    def words(self) -> str:
        """For the reader of a failure."""
        if self.pattern:
            told = f"what matches {self.pattern.pattern!r}"
        else:
            told = "anything" if self.octets is None else show(self.octets)
        return f"{told}, and then the end" if self.to_end else told

    @property
    def may_be_nothing(self) -> bool:
        """Whether an end of the stream may be all of it."""
        if self.pattern:
            return self.to_end and bool(self.pattern.fullmatch(b""))
        return self.to_end and not self.octets

    def size_in(self, data: bytes, ending: Ending | None = None) -> int | None:
        """How many octets at the beginning of the data are the answer, once it is whole; None as
        long as more may come. ``ending`` is how the stream has ended, if it has.

        Raises:
            Mismatch: whatever comes now, it is another answer.
        """
        if self.to_end:
            return self._size_to_end(data, ending)
        size = self._size(data)
        if size is None and (ending or not self._may_become(data)):
            raise Mismatch(self.words, _told(data, ending))
        return size

    def _size(self, data: bytes) -> int | None:
        if self.octets is not None:
            return len(self.octets) if data.startswith(self.octets) else None
        found = self.pattern.match(data) if self.pattern else None
        return self._shortest(data, found.end()) if found else None

    def _shortest(self, data: bytes, longest: int) -> int:
        """Where the shortest match ends: a pattern takes as much as it can, and what follows may
        be the next answer."""
        assert self.pattern is not None
        ends = range(min(longest, _SOUGHT_OCTETS))
        return next((end for end in ends if self.pattern.fullmatch(data, 0, end)), longest)

    def _may_become(self, data: bytes) -> bool:
        if self.octets is not None:
            return self.octets.startswith(data) or data.startswith(self.octets)
        return len(data) < _MOST_OCTETS

    def _size_to_end(self, data: bytes, ending: Ending | None) -> int | None:
        is_too_much = self.octets is not None and len(data) > len(self.octets)
        if is_too_much or not self._may_become(data):
            raise Mismatch(self.words, _told(data, ending))
        if ending is None:
            return None
        is_it = self.pattern.fullmatch(data) if self.pattern else self.octets in (None, data)
        if ending is not END_OF_STREAM or not is_it:
            raise Mismatch(self.words, _told(data, ending))
        return len(data)

    def with_other(self, known: bytes, other: bytes) -> WantedAnswer:
        """The answer to a request that has ``other`` instead of ``known`` octets."""
        if self.pattern:
            escaped = re.escape(known), re.escape(other)
            text = self.pattern.pattern.replace(*escaped).replace(known, escaped[1])
            return WantedAnswer(None, re.compile(text, self.pattern.flags), self.to_end)
        octets = self.octets and self.octets.replace(known, other)
        return WantedAnswer(octets, None, self.to_end)


def _told(data: bytes, ending: Ending | None) -> str:
    if not ending:
        return show(data)
    return f"{show(data)}, and then {ending}" if data else f"nothing but {ending}"
