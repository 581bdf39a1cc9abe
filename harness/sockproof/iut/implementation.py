"""The implementation under test: a command that runs a Python, and a module in it."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sockproof._paths import expanded
from sockproof.errors import UsageError
from sockproof.iut.discovery import find_interpreter, is_discovered
from sockproof.iut.tls_terms import TLS_TABLE, TlsTerms, terms_in
from sockproof.spec import toml_tables as toml
from sockproof.spec.area_names import SERVERS
from sockproof.spec.levels import PythonLevel, parse_python_level
from sockproof.spec.matrix import CLASSES

__all__ = ["Implementation", "parse_iut", "plain_iut"]

_INTERPRETER_NAME = re.compile(r"(python|pypy)[0-9.]*t?\Z")
# A file, or a class of one.
_FILE = re.compile(r"\.py(:[\w.]+)?\Z")

# Runtimes that put themselves under the interpreter's own socketserver, and how.
GREEN_RUNTIMES = {
    "gevent": "import gevent.monkey; gevent.monkey.patch_all()",
    "eventlet": "import eventlet; eventlet.monkey_patch()",
}


@dataclass(frozen=True)
class Implementation:
    """What is tested and how it starts.

    ``argv`` runs a Python that takes ``-c``; ``module`` is a dotted name, or empty for the
    interpreter's own socketserver; ``module_path`` a file to load instead. ``preload`` is source
    run before the module is imported; ``classes`` maps names of socketserver to the names the
    module gives them; ``provides`` are the classes that it is to have, empty for all of them;
    ``level`` is the Python level it claims, empty for the interpreter's own.
    ``server`` is the name of a user's server class in the module, which is then what is tested:
    made with ``arguments`` and ``keywords``, in which ``{address}`` and ``{handler}`` stand for
    ours. What it has overridden of the names in ``restored`` is as in socketserver's own class.
    ``tls`` is how its servers of streams are spoken TLS with; None if they speak none.
    ``given`` is how the user wrote it. ``judged`` is the module of the standard library whose
    promises it is held against, and which stands for it where no ``module`` is given.
    """

    given: str
    argv: tuple[str, ...]
    module: str = ""
    module_path: str = ""
    preload: str = ""
    name: str = ""
    level: PythonLevel = ()
    classes: Mapping[str, str] = field(default_factory=dict)
    provides: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    server: str = ""
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    restored: tuple[str, ...] = ()
    tls: TlsTerms | None = None
    judged: str = SERVERS

    def server_order(self) -> dict[str, Any] | None:
        """What the agent is told of the server class; None where a module is tested."""
        if not self.server:
            return None
        return {
            "name": self.server,
            "arguments": list(self.arguments),
            "keywords": dict(self.keywords),
            "restored": list(self.restored),
        }

    def environment(self) -> dict[str, str]:
        """The variables it starts with: ours, without those that change what a Python does."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        return {**kept, **self.env}

    def search_path(self) -> list[str]:
        """Folders where a dotted module is looked for before the interpreter's own: as with -m."""
        if not self.module:
            return []
        inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        return [folder for folder in inherited if folder] + [str(Path.cwd())]


_BY_NAME = {"type": "object", "additionalProperties": toml.TEXT}
_NAME = toml.shaped(r"[^\W\d]\w*", "the name of a class")
_SETTINGS = toml.table(
    name=toml.shaped(r"[\w.+-]+", "a name for a record: letters, digits and any of _ . + -"),
    command={"type": ["string", "array"], "items": toml.TEXT},
    module=toml.TEXT,
    preload=toml.TEXT,
    level=toml.LEVEL,
    classes=toml.table(**dict.fromkeys(CLASSES, _NAME)),
    provides=toml.list_of(toml.one_of(CLASSES), least=1),
    env=_BY_NAME,
    server=toml.shaped(r"[^\W\d]\w*(\.[^\W\d]\w*)*", "the name of a class"),
    arguments={"type": "array"},
    keywords={"type": "object"},
    tls=TLS_TABLE,
)
FORMAT = toml.Format(_SETTINGS, UsageError, "give a TOML file as in docs/own-implementation.md")


def parse_iut(given: str) -> Implementation:
    """What an ``--iut`` value means.

    In this order: a ``.toml`` file; a ``.py`` file, run by the current interpreter; an argv with
    blanks in it (``env A=1 python3``); the path or name of an interpreter; a dotted module name.
    ``MODULE:CLASS`` is a server class of a module or file.
    ``MODULE@INTERPRETER`` runs a module or file under another interpreter. ``gevent`` and
    ``eventlet`` are the interpreter's own socketserver over that runtime.

    Raises:
        UsageError: none of these, or the file or interpreter does not exist.
    """
    if given.endswith(".toml"):
        return _from_toml(Path(given))
    module, at, interpreter = given.rpartition("@")
    is_file = _is_file(Path(given)) or (module.endswith(".py") and _is_file(Path(module)))
    if any(character.isspace() for character in given) and not is_file:
        return Implementation(given, _split(given))
    if at and not _is_file(Path(given)):
        return dataclasses.replace(_loaded(module, _interpreter(interpreter)), given=given)
    is_command = os.sep in given or _INTERPRETER_NAME.match(given)
    if is_command and not _FILE.search(given):
        return Implementation(given, _interpreter(given))
    return _loaded(given, (sys.executable,))


def plain_iut(given: str) -> Implementation | None:
    """What a text means that nobody has typed in this call, such as that of a record.

    It may name the running Python, or one that is found here by its name or in its place (see
    :func:`sockproof.iut.discovery.is_discovered`), also under a runtime that we know. It never
    names a command, a file or a module: of all else there is none.
    """
    is_runtime = given in GREEN_RUNTIMES
    runtime, at, name = (given, "@", "") if is_runtime else given.rpartition("@")
    if at and runtime not in GREEN_RUNTIMES:
        return None
    found = Path(sys.executable) if is_runtime else _known_interpreter(name)
    if found is None:
        return None
    argv = (str(found),)
    return Implementation(given, argv, preload=GREEN_RUNTIMES.get(runtime, ""), name=runtime)


def _known_interpreter(name: str) -> Path | None:
    if os.sep in name:
        path = expanded(name)
        return path if str(path) == sys.executable or is_discovered(path) else None
    found = find_interpreter(name) if _INTERPRETER_NAME.fullmatch(name) else None
    return found if found and is_discovered(found) else None


def _interpreter(name: str) -> tuple[str, ...]:
    found = find_interpreter(name)
    if found is None and expanded(name).is_dir():
        raise UsageError(f"--iut {name:.300} is a folder", "name a package as import names it")
    if found is None:
        raise UsageError(f"no interpreter {name!r} here", "see 'sockproof doctor' for those found")
    return (str(found),)


def _is_file(path: Path) -> bool:
    """Whether it is one; a name that is too long for any is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _loaded(given: str, argv: tuple[str, ...]) -> Implementation:
    """A module, or a class of one: ``mypackage.servers:ChatServer``."""
    module, colon, server = given.rpartition(":")
    if not colon or not all(part.isidentifier() for part in server.split(".")):
        return _module(given, argv)
    found = _module(module, argv)
    name = f"{found.module}.{server}"
    return dataclasses.replace(found, given=given, name=name, server=server)


def _module(given: str, argv: tuple[str, ...]) -> Implementation:
    if given in GREEN_RUNTIMES:
        return Implementation(given, argv, preload=GREEN_RUNTIMES[given], name=given)
    if given.endswith(".py"):
        path = expanded(given).resolve()
        if not _is_file(path):
            raise UsageError(f"no file {given!r:.300}", "give the path of a module to judge")
        if not path.stem.isprintable():
            raise UsageError(f"the name of the file {given!r} is no text", "call it otherwise")
        return Implementation(given, argv, module=path.stem, module_path=str(path))
    if not all(part.isidentifier() for part in given.split(".")):
        raise UsageError(
            f"--iut {given!r:.300} is not an interpreter, a module, a .py file or a .toml file",
            "for example python3.12, ./my_socketserver.py, mypackage.servers or chat.py:ChatServer",
        )
    return Implementation(given, argv, module=given)


def _from_toml(path: Path) -> Implementation:
    settings = FORMAT.read(path)
    module = settings.get("module", "")
    if module.endswith(".py"):
        module = str(path.parent / module)
    base = _module(module, ()) if module else Implementation("", ())
    return dataclasses.replace(
        base,
        given=str(path),
        argv=_command(settings.get("command", sys.executable)),
        preload=settings.get("preload", ""),
        name=settings.get("name", path.stem),
        level=parse_python_level(settings["level"]) if "level" in settings else (),
        classes=settings.get("classes", {}),
        provides=tuple(settings.get("provides", ())),
        env=settings.get("env", {}),
        server=settings.get("server", ""),
        arguments=tuple(settings.get("arguments", ())),
        keywords=settings.get("keywords", {}),
        tls=terms_in(settings, path.parent),
    )


def _command(command: str | list[str]) -> tuple[str, ...]:
    argv = _split(command) if isinstance(command, str) else tuple(command)
    if not argv:
        raise UsageError("command [] is empty", "for example ['env', 'DEBUG=1', 'python3']")
    return _interpreter(argv[0]) if len(argv) == 1 else argv


def _split(command: str) -> tuple[str, ...]:
    try:
        argv = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"command {command!r}: {str(error).lower()}", "quote as a shell") from None
    if not argv:
        raise UsageError(f"command {command!r} is empty", "for example 'env DEBUG=1 python3'")
    return argv
