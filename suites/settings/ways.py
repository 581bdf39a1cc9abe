"""The ways in which a setting can be on a server object, of whatever class: source text of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

__all__ = ["Setting", "class_source", "settings"]

_LATER = """
class Server(find({name!r})):
    pass
"""
_BY_CONSTRUCTOR = """
class Server(find({name!r})):
    def __init__(self, *arguments):
        self.{setting} = {value!r}
        find({name!r}).__init__(self, *arguments)
"""
_AS_PROPERTY = """
class Server(find({name!r})):
    {setting} = property(lambda self: {value!r})
"""
_SOURCES = {"set-later": _LATER, "by-constructor": _BY_CONSTRUCTOR, "property": _AS_PROPERTY}


class Setting(NamedTuple):
    """One of them: ``way`` is how the object comes by its ``value``."""

    name: str
    value: Any
    way: str

    @property
    def afterwards(self) -> str:
        """What is to be executed once the server is there."""
        return f"server.{self.name} = {self.value!r}" if self.way == "set-later" else ""


def settings(wanted: Iterable[tuple[str, Any]]) -> dict[str, Setting]:
    """Each setting in each way, as variants."""
    return {
        f"{name.replace('_', '-')}-{way}": Setting(name, value, way)
        for name, value in wanted
        for way in _SOURCES
    }


def class_source(setting: Setting, class_name: str) -> str:
    """The source text of a class on whose objects the setting is."""
    source = _SOURCES[setting.way]
    return source.format(name=class_name, setting=setting.name, value=setting.value)
