"""Inputs that nobody would write: texts and values of ours, spoiled; and a test played on many.

``make test`` plays the same thousand each time. ``make fuzz`` plays a hundred thousand, others
each time.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from suites.selftest.memory import Memory

__all__ = ["FEW", "as_line", "as_read", "fuzz", "spoiled_lines", "spoiled_object", "spoiled_text"]

FEW = 1000
_MEMORY_MIB = 256

_WORDS = ("", "x", "NaN", "-0", "\x00", "\ud800", "\u2028", "</script>", "__proto__", "9" * 5000)
_NUMBERS = (0, -1, 1.5, True, 1 << 31, 1 << 63, 10**400, 1e308, float("nan"), float("inf"))
_DEEP = "[" * 95 + "]" * 95
# As texts of JSON: each input has values of its own.
_HOSTILE = (
    *map(json.dumps, (None, *_WORDS, *_NUMBERS, [], {}, [1], {"a": 1}, "long" * 20000)),
    *(_DEEP, f"{'[' * 30000}{']' * 30000}", f'{{"a": {{"b": {_DEEP}}}}}'),
)
_AS_IT_IS = "as it is"
_GONE = len(_HOSTILE)
_PIECES = (
    *(b"[" * 101, b"[" * 60000, b'{"a":' * 200, b"]" * 300, b'"' * 3, b"\\", b"\n", b"\r\n"),
    *(b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"1e999", b"-", b"NaN", b",", b":", b"{", b"}"),
    *(b"=", b"[[", b"]]", b"'''", b"#", b"9" * 5000, b" " * 5000, b"true", b"\xe2\x80\xa8"),
)
# By number, so that what is told of an input is short.
_EDITS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "cut", "remove", "double"]),
        st.integers(0, 4095),
        st.integers(0, 64),
        st.integers(0, len(_PIECES) - 1),
    ),
    min_size=1,
    max_size=3,
)


def _edited(text: bytes, edits: Sequence[tuple[str, int, int, int]]) -> bytes:
    for what, at, length, piece in edits:
        start = at % (len(text) + 1)
        end = start + length
        text = {
            "insert": text[:start] + _PIECES[piece] + text[start:],
            "cut": text[:start],
            "remove": text[:start] + text[end:],
            "double": text[:end] + text[start:],
        }[what]
    return text


def _one_of(given_ones: Sequence[Any]) -> st.SearchStrategy[Any]:
    """By number, as above."""
    return st.integers(0, len(given_ones) - 1).map(lambda number: given_ones[number])


def spoiled_text(*texts: bytes) -> st.SearchStrategy[bytes]:
    """One of the texts with a few edits; now and then none, or any octets."""
    one = _one_of(texts)
    return st.one_of(st.builds(_edited, one, _EDITS), one, st.binary(max_size=60))


def spoiled_object(*objects: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """One of the objects, of whose keys, or of one within, a few have other values, or are gone."""
    changes = st.lists(st.tuples(st.integers(0, 999), st.integers(0, _GONE)), max_size=2)
    return st.builds(_changed, _one_of(objects), changes)


def _changed(given_object: Mapping[str, Any], changes: Sequence[tuple[int, int]]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(given_object))
    for at, value in changes:
        places = list(_places(changed))
        if places:
            holder, key = places[at % len(places)]
            if value == _GONE:
                del holder[key]
            else:
                holder[key] = as_read(_HOSTILE[value])
    return changed


def as_read(text: str) -> Any:
    """A value; what is too deep for Python stays a text, which the line has without its quotes."""
    try:
        return json.loads(text)
    except RecursionError:
        return f"{_AS_IT_IS}{text}{_AS_IT_IS}"


def as_line(value: Any) -> bytes:
    """A value as a line of JSON."""
    text = json.dumps(value).replace(f'"{_AS_IT_IS}', "").replace(f'{_AS_IT_IS}"', "")
    return text.encode("utf-8", "surrogatepass")


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every key and index in it, however deep, but not below what is too deep to be of ours."""
    found: list[tuple[Any, Any]] = []
    left = [value]
    while left and len(found) < 500:
        holder = left.pop()
        keys: Any = holder if isinstance(holder, dict) else range(len(holder))
        for key in list(keys):
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                left.append(holder[key])
    return found


def spoiled_lines(*objects: Mapping[str, Any]) -> st.SearchStrategy[bytes]:
    """Lines of JSON, some of them spoiled as values, some as texts."""
    as_values = spoiled_object(*objects).map(as_line)
    as_texts = spoiled_text(*map(as_line, objects))
    return st.lists(as_values | as_texts, max_size=3).map(b"\n".join)


def fuzz(
    inputs: int, strategy: st.SearchStrategy[Any], check: Callable[[Any], None], label: str = ""
) -> None:
    """Check many inputs, within a bound of memory; each that fails is made as small as can be."""

    def one(value: Any) -> None:
        check(value)

    played = settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        derandomize=inputs <= FEW,
        suppress_health_check=list(HealthCheck),
    )(given(strategy)(one))
    with Memory() as used, warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)  # of long inputs, which are meant
        played()
    if used.mib > _MEMORY_MIB:
        pytest.fail(f"{used.mib:.0f} MiB more than before {label}")
