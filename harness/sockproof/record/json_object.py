"""Objects of JSON as values: read by their annotations, written without what is empty."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec

from sockproof.errors import RecordError

__all__ = ["Json", "JsonObject", "Number", "object_of", "plain_of"]

Json = dict[str, Any]
# One that JSON has: neither without end, nor none at all.
Number = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
# Characters of a message: it may quote what it is about.
_MESSAGE = 300
_Object = TypeVar("_Object", bound="JsonObject")


@dataclasses.dataclass(frozen=True, slots=True)
class JsonObject:
    """A dataclass that is an object of JSON, its fields in the order of the keys.

    A key that has its default is not written, unless it is one of ``ALWAYS``. ``KIND`` says which
    line of a record it is, if it is one.
    """

    KIND: ClassVar[str] = ""
    ALWAYS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def from_json(cls: type[_Object], row: Mapping[str, Any]) -> _Object:
        """Read an object; keys that this version does not know are left out.

        Raises:
            RecordError: a key is missing or of the wrong type, or a word is unknown.
        """
        return object_of(cls, row)

    def to_json(self) -> Json:
        """The object as it is written."""
        return plain_of(self)


def object_of(cls: type[_Object], row: Mapping[str, Any]) -> _Object:
    """The object of a row; keys that the class does not know are left out.

    Raises:
        RecordError: a key is missing or of the wrong type, or a word is unknown.
    """
    try:
        return msgspec.convert(row, cls)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        hint = "write the record with this version of sockproof"
        raise RecordError(_in_short(str(error).replace("`", "'")), hint) from None


def plain_of(one: JsonObject) -> Json:
    """The row of an object, without what has its default."""
    row: Json = {"kind": one.KIND} if one.KIND else {}
    for field in dataclasses.fields(one):
        value = getattr(one, field.name)
        if field.name in one.ALWAYS or value != _default(field):
            row[field.name] = _plain(value)
    return row


def _in_short(text: str) -> str:
    """Its beginning, which says what is wrong, and its end, which says where."""
    return text if len(text) <= _MESSAGE else f"{text[: _MESSAGE - 100]} ... {text[-100:]}"


def _default(field: dataclasses.Field[Any]) -> Any:
    """What a field is without a value; one that needs a value is like none."""
    return field.default_factory() if callable(field.default_factory) else field.default


def _plain(value: Any) -> Any:
    """A value without our types: those of Python's json module."""
    if isinstance(value, JsonObject):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, Enum) else value
