"""The long payloads that a case has given by what makes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sockproof.iut.values import Fill

__all__ = ["fills_in"]


def fills_in(value: Any) -> Iterator[Fill]:
    if isinstance(value, Fill):
        yield value
    elif isinstance(value, dict):
        if "$fill" in value:
            yield Fill(*value["$fill"])
        for item in value.values():
            yield from fills_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from fills_in(item)
