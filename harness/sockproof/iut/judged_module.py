"""Which module's promises an implementation is held against."""

from __future__ import annotations

import dataclasses
from pathlib import PurePath

from sockproof.errors import UsageError
from sockproof.iut.implementation import GREEN_RUNTIMES, Implementation
from sockproof.spec.area_names import SERVERS, SOCKETS

__all__ = ["judged_as", "package_of"]


def judged_as(module: str, implementation: Implementation) -> Implementation:
    """The same, held against the promises of this module. The sockets of a green runtime are played
    over it, as its preload makes it: whoever waits for one of them lets green threads run.

    Raises:
        UsageError: it is a server class, and these are of another module; or a file that is called
            as that module is, so that whatever imports this gets the other.
    """
    is_of_servers = bool(
        implementation.server
        or implementation.classes
        or implementation.provides
        or implementation.tls
    )
    if module != SERVERS and is_of_servers:
        raise UsageError(
            f"--iut {implementation.given} names server classes, and --area {module} judges none",
            "name a module, such as ./my_socket.py",
        )
    if module != SERVERS and PurePath(implementation.module_path).stem == module:
        raise UsageError(
            f"--iut {implementation.given}: whatever imports {module} would get this file",
            f"call it otherwise, such as my_{module}.py",
        )
    below = GREEN_RUNTIMES.get(package_of(implementation), "") if module == SOCKETS else ""
    preload = implementation.preload or below
    return dataclasses.replace(implementation, judged=module, preload=preload)


def package_of(implementation: Implementation) -> str:
    """The package of a module that is installed; empty for a file, and the interpreter's own."""
    return "" if implementation.module_path else implementation.module.partition(".")[0]
