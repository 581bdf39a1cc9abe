"""Values on the control channel: octets, tuples and long payloads inside JSON, and back."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from sockproof.iut.agent import events
from sockproof.iut.agent.events import fill

__all__ = ["Constant", "Fill", "Kept", "Opaque", "Room", "decode", "encode", "fill", "octets"]


@dataclass(frozen=True)
class Fill:
    """A long payload by its recipe, so that tens of megabytes need not cross the channel.

    ``length_octets`` of numbered lines; any loss, repetition or exchange of octets shows.
    """

    length_octets: int
    seed: int = 0

    def __bytes__(self) -> bytes:
        return _filled(self)


@functools.lru_cache(maxsize=4)
def _filled(recipe: Fill) -> bytes:
    """A case sends and compares the same payload several times."""
    return fill(recipe.length_octets, recipe.seed)


@dataclass(frozen=True)
class Opaque:
    """A value of the implementation that is no plain data: its type's name and its repr."""

    type_name: str
    text: str


@dataclass(frozen=True)
class Constant:
    """A name of the module under test, such as ``AF_INET``, for what it means there."""

    name: str


@dataclass(frozen=True)
class Kept:
    """What an earlier step has kept under this name."""

    name: str


@dataclass(frozen=True)
class Room:
    """A buffer of so many octets that is written to."""

    octets: int


# How what only an agent can make is told to it.
_MEANT = {
    Constant: lambda one: {"$constant": one.name},
    Kept: lambda one: {"$kept": one.name},
    Room: lambda one: {"$room": one.octets},
}


def encode(value: Any) -> Any:
    """A value as JSON for the agent.

    Raises:
        TypeError: it is neither plain data, octets, a tuple nor a Fill.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes | bytearray):
        return {"$octets": bytes(value).decode("latin-1")}
    if isinstance(value, Fill):
        return {"$fill": [value.length_octets, value.seed]}
    if type(value) in _MEANT:
        return _MEANT[type(value)](value)
    if isinstance(value, tuple):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {str(key): encode(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} cannot be sent to the agent")


def decode(value: Any) -> Any:
    """A value from the agent; what is no plain data there is :class:`Opaque` here."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$octets" in value:
        return value["$octets"].encode("latin-1")
    if "$tuple" in value:
        return tuple(decode(item) for item in value["$tuple"])
    if "$repr" in value:
        return Opaque(value["$type"], value["$repr"])
    return {key: decode(item) for key, item in value.items()}


def octets(data: bytes, kept_octets: int | None = None) -> dict[str, Any]:
    """What a transcript tells of a payload: ``length``, ``text`` excerpt, a digest if longer;
    ``kept_octets`` is how much of it, unless that is as usual."""
    told: dict[str, Any] = events.octets(data)
    if kept_octets is None:
        return told
    told["text"] = data[:kept_octets].decode("latin-1")
    return told if len(data) > kept_octets else {k: v for k, v in told.items() if k != "sha256"}
