"""The servers that are known by a name: a table of data, with modules and examples beside it.

``--server NAME@VERSION@INTERPRETER`` names one. A part that begins with a figure is a version of
its package, any other is an interpreter. A name has no colon; a class of the user's always has one.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sockproof.errors import HarnessError, UsageError
from sockproof.spec import toml_tables as toml

__all__ = ["FOLDER", "ServerDefinition", "ShippedName", "definitions", "is_shipped", "shipped_name"]

FOLDER = Path(__file__).with_name("servers")
"""Where the table is, the modules that make servers, and the examples."""
_LIST = "see 'sockproof list --servers'"
_VERSION = re.compile(r"\d[\w.+!-]*")
_LIKE = re.compile(r"[\w.+-]+")
_CLASS = "a class of yours has a colon, such as mypkg.servers:ChatServer"
_SERVER = toml.table(
    dict.fromkeys(("name", "title", "module", "factory", "exchanges"), toml.FILLED),
    requires=toml.FILLED,
    listens=toml.FILLED,
)
_FORMAT = toml.Format(toml.table({"server": toml.list_of(_SERVER, least=1)}), HarnessError)


@dataclass(frozen=True)
class ServerDefinition:
    """One of them: the ``factory`` of a ``module`` makes it of a host and a port, and ``exchanges``
    is the file of its examples. ``requires`` is what pip installs for it, empty for Python's own.
    ``listens`` is where, as ``--listens`` has it.
    """

    name: str
    title: str
    module: str
    factory: str
    exchanges: str
    requires: str = ""
    listens: str = "127.0.0.1:{port}"

    @property
    def package(self) -> str:
        """What pip calls it; empty for a server of Python's own."""
        found = _LIKE.match(self.requires)
        return found[0] if found else ""

    @property
    def source(self) -> str:
        """The text of its module, which needs no other module of ours."""
        return (FOLDER / self.module).read_text("utf-8")

    @property
    def examples(self) -> Path:
        """The file of what it is asked and answers."""
        return FOLDER / self.exchanges


@dataclass(frozen=True)
class ShippedName:
    """What stands behind ``--server``: the definition, and which version and interpreter, if one
    is named."""

    definition: ServerDefinition
    version: str = ""
    interpreter: str = ""


@functools.cache
def definitions() -> Mapping[str, ServerDefinition]:
    """All of them by their names, in the order of their table."""
    tables = _FORMAT.read(FOLDER / "servers.toml")["server"]
    return {table["name"]: ServerDefinition(**table) for table in tables}


def is_shipped(given: str) -> bool:
    """Whether a text names none of a user's classes: whatever it names, it is one of these."""
    return bool(given) and ":" not in given.partition("@")[0]


def shipped_name(given: str) -> ShippedName:
    """What the text of ``--server`` names.

    Raises:
        UsageError: no such server is known, with those that are spelled nearly so; or what has no
            versions is given one.
    """
    name, *rest = given.split("@", 2)
    if name not in definitions():
        raise _unknown(given, name)
    version = rest.pop(0) if rest and rest[0][:1].isdigit() else ""
    interpreter = "@".join(rest)
    _refuse_wrong_version(given, definitions()[name], version, interpreter)
    return ShippedName(definitions()[name], version, interpreter)


def _unknown(given: str, name: str) -> UsageError:
    near = difflib.get_close_matches(name.lower(), definitions(), cutoff=0.5)
    if near:
        hint = f"did you mean {' or '.join(near)}? {_LIST}"
        return UsageError(f"--server {given!r}: no server {name!r} is known", hint)
    told = f"--server {given!r} names no class and no function, and no server that is known"
    return UsageError(told, f"{_LIST}; {_CLASS}")


def _refuse_wrong_version(
    given: str, definition: ServerDefinition, version: str, interpreter: str
) -> None:
    what = f"--server {given!r}"
    if given.endswith("@"):
        raise UsageError(f"{what}: nothing stands behind the @", "name a version, or a Python")
    if "@" in interpreter and interpreter.rpartition("@")[2][:1].isdigit():
        raise UsageError(
            f"{what}: the version comes first", f"such as {definition.name}@1.2@python3"
        )
    if version and not _VERSION.fullmatch(version):
        raise UsageError(f"{what}: {version!r} is no version", "such as 3, 3.1 or 3.1.3")
    if version and not definition.requires:
        told = f"{what}: {definition.name} is a part of Python, and has its version"
        raise UsageError(told, f"name that: {definition.name}@python{version}")
