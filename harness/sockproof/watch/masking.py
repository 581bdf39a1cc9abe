"""Masks secrets in what was said: from here on nobody has them.

They are sought in all that a side says on a connection, however it came in pieces. What was found
once is masked wherever it stands: in other connections, in answers, and there in letters of either
case. Each octet of it becomes an ``x``.
"""

from __future__ import annotations

import base64
import bisect
import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import unquote_to_bytes

from sockproof.errors import UsageError
from sockproof.watch.default_masks import ANYWHERE, FROM_CLIENTS, NO_SECRETS, PROMPT
from sockproof.watch.talk import Party, Talk

__all__ = ["MASK", "MaskedOctets", "MaskedTurn", "Masks", "masks_of"]

MASK = b"x"
_Span = tuple[int, int]
_Pattern = re.Pattern[bytes]
_FLAGS = re.IGNORECASE | re.MULTILINE
# A secret that is shorter is masked elsewhere only in the answers on its own connection, as a word.
_SHORT = 4
# What is found may be more than a secret: a header's value, a line. Its parts are secrets of their
# own where they are as long as that, or mix letters and figures.
_BETWEEN, _AROUND = re.compile(rb"[^\w~+/=%!@#$*.:^-]+"), b".:!-"
_PART = re.compile(rb"(?=.*[0-9])(?=.*[A-Za-z]).{4,}|.{8,}", re.DOTALL)
_PROMPT_OCTETS = 256
_LINE_ENDS = b"\r\n\0"
_LONGEST_BEGINNING = 256


@dataclass(frozen=True)
class MaskedOctets:
    """What was said, with an ``x`` for each octet that is masked; ``spans`` are where those are."""

    data: bytes
    spans: tuple[_Span, ...] = ()


@dataclass(frozen=True)
class MaskedTurn:
    """What one side says until the other one does."""

    side: Party
    octets: MaskedOctets


@dataclass(frozen=True)
class Masks:
    """What is masked: patterns of both sides, those of clients, and what asks for a secret."""

    anywhere: tuple[_Pattern, ...] = ()
    from_clients: tuple[_Pattern, ...] = ()
    prompt: _Pattern | None = None

    def masked(self, talks: Sequence[Talk]) -> list[list[MaskedTurn]]:
        """The whole turns of each talk, in which nothing is left of a secret of any."""
        streams = [_Stream(talk, side) for talk in talks for side in Party]
        for stream in streams:
            stream.spans += self._found(stream)
        secrets = _Secrets(part for stream in streams for part in stream.secrets())
        short = [{one for one in stream.secrets() if len(one) < _SHORT} for stream in streams]
        for stream in streams:
            stream.spans += secrets.found_in(stream.data)
        pairs = list(zip(streams[::2], streams[1::2], strict=True))
        for (_client, server), words in zip(pairs, short[::2], strict=True):
            server.spans += _words_in(server.data, words)
        return [_turns(talk, *pair) for talk, pair in zip(talks, pairs, strict=True)]

    def _found(self, stream: _Stream) -> Iterator[_Span]:
        of_client = self.from_clients if stream.side is Party.CLIENT else ()
        for pattern in (*self.anywhere, *of_client):
            yield from _matches(pattern, stream.data)
            for start, end in stream.bounds:  # what is at its beginning or end
                for first, last in _matches(pattern, stream.data[start:end]):
                    yield start + first, start + last
        if self.prompt and stream.side is Party.CLIENT:
            yield from _prompted(self.prompt, stream)


def masks_of(patterns: Iterable[str], *, with_default: bool = True) -> Masks:
    """The user's patterns, and our own.

    Raises:
        UsageError: one is no regular expression.
    """
    own = tuple(_compiled(text, re.MULTILINE) for text in patterns)
    if not with_default:
        return Masks(own)
    ours, of_clients = (
        tuple(re.compile(text.encode("ascii"), _FLAGS) for text in texts)
        for texts in (ANYWHERE, FROM_CLIENTS)
    )
    return Masks((*own, *ours), of_clients, re.compile(PROMPT.encode("ascii"), _FLAGS))


def _compiled(text: str, flags: int) -> _Pattern:
    try:
        return re.compile(text.encode("utf-8"), flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(
            f"--mask {text!r} is no regular expression: {error}", "see the module re of Python"
        ) from None


class _Stream:
    """All that one side of a talk says."""

    def __init__(self, talk: Talk, side: Party) -> None:
        self.talk, self.side = talk, side
        own = [turn.octets for turn in talk.turns if turn.side is side]
        self.data = b"".join(own)
        ends = list(accumulate(map(len, own)))
        self.bounds = list(zip([0, *ends[:-1]], ends, strict=True)) if own else []
        self.spans: list[_Span] = []

    def secrets(self) -> Iterator[bytes]:
        """What is masked in it, and the longer parts of that."""
        for start, end in self.spans:
            secret = self.data[start:end].strip()
            yield secret
            yield from _parts_of(secret)


def _parts_of(secret: bytes) -> Iterator[bytes]:
    """The values that are named in it, and what it says in the plain: out of the figures of a URL,
    or of base64, in which a name and a password are."""
    for item in _BETWEEN.split(secret):
        name, equals, value = item.partition(b"=")
        part = value if equals and value.strip(b"=") else item
        if name.lower() not in NO_SECRETS:
            yield from filter(_PART.fullmatch, (part, part.strip(_AROUND)))
    yield unquote_to_bytes(secret.replace(b"+", b" "))
    with contextlib.suppress(ValueError):
        yield re.split(rb"[:\0]", base64.b64decode(secret, validate=True))[-1]


def _matches(pattern: _Pattern, data: bytes) -> Iterator[_Span]:
    """The groups of each match, or all of it where none takes part."""
    for found in pattern.finditer(data):
        groups = [found.span(n) for n in range(1, pattern.groups + 1) if found.start(n) >= 0]
        for start, end in groups or [found.span()]:
            if end > start:
                yield start, end


def _prompted(prompt: _Pattern, stream: _Stream) -> Iterator[_Span]:
    """The lines that a client says when it was asked for a secret, in however many turns."""
    heard, at = b"", 0
    for turn in stream.talk.turns:
        if turn.side is not stream.side:
            heard = (heard + turn.octets)[-_PROMPT_OCTETS:]
            continue
        if prompt.search(heard):
            yield _line_from(stream.data, at)
        at += len(turn.octets)


def _line_from(data: bytes, start: int) -> _Span:
    """The first line from there on that is not empty: the end of the one before may come late."""
    while start < len(data) and data[start] in _LINE_ENDS:
        start += 1
    ends = [end for mark in (b"\r", b"\n") if (end := data.find(mark, start)) >= 0]
    return start, min(ends, default=len(data))


class _Secrets:
    """All that was found, to be found wherever else it is."""

    def __init__(self, found: Iterable[bytes]) -> None:
        known = {one.lower() for one in found if len(one) >= _SHORT}
        self._by_beginning: dict[bytes, list[bytes]] = {}
        for one in sorted(known, key=len, reverse=True):
            self._by_beginning.setdefault(one[:_SHORT], []).append(one)
        self._beginnings = {
            one[:size] for one in known for size in range(_SHORT, min(len(one), _LONGEST_BEGINNING))
        }

    def found_in(self, data: bytes) -> Iterator[_Span]:
        """Where they are, also within each other."""
        if not self._by_beginning:
            return
        data = data.lower()
        for start in range(len(data) - _SHORT + 1):
            for one in self._by_beginning.get(data[start : start + _SHORT], ()):
                if data.startswith(one, start):
                    yield start, start + len(one)
                    break  # the others are shorter
        yield from self._begun_at_the_end(data)

    def _begun_at_the_end(self, data: bytes) -> Iterator[_Span]:
        """Where the last octets are the first ones of a secret, whose rest has never come."""
        for size in range(min(len(data), _LONGEST_BEGINNING), _SHORT - 1, -1):
            if data[-size:] in self._beginnings:
                yield len(data) - size, len(data)
                return


def _words_in(data: bytes, words: Iterable[bytes]) -> Iterator[_Span]:
    """Where these stand alone."""
    for word in filter(None, words):
        alone = re.compile(rb"(?<!\w)" + re.escape(word) + rb"(?!\w)", re.IGNORECASE)
        yield from (found.span() for found in alone.finditer(data))


def _turns(talk: Talk, client: _Stream, server: _Stream) -> list[MaskedTurn]:
    parts = {stream.side: iter(_parts(stream)) for stream in (client, server)}
    return [MaskedTurn(one.side, next(parts[one.side])) for one in talk.turns if one.is_whole]


def _parts(stream: _Stream) -> Iterator[MaskedOctets]:
    """Its turns, masked."""
    spans = _joined(stream.spans)
    data = bytearray(stream.data)
    for start, end in spans:
        data[start:end] = MASK * (end - start)
    ends = [end for _start, end in spans]
    for first, last in stream.bounds:
        own: list[_Span] = []
        for start, end in spans[bisect.bisect_right(ends, first) :]:
            if start >= last:
                break
            own.append((max(start, first) - first, min(end, last) - first))
        yield MaskedOctets(bytes(data[first:last]), tuple(own))


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    """Those that touch or overlap, as one."""
    joined: list[_Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
