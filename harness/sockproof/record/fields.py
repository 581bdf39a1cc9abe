"""Typed reading of one JSON object: each accessor says which key was wrong, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sockproof.errors import RecordError

__all__ = [
    "counts",
    "flag",
    "items",
    "number",
    "optional_text",
    "text",
    "texts",
    "whole",
    "word_map",
]

_MISSING = object()
_HINT = "write the record with this version of sockproof"


def _take(row: Mapping[str, Any], key: str, kinds: tuple[type, ...], default: object) -> Any:
    """The value of ``key``, of one of ``kinds``; the default when it is absent and may be."""
    value = row.get(key, default)
    if value is _MISSING:
        raise RecordError(f"{key!r} is missing", _HINT)
    wrong_bool = isinstance(value, bool) and bool not in kinds
    if value is not default and (wrong_bool or not isinstance(value, kinds)):
        raise RecordError(f"{key!r} is of the wrong type: {type(value).__name__}", _HINT)
    return value


def text(row: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """A string; without a default the key is required."""
    return str(_take(row, key, (str,), _MISSING if default is None else default))


def optional_text(row: Mapping[str, Any], key: str) -> str | None:
    """A string, or ``None`` for null and for an absent key."""
    value = _take(row, key, (str, type(None)), None)
    return None if value is None else str(value)


def number(row: Mapping[str, Any], key: str, default: float | None = None) -> float:
    """An int or float, given back as float; without a default the key is required."""
    return float(_take(row, key, (int, float), _MISSING if default is None else default))


def whole(row: Mapping[str, Any], key: str) -> int:
    """A required whole number."""
    return int(_take(row, key, (int,), _MISSING))


def flag(row: Mapping[str, Any], key: str) -> bool:
    """A required true or false."""
    return bool(_take(row, key, (bool,), _MISSING))


def word_map(row: Mapping[str, Any], key: str, *, required: bool = False) -> dict[str, Any]:
    """An object; empty when absent, unless it is required."""
    return dict(_take(row, key, (dict,), _MISSING if required else {}))


def items(row: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """A list of objects; empty when absent."""
    values = _take(row, key, (list,), [])
    if not all(isinstance(value, dict) for value in values):
        raise RecordError(f"{key!r} holds something that is not an object", _HINT)
    return list(values)


def texts(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of strings; empty when absent."""
    values = _take(row, key, (list,), [])
    if not all(isinstance(value, str) for value in values):
        raise RecordError(f"{key!r} holds something that is not text", _HINT)
    return tuple(values)


def counts(row: Mapping[str, Any], key: str) -> dict[str, int]:
    """An object whose values are whole numbers; empty when absent."""
    values = word_map(row, key)
    return {name: whole(values, name) for name in values}
