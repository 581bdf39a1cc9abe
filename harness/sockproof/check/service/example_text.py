"""Examples as the text of a file that ``exchange_file`` reads: octets as text where they are one,
else in hexadecimal figures or in base64."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import tomlkit

from sockproof.visible_text import visible

__all__ = ["Example", "comment", "spelled", "table"]

_WIDTH = 96
_LONGEST_HEX_OCTETS = 64
_BLANKS = frozenset("\r\n\t")


@dataclass(frozen=True)
class Example:
    """An exchange to be written. ``answer`` are the octets, or ``pattern`` a regular expression;
    ``remarks`` are sentences for its reader."""

    name: str
    request: bytes
    answer: bytes | None
    pattern: str | None = None
    after: Sequence[str] = ()
    keeps: bool = False
    half_closes: bool = False
    to_end: bool = False
    remarks: Sequence[str] = ()

    @property
    def text(self) -> str:
        """Its table."""
        return "".join([*map(comment, self.remarks), "[[exchange]]\n", *self._lines()])

    def _lines(self) -> Iterable[str]:
        yield spelled("name", self.name)
        if self.after:
            yield spelled("after", self.after[0] if len(self.after) == 1 else list(self.after))
        if self.request:
            yield spelled("send", self.request)
        if self.half_closes:
            yield "half_close = true\n"
        if self.pattern is not None:
            yield spelled("expect_regex", self.pattern)
        elif self.answer is not None:
            yield spelled("expect", self.answer)
        if self.to_end:
            yield 'until = "end"\n'
        if self.keeps:
            yield "keeps = true\n"


def spelled(key: str, value: bytes | str | Sequence[str]) -> str:
    """A line of TOML; octets that are no text have a key that says so."""
    if isinstance(value, bytes):
        return _octets(key, value)
    if isinstance(value, str) and "'" not in value and value.isprintable():
        is_plain = "\\" not in value
        return f'{key} = "{value}"\n' if is_plain and '"' not in value else f"{key} = '{value}'\n"
    return f"{key} = {tomlkit.item(value).as_string()}\n"


def _octets(key: str, octets: bytes) -> str:
    text = _as_text(octets)
    if text is not None:
        return f"{key} = {tomlkit.item(text).as_string()}\n"
    if len(octets) <= _LONGEST_HEX_OCTETS:
        return f'{key}_hex = "{octets.hex(" ")}"\n'
    lines = textwrap.wrap(base64.b64encode(octets).decode("ascii"), _WIDTH)
    return "\n".join([f"{key}_base64 = '''", *lines, "'''\n"])


def _as_text(octets: bytes) -> str | None:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    is_text = all(one.isprintable() or one in _BLANKS for one in text)
    return text if is_text and visible(text.replace("\r", "")) == text.replace("\r", "") else None


def comment(text: str) -> str:
    """Lines of a comment, in which nothing of others ends it."""
    told = visible(" ".join(text.split()))
    return "".join(f"# {line}\n" for line in textwrap.wrap(told, _WIDTH - 2))


def table(name: str, values: Mapping[str, str | Sequence[str]]) -> str:
    """A table of texts and lists of texts."""
    return "".join([f"[{name}]\n", *(spelled(key, value) for key, value in values.items())])
