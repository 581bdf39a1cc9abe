"""Answers to the same request, held against each other: what is the same in all of them, and a
pattern for what is not.

An answer is parted into dates, numbers, ids, words and single octets; those are the same or not as
a whole, and so is what is masked.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sockproof.case.client import END_OF_STREAM
from sockproof.check.service.wanted_answer import WantedAnswer
from sockproof.judge.checks import Mismatch
from sockproof.watch.masking import MaskedOctets

__all__ = ["are_alike", "escaped", "has_date", "pattern_of"]

_MOST_TOKENS = 3000
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAYS = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?"
_DATE = (
    rf"(?:{_DAYS},? )?\d\d?[ -]{_MONTHS}[ -]\d{{2,4}},? {_CLOCK}(?: (?:GMT|UTC|Z|[+-]\d{{4}}))?"
    rf"|{_DAYS} {_MONTHS} [ \d]\d {_CLOCK} (?:[A-Z]{{2,5}} )?\d{{4}}"
    rf"|\d{{4}}-\d\d-\d\d(?:[T ]{_CLOCK}(?:Z| ?[+-]\d\d:?\d\d)?)?"
    rf"|\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|1[5-9]\d{8}(?:\.\d+)?"  # seconds since 1970
)
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
# Letters and figures in one, with what often parts or fills them.
_ID = r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{4,}(?:[_+/=-][A-Za-z0-9]*)*"
_TOKEN = re.compile(
    rf"(?P<date>(?<![\w-])(?:{_DATE})(?![\w]))|(?P<id>(?<!\w)(?:{_UUID}|{_ID}))"
    r"|(?P<number>\d+)|(?P<word>[A-Za-z]+)|(?P<other>[\s\S])".encode("ascii")
)
_CHANGING = frozenset({"date", "id", "number", "masked"})
_FIGURES = re.compile(rb"\d+")
_LETTERS = re.compile(rb"[A-Za-z]+")
Token = tuple[str, bytes]


@dataclass(frozen=True)
class _Gap:
    """Where answers are not the same."""


_GAP = _Gap()
_Piece = Token | _Gap


@lru_cache(4096)
def _tokens(answer: MaskedOctets) -> tuple[Token, ...]:
    found: list[Token] = []
    at = 0
    for start, end in (*answer.spans, (len(answer.data), len(answer.data))):
        for match in _TOKEN.finditer(answer.data, at, start):
            found.append((str(match.lastgroup), match.group()))
        if end > start:
            found.append(("masked", answer.data[start:end]))
        at = end
    return tuple(found)


def has_date(answer: MaskedOctets) -> bool:
    """Whether something in it looks like a date or a time."""
    return any(kind == "date" for kind, _octets in _tokens(answer))


def are_alike(one: MaskedOctets, other: MaskedOctets) -> bool:
    """Whether two answers say the same but for dates, numbers, ids and secrets."""
    if one == other:
        return True
    a, b = _tokens(one), _tokens(other)
    return all(
        kind in _CHANGING
        for first, second in _differences(a, b)
        for kind, _octets in _of_tokens(*first, *second)
    )


def _of_tokens(*pieces: _Piece) -> Iterator[Token]:
    yield from (one for one in pieces if not isinstance(one, _Gap))


def _differences(
    one: Sequence[_Piece], other: Sequence[Token]
) -> Iterator[tuple[Sequence[_Piece], Sequence[Token]]]:
    for a, b, same in _aligned(one, other):
        if not same:
            yield a, b


def _aligned(
    one: Sequence[_Piece], other: Sequence[Token]
) -> Iterator[tuple[Sequence[_Piece], Sequence[Token], bool]]:
    """Both in parts, which are the same or are not."""
    most = min(len(one), len(other))
    head = next((n for n in range(most) if one[n] != other[n]), most)
    tail = next((n for n in range(most - head) if one[-1 - n] != other[-1 - n]), most - head)
    yield one[:head], other[:head], True
    a, b = one[head : len(one) - tail], other[head : len(other) - tail]
    if max(len(a), len(b)) > _MOST_TOKENS:
        yield a, b, False
    else:
        matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
        for word, a1, a2, b1, b2 in matcher.get_opcodes():
            yield a[a1:a2], b[b1:b2], word == "equal"
    yield one[len(one) - tail :], other[len(other) - tail :], True


def pattern_of(answers: Sequence[MaskedOctets], *, to_end: bool, dates: bool = False) -> str | None:
    """A regular expression for all of them; None where nothing would tell where an answer ends.

    ``dates``: whatever looks like a date is taken for one, though all of them have the same.
    """
    pieces = _common(answers, dates=dates)
    fills = _fills(pieces, answers)
    text = "".join(_texts(pieces, fills, to_end=to_end)) if fills is not None else ""
    return text if text and _fits(text, answers, to_end=to_end) else None


def _common(answers: Sequence[MaskedOctets], *, dates: bool) -> list[_Piece]:
    """What is the same in all of them, and gaps between."""
    pieces: list[_Piece] = list(_tokens(answers[0]))
    for answer in answers[1:]:
        merged: list[_Piece] = []
        for one, _other, same in _aligned(pieces, _tokens(answer)):
            merged += one if same else [_GAP]
        pieces = merged
    if dates:
        pieces = [_GAP if isinstance(one, tuple) and one[0] == "date" else one for one in pieces]
    return [
        one for n, one in enumerate(pieces) if not (n and one is _GAP and pieces[n - 1] is _GAP)
    ]


def _fills(
    pieces: Sequence[_Piece], answers: Sequence[MaskedOctets]
) -> list[list[MaskedOctets]] | None:
    """What each answer has in each gap."""
    text = b"".join(rb"(.*?)" if isinstance(one, _Gap) else re.escape(one[1]) for one in pieces)
    form, gaps = re.compile(text, re.DOTALL), sum(isinstance(one, _Gap) for one in pieces)
    found = [form.fullmatch(answer.data) for answer in answers]
    if not all(found):
        return None
    return [
        [_part(answer, *one.span(n)) for answer, one in zip(answers, found, strict=True) if one]
        for n in range(1, gaps + 1)
    ]


def _part(answer: MaskedOctets, start: int, end: int) -> MaskedOctets:
    spans = tuple(
        (max(a, start) - start, min(b, end) - start)
        for a, b in answer.spans
        if a < end and b > start
    )
    return MaskedOctets(answer.data[start:end], spans)


def _texts(
    pieces: Sequence[_Piece], fills: Sequence[Sequence[MaskedOctets]], *, to_end: bool
) -> Iterator[str]:
    """The pattern in parts; an empty one, and nothing more, where it cannot be."""
    gaps = iter(fills)
    for number, piece in enumerate(pieces):
        if not isinstance(piece, _Gap):
            kind, octets = piece
            yield f".{{{len(octets)}}}" if kind == "masked" else escaped(octets)
        else:
            is_last = number == len(pieces) - 1 and not to_end
            yield _class_of(next(gaps), is_last=is_last)


def _class_of(fills: Sequence[MaskedOctets], *, is_last: bool) -> str:
    sizes = {len(one.data) for one in fills}
    if is_last:
        # The shortest match is the answer: only its size tells that it is whole.
        figures = all(_FIGURES.fullmatch(one.data) for one in fills)
        return f"{'[0-9]' if figures else '.'}{{{max(sizes)}}}"
    if any(one.spans for one in fills):
        return f".{{{max(sizes)}}}" if len(sizes) == 1 else _wide(fills)
    shapes = {_shape(one.data) for one in fills}
    if len(shapes) == 1 and sizes != {0}:
        return shapes.pop()
    if all(re.fullmatch(rb"[\w-]+", one.data) for one in fills):
        return "[0-9A-Za-z_-]+"
    return _wide(fills)


def _wide(fills: Sequence[MaskedOctets]) -> str:
    some = "*" if any(not one.data for one in fills) else "+"
    is_line = not any(mark in one.data for one in fills for mark in (b"\r", b"\n"))
    return f"[^\\r\\n]{some}" if is_line else f".{some}?"


def _shape(octets: bytes) -> str:
    """The text of a pattern in which figures and letters are any."""
    parts = re.split(rb"(\d+|[A-Za-z]+)", octets)
    return "".join(
        "[0-9]+"
        if _FIGURES.fullmatch(one)
        else "[A-Za-z]+"
        if _LETTERS.fullmatch(one)
        else escaped(one)
        for one in parts
    )


def _fits(text: str, answers: Sequence[MaskedOctets], *, to_end: bool) -> bool:
    """Whether a check would take each of them for the whole answer, however it comes."""
    wanted = WantedAnswer(None, re.compile(text.encode("utf-8"), re.DOTALL), to_end)
    ending = END_OF_STREAM if to_end else None
    try:
        return all(wanted.size_in(one.data, ending) == len(one.data) for one in answers)
    except Mismatch:
        return False


def escaped(octets: bytes) -> str:
    """The text of a pattern that matches these octets alone, as it reads best."""
    try:
        return "".join(map(_escaped_character, octets.decode("utf-8")))
    except UnicodeDecodeError:
        return "".join(_escaped_octet(one) for one in octets)


def _escaped_character(one: str) -> str:
    if one.isascii() or not one.isprintable():
        return "".join(_escaped_octet(octet) for octet in one.encode("utf-8"))
    return one


_BY_NAME = {0x0A: r"\n", 0x0D: r"\r", 0x09: r"\t"}


def _escaped_octet(octet: int) -> str:
    if octet in _BY_NAME:
        return _BY_NAME[octet]
    if not 0x20 <= octet < 0x7F:
        return f"\\x{octet:02x}"
    one = chr(octet)
    return one if one.isalnum() or one in " \"'!%,/:;<=>@_`~-&#" else f"\\{one}"
