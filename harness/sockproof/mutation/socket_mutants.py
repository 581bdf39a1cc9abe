"""Named mutants of the socket module: an interpreter's own socket.py with one named thing broken.

A mutant is described in a TOML file of ``socket_mutants``, beside this, a file a family of calls::

    [[mutant]]
    id = "recv-drops-its-flags"
    title = "recv() takes flags, and does without them."
    source = "realistic mistake"
    category = "transfer"
    killed_by = ["socket/recv-peek-leaves-the-octets"]
    methods = '''
    def recv(self, size, flags=0):
        return own.recv(self, size)
    '''

``methods`` are those of a subclass, in which ``own`` is the untouched class; it stands for it
wherever the module makes a socket. ``functions`` are of the module. ``change`` lists texts to find
and to replace, as of mutants of socketserver. ``since`` is the first Python that has what breaks.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sockproof.mutation.named import (
    CHANGE,
    Mutant,
    MutationError,
    SourceChange,
    once_each,
    refuse_others,
)
from sockproof.spec import toml_tables as toml
from sockproof.spec.catalogue import load_socket

__all__ = ["load_socket_mutants"]

# The folder that describes them.
MUTANTS = Path(__file__).parent / "socket_mutants"
_TEXTS = ("id", "title", "source", "category")
_MUTANT = toml.table(
    {**dict.fromkeys(_TEXTS, toml.FILLED), "killed_by": toml.list_of(toml.FILLED, least=1)},
    methods=toml.TEXT,
    functions=toml.TEXT,
    change=toml.list_of(CHANGE, least=1),
    since=toml.LEVEL,
)
FORMAT = toml.Format(
    toml.table({"mutant": toml.list_of(_MUTANT)}), MutationError, "correct the file"
)


def load_socket_mutants(folder: Path = MUTANTS) -> tuple[Mutant, ...]:
    """All of them, by file name.

    Raises:
        MutationError: a file is in no order; an id comes twice; nothing is broken; what kills it
            does not exist.
    """
    paths = sorted(folder.glob("*.toml"))
    entries = (entry for path in paths for entry in FORMAT.read(path)["mutant"])
    found = once_each("mutant", map(_mutant, entries))
    for mutant in found:
        if not (mutant.changes or mutant.append):
            raise MutationError(f"mutant {mutant.id!r}: it breaks nothing", "give what is broken")
        refuse_others("mutant", mutant, "killed_by", load_socket())
    return found


def _mutant(entry: Mapping[str, Any]) -> Mutant:
    changes = [
        SourceChange(toml.as_tuple(one["find"]), one["replace"]) for one in entry.get("change", ())
    ]
    read: dict[str, Any] = {key: entry[key] for key in _TEXTS} | toml.levels_of(entry)
    appended = [_subclass(entry.get("methods", "")), entry.get("functions", "").strip()]
    return Mutant(
        killed_by=tuple(entry["killed_by"]),
        spec="",
        changes=tuple(changes),
        append="\n\n".join(filter(None, appended)),
        **read,
    )


def _subclass(methods: str) -> str:
    """The text of a class that stands for ``socket``, and has these methods."""
    if not methods:
        return ""
    body = textwrap.indent(methods.strip(), "    ")
    return f"own = socket\n\n\nclass socket(own):\n    __slots__ = ()\n\n{body}"
