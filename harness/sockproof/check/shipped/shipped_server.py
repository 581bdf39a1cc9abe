"""A server that is known by its name, as ``--server`` has it: of Python's own library, or of a
package in an environment that is made for it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sockproof.check.served_class import ServedClass
from sockproof.check.shipped.definitions import FOLDER, ServerDefinition, shipped_name
from sockproof.check.shipped.package_environment import PackageEnvironment
from sockproof.errors import UsageError
from sockproof.iut.discovery import asked_interpreter, find_interpreter

__all__ = ["ShippedServer", "shipped_server"]

# Nothing of the folder where one is, of PYTHONPATH or of the user's own packages takes part; and
# what the variables would say that are not heeded then.
_ALONE = ("-I", "-u", "-X", "faulthandler")
_LEAST = (3, 6)


@dataclass(frozen=True)
class ShippedServer(ServedClass):
    """One of the definitions; ``base`` is the interpreter that was asked for, of the version
    ``python``, and ``environment`` where its package is, if it has one."""

    definition: ServerDefinition = field(kw_only=True)
    base: Path = field(kw_only=True)
    python: str = field(kw_only=True)
    environment: PackageEnvironment | None = None

    is_alone = True

    @property
    def record_name(self) -> str:
        """With the version and the interpreter: these are what one compares."""
        return self.given.replace(self.interpreter, Path(self.interpreter).name).replace("@", "-")

    @property
    def folders(self) -> list[str]:
        return [str(FOLDER)]

    @property
    def modules(self) -> tuple[str, str]:
        return f"{Path(self.definition.module).stem}:{self.definition.factory}", ""

    @property
    def called_with(self) -> list[Any]:
        return ["{host}", "{port}"]

    @property
    def python_words(self) -> tuple[str, ...]:
        environment = self.environment
        return (str(environment.interpreter if environment else self.base), *_ALONE)

    @property
    def source(self) -> str:
        return self.definition.source

    @property
    def listens(self) -> str:
        return self.definition.listens

    @property
    def versions(self) -> Mapping[str, str]:
        return {"python": self.python, **(self.environment.versions if self.environment else {})}

    def prepare(self, tell: Callable[[str], None]) -> None:
        if self.environment:
            self.environment.make(tell)


def shipped_server(given: str) -> ShippedServer:
    """What the text of ``--server`` names; nothing is made yet.

    Raises:
        UsageError: no such server is known, or the interpreter is not there or too old.
    """
    named = shipped_name(given)
    definition = named.definition
    base, python = _interpreter(named.interpreter)
    environment = None
    if definition.requires:
        environment = PackageEnvironment(definition.requires, named.version, base, python)
    server = f"{definition.name}@{named.version}" if named.version else definition.name
    return ShippedServer(
        server,
        interpreter=named.interpreter,
        definition=definition,
        base=base,
        python=python,
        environment=environment,
    )


def _interpreter(name: str) -> tuple[Path, str]:
    """The path of an interpreter, and its version; without a name it is ours."""
    if not name:
        return Path(sys.executable), platform.python_version()
    path = find_interpreter(name)
    if path is None:
        raise UsageError(f"--server: no interpreter {name!r}", "see 'sockproof list --iuts'")
    found = asked_interpreter(path)
    if found.problem:
        raise UsageError(f"--server: {name}: it {found.problem}", "see 'sockproof list --iuts'")
    if tuple(map(int, found.version.split(".")[:2])) < _LEAST:
        raise UsageError(f"--server: {name} is Python {found.version}", "name a Python from 3.6 on")
    return path, found.version
