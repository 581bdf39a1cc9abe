"""The matrix of server specs: kind × mixin × address family, by predefined class and mixed by hand.

Ids are stable and readable. A predefined class has its own name, a hand-mixed one a plus sign::

    TCP/inet   ThreadingTCP/inet6   ForkingUnixStream/path   Threading+UDP/inet   Forking+TCP/inet6
"""

from __future__ import annotations

import fnmatch
import itertools
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sockproof.errors import UsageError

__all__ = [
    "ALL_SPECS",
    "CLASSES",
    "FAMILIES",
    "KINDS",
    "MIXINS",
    "ServerSpec",
    "select_specs",
    "spec_by_id",
]

KINDS = ("TCP", "UDP", "UnixStream", "UnixDatagram")
MIXINS = ("none", "Threading", "Forking")
FAMILIES = ("inet", "inet6", "path", "abstract")
FAMILIES_OF_KIND = {
    "TCP": ("inet", "inet6"),
    "UDP": ("inet", "inet6"),
    "UnixStream": ("path", "abstract"),
    "UnixDatagram": ("path", "abstract"),
}


@dataclass(frozen=True)
class ServerSpec:
    """One row of the matrix: which server class, over which address family.

    ``kind`` is one of KINDS, ``mixin`` of MIXINS, ``family`` of FAMILIES. ``mixed`` is true when
    the class is put together from the mixin and the plain class instead of taken by its name.
    """

    kind: str
    mixin: str
    family: str
    mixed: bool = False

    @property
    def id(self) -> str:
        prefix = "" if self.mixin == "none" else self.mixin + ("+" if self.mixed else "")
        return f"{prefix}{self.kind}/{self.family}"

    @property
    def class_name(self) -> str:
        """The class of socketserver to take, or to put under the mixin."""
        prefix = "" if self.mixin == "none" or self.mixed else self.mixin
        return f"{prefix}{self.kind}Server"

    @property
    def mixin_name(self) -> str:
        """The mixin to put over the class; empty for a predefined class."""
        return f"{self.mixin}MixIn" if self.mixed else ""

    @property
    def is_stream(self) -> bool:
        return self.kind in ("TCP", "UnixStream")

    @property
    def is_unix(self) -> bool:
        return self.kind.startswith("Unix")

    @property
    def address_family(self) -> socket.AddressFamily:
        """The family's constant on this side of the connection."""
        named = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
        return named.get(self.family, socket.AF_UNIX)

    def __str__(self) -> str:
        return self.id


def _all_specs() -> Iterable[ServerSpec]:
    for kind, mixin in itertools.product(KINDS, MIXINS):
        for mixed in (False,) if mixin == "none" else (False, True):
            for family in FAMILIES_OF_KIND[kind]:
                yield ServerSpec(kind, mixin, family, mixed)


ALL_SPECS: tuple[ServerSpec, ...] = tuple(_all_specs())
# The classes of the documentation, in its words: what a module of server classes may have.
_OF_SPECS = [name for spec in ALL_SPECS for name in (spec.class_name, spec.mixin_name) if name]
HANDLER_CLASSES = ("BaseRequestHandler", "StreamRequestHandler", "DatagramRequestHandler")
CLASSES = ("BaseServer", *dict.fromkeys(_OF_SPECS), *HANDLER_CLASSES)
_BY_ID = {spec.id: spec for spec in ALL_SPECS}


def spec_by_id(spec_id: str) -> ServerSpec:
    """The spec with this id.

    Raises:
        UsageError: there is none.
    """
    if spec_id not in _BY_ID:
        raise UsageError(f"no server spec {spec_id!r}", "see 'sockproof list --specs'")
    return _BY_ID[spec_id]


def select_specs(patterns: Sequence[str]) -> tuple[ServerSpec, ...]:
    """The specs whose id matches any of the shell-style ``patterns``; all when there are none.

    Raises:
        UsageError: a pattern matches no spec.
    """
    if not patterns:
        return ALL_SPECS
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(spec.id, pattern) for spec in ALL_SPECS):
            raise UsageError(f"--spec {pattern!r} matches nothing", "see 'sockproof list --specs'")
    return tuple(s for s in ALL_SPECS if any(fnmatch.fnmatchcase(s.id, p) for p in patterns))
