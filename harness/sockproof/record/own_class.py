"""What a record says of a user's server class: its name, and what it changes of socketserver's."""

from __future__ import annotations

from dataclasses import dataclass

from sockproof.record.json_object import JsonObject

__all__ = ["OverriddenInfo", "OwnClassInfo"]


@dataclass(frozen=True, slots=True)
class OverriddenInfo(JsonObject):
    """An attribute with its ``value`` and what it is ``instead`` in socketserver's class, as source
    text; or a method, with the ``place`` where it is written. It is of the class ``of``."""

    name: str
    of: str
    value: str = ""
    instead: str = ""
    place: str = ""

    @property
    def is_method(self) -> bool:
        return bool(self.place)


@dataclass(frozen=True, slots=True)
class OwnClassInfo(JsonObject):
    """A class by its ``name`` in its module. It ``stands_for`` a class of socketserver."""

    ALWAYS = ("overridden",)

    name: str
    stands_for: str
    overridden: tuple[OverriddenInfo, ...] = ()
