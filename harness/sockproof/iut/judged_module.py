"""Which module's promises an implementation is held against."""

from __future__ import annotations

import dataclasses
from pathlib import PurePath

from sockproof.errors import UsageError
from sockproof.iut.implementation import Implementation
from sockproof.spec.requirement import SERVERS

__all__ = ["judged_as"]


def judged_as(module: str, implementation: Implementation) -> Implementation:
    """The same, held against the promises of this module.

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
    return dataclasses.replace(implementation, judged=module)
