"""Octets that are no request, made of one: what clients send who keep to no protocol. The same each
time, so that a script can send them again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sockproof.check.service.exchanges import Exchange
from sockproof.judge.checks import show

__all__ = ["DATAGRAM_OCTETS", "KINDS", "MARK", "Garbage", "garbage_of"]

MARK = b"garbage"
"""Is in what is text of it: whoever else hears that word, hears what was not for him."""
DATAGRAM_OCTETS = 65507
"""No datagram of IPv4 has more."""
_SEED, _TIMES = 20260101, 4
# What a request may end with; the longest that it does is its end.
_ENDS = (b"\r\n\r\n", b"\n\n", b"\r\n", b"\n", b"\r", b"\0")
_NEWLINES = (b"\n", b"\r\n", b"\r", b"\n\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\v", b"")
# Parts of characters in UTF-8, and octets that are none.
_HALVES = (b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80", b"\xff\xfe", b"\xed\xa0\x80")
_NUMBERS = (b"4294967295", b"-1", b"9" * 30, b"1e9", b"")
_LENGTHS = (b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff" * 8, b"\x80\0\0\0")
_OTHERS = (
    b"GET /garbage HTTP/1.1\r\nHost: garbage\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage",
    b"SSH-2.0-garbage\r\n",
    b"\xff\xfd\x01\xff\xfb\x1f",
)


@dataclass(frozen=True)
class Garbage:
    """What one client sends: a head, something so many ``times``, and a tail."""

    head: bytes = b""
    repeated: bytes = b""
    times: int = 0
    tail: bytes = b""

    @property
    def octets(self) -> bytes:
        return self.head + self.repeated * self.times + self.tail

    def __len__(self) -> int:
        return len(self.head) + len(self.repeated) * self.times + len(self.tail)

    def __str__(self) -> str:
        return show(self.octets) if len(self) < 40 else f"{len(self):,} octets"


_Made = Callable[[bytes, bytes, int], Iterator[Garbage]]


def _random_octets(body: bytes, _end: bytes, _large: int) -> Iterator[Garbage]:
    """All values, in no order; and the same within a request."""
    chosen = random.Random(_SEED)
    every = b"".join(bytes(chosen.sample(range(256), 256)) for _ in range(_TIMES))
    yield Garbage(every)
    yield Garbage(body[: len(body) // 2] + every)


def _nul(body: bytes, end: bytes, _large: int) -> Iterator[Garbage]:
    half = len(body) // 2
    yield Garbage(repeated=b"\0", times=1024)
    yield Garbage(body[:half] + b"\0" + body[half:] + end)
    yield Garbage(b"\0" + body + b"\0" + end)


def _nothing(_body: bytes, _end: bytes, _large: int) -> Iterator[Garbage]:
    yield Garbage()


def _empty(_body: bytes, end: bytes, _large: int) -> Iterator[Garbage]:
    """The end of a request alone, once and again."""
    if end:
        yield Garbage(end)
        yield Garbage(repeated=end, times=10)
        yield Garbage(b" \t " + end)


def _other_newlines(body: bytes, end: bytes, _large: int) -> Iterator[Garbage]:
    for newline in _NEWLINES if end else ():
        if newline != end:
            yield Garbage(_with(rb"\r?\n", newline, body) + newline)


def _with(pattern: bytes, octets: bytes, body: bytes) -> bytes:
    return re.sub(pattern, lambda _found: octets, body)


def _half_characters(body: bytes, end: bytes, _large: int) -> Iterator[Garbage]:
    for half in _HALVES:
        yield Garbage(MARK + half + end)
    yield Garbage(body + _HALVES[0] + end)


def _other_words(body: bytes, end: bytes, _large: int) -> Iterator[Garbage]:
    """One alone, many, and none that is known."""
    first, *_rest = body.split() or [b""]
    yield Garbage(first + end)
    yield Garbage(first + b" " + end)
    yield Garbage(repeated=MARK + b" ", times=20, tail=end)
    yield Garbage(body + b" " + body + end)


def _large_numbers(body: bytes, end: bytes, _large: int) -> Iterator[Garbage]:
    """Whatever is a length, too: of more octets than ever come, or of none."""
    for number in _NUMBERS:
        told = _with(rb"\d+", number, body)
        if told != body:
            yield Garbage(told + end)
    for length in _LENGTHS:
        yield Garbage(length + body[len(length) :] + end)


def _other_protocols(_body: bytes, _end: bytes, _large: int) -> Iterator[Garbage]:
    yield from map(Garbage, _OTHERS)


def _endless_line(_body: bytes, _end: bytes, large: int) -> Iterator[Garbage]:
    yield Garbage(MARK, b"x", large - len(MARK))


def _too_long(body: bytes, end: bytes, large: int) -> Iterator[Garbage]:
    """It begins and ends as a request does."""
    half, rest = len(body) // 2, large - len(body) - len(end)
    yield Garbage(body[:half], b"y", rest, body[half:] + end)


KINDS: Mapping[str, _Made] = {
    "random octets": _random_octets,
    "NUL": _nul,
    "nothing": _nothing,
    "an empty request": _empty,
    "other newlines": _other_newlines,
    "half a character": _half_characters,
    "other words": _other_words,
    "large numbers": _large_numbers,
    "other protocols": _other_protocols,
    "an endless line": _endless_line,
    "a long request": _too_long,
}
"""What is made of the body of a request, its end, and how many octets are a lot."""


def garbage_of(exchange: Exchange, kind: str, large_octets: int) -> list[Garbage]:
    """What comes of one kind and the request of one exchange."""
    request = exchange.request
    end = next((end for end in _ENDS if request.endswith(end)), b"")
    body = request[: len(request) - len(end)]
    return list(dict.fromkeys(KINDS[kind](body, end, large_octets)))
