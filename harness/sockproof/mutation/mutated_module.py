"""The modules of the standard library that mutants are made of, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sockproof.mutation.jobs import Aim
from sockproof.mutation.named import Mutant, load_mutants
from sockproof.mutation.order import aim_at
from sockproof.mutation.socket_mutants import load_socket_mutants
from sockproof.mutation.socket_order import aim_at_socket
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.spec.catalogue import Catalogue, load_catalogue, load_socket

__all__ = ["MODULES", "MutatedModule"]


@dataclass(frozen=True)
class MutatedModule:
    """A module of which mutants are made, held against ``catalogue``.

    ``named`` reads those that are described one by one; ``equivalents`` is the file of the generic
    ones that nobody can tell, and ``aim`` says where a change in a class or function is likely to
    show. ``file`` is what a mutant is called where cases are played on it: a name of its own for a
    module that the agent needs itself. ``is_traced``: what a case runs of it is found out first,
    since no server spec tells.
    """

    name: str
    file: str
    catalogue: Callable[[], Catalogue]
    named: Callable[[], tuple[Mutant, ...]]
    equivalents: str
    aim: Callable[[str], Aim]
    is_traced: bool = False


MODULES: Mapping[str, MutatedModule] = {
    one.name: one
    for one in (
        MutatedModule(
            SERVERS, "socketserver.py", load_catalogue, load_mutants, "equivalents.toml", aim_at
        ),
        MutatedModule(
            SOCKETS,
            "my_socket.py",
            load_socket,
            load_socket_mutants,
            "socket_equivalents.toml",
            aim_at_socket,
            is_traced=True,
        ),
    )
}
