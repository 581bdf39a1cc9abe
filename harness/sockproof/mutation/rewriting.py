"""Re-implementations: a socketserver.py of which a method or class is written anew.

They are described in the TOML files of ``rewrites``, beside this, one file a family::

    [[broken]]
    id = "silent-clients-are-dropped"
    title = "A handler without a timeout has one of ten seconds."
    why = "slow-loris protection in the library"    # or the link of a bug that is public
    spec = "ThreadingTCP/inet"                      # where to look
    detected_by = ["handlers/patience"]             # requirements; where it is missing, none tells
    undetected = "No document promises it."         # instead of these: why none does
    noticed_by = ["surroundings/mapped-address"]    # with that: what observes another value
    since = "3.10"                                  # optional: first Python where it is broken
    code = '''
    class StreamRequestHandler:
        def setup(self): ...
    '''

A ``[[right]]`` one keeps all promises, and has neither ``detected_by`` nor ``undetected``. Of the
code, a class that the module has is put into that class: what it defines replaces what had its
name. All else comes before the module's first class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof.errors import UsageError
from sockproof.mutation.named import MutationError, once_each, refuse_others
from sockproof.spec import toml_tables as toml
from sockproof.spec.catalogue import Catalogue, load_catalogue
from sockproof.spec.levels import PythonLevel
from sockproof.spec.matrix import spec_by_id

__all__ = ["Rewrite", "load_rewrites", "rewritten"]

_REWRITES = Path(__file__).with_name("rewrites")
_TEXT_KEYS = ("id", "title", "why", "spec", "code")
_NEEDED = dict.fromkeys(_TEXT_KEYS, toml.FILLED)
_RIGHT = toml.table(_NEEDED, since=toml.LEVEL)
_BROKEN = toml.table(
    _NEEDED,
    since=toml.LEVEL,
    detected_by=toml.list_of(toml.FILLED, least=1),
    undetected=toml.FILLED,
    noticed_by=toml.list_of(toml.FILLED, least=1),
)
_FILE = toml.table(broken=toml.list_of(_BROKEN), right=toml.list_of(_RIGHT))
_FORMAT = toml.Format(_FILE, MutationError, "correct the file")


@dataclass(frozen=True)
class Rewrite:
    """A re-implementation: ``code`` is what is written anew, ``why`` what somebody did so for.

    One that is not right breaks a promise, and the requirements ``detected_by`` tell so at
    ``spec``: none where nothing is known to tell, and ``undetected`` then says why; one that breaks
    nothing that is promised is ``noticed_by`` requirements that observe. ``since`` is the first
    Python on which it is broken; empty when that is any.
    """

    id: str
    family: str
    title: str
    why: str
    spec: str
    code: str
    is_right: bool
    detected_by: tuple[str, ...] = ()
    since: PythonLevel = ()
    undetected: str = ""
    noticed_by: tuple[str, ...] = ()


def load_rewrites(
    folder: Path | None = None, catalogue: Catalogue | None = None
) -> tuple[Rewrite, ...]:
    """Read those of all TOML files in ``folder``, by default the shipped ones, by file name.

    ``detected_by`` may name what is in ``catalogue``, by default the one that sockproof ships.

    Raises:
        MutationError: a file is not TOML; a key is unknown or missing; an id comes twice; a spec
            or a requirement does not exist; a requirement is not about the spec; what is said to
            be detected is said not to be.
    """
    known = load_catalogue() if catalogue is None else catalogue
    paths = sorted((folder or _REWRITES).glob("*.toml"))
    found = once_each("re-implementation", (one for path in paths for one in _read(path)))
    for rewrite in found:
        for key in ("detected_by", "noticed_by"):
            refuse_others("re-implementation", rewrite, key, known)
    return found


def rewritten(rewrite: Rewrite, source_text: str) -> str:
    """The text of socketserver.py with the re-implementation's code in the place of its own.

    Raises:
        MutationError: the code does not compile, or puts nothing in the place of anything.
    """
    module = ast.parse(source_text)
    classes = {node.name: node for node in ast.walk(module) if isinstance(node, ast.ClassDef)}
    try:
        code = ast.parse(rewrite.code)
    except SyntaxError as error:
        told = f"re-implementation {rewrite.id!r} does not compile: {error}"
        raise MutationError(told, "correct 'code'") from error
    anew = [node for node in code.body if isinstance(node, ast.ClassDef) and node.name in classes]
    if not anew:
        raise MutationError(f"re-implementation {rewrite.id!r} replaces nothing", "name a class")
    for node in anew:
        _put_into(classes[node.name], node)
    first = next(n for n, node in enumerate(module.body) if isinstance(node, ast.ClassDef))
    module.body[first:first] = [node for node in code.body if node not in anew]
    return ast.unparse(ast.fix_missing_locations(module))


def _put_into(old: ast.ClassDef, new: ast.ClassDef) -> None:
    """What ``new`` defines replaces what had its name in ``old``; its bases, those of ``old``."""
    old.bases = new.bases or old.bases
    names = {name for node in new.body for name in _names(node)}
    kept = [node for node in old.body if not names.intersection(_names(node))]
    old.body = kept + new.body


def _names(node: ast.stmt) -> Iterator[str]:
    """What a statement of a class body defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _read(path: Path) -> Iterator[Rewrite]:
    document = _FORMAT.read(path)
    for kind in ("broken", "right"):
        for entry in document.get(kind, ()):
            yield _rewrite(path, entry, is_right=kind == "right")


def _rewrite(path: Path, entry: Mapping[str, Any], *, is_right: bool) -> Rewrite:
    try:
        spec_by_id(entry["spec"])
    except UsageError as error:
        raise MutationError(f"{path}: {entry['id']!r}: {error}") from error
    undetected = entry.get("undetected", "")
    tells = {key: tuple(entry.get(key, ())) for key in ("detected_by", "noticed_by")}
    if tells["detected_by"] and undetected:
        told = f"{path}: {entry['id']!r} has both 'detected_by' and 'undetected'"
        raise MutationError(told, "take out the one that is wrong")
    if tells["noticed_by"] and not undetected:
        told = f"{path}: {entry['id']!r} has 'noticed_by' without 'undetected'"
        raise MutationError(told, "say why no promise is broken")
    read: dict[str, Any] = {key: entry[key] for key in _TEXT_KEYS} | toml.levels_of(entry)
    read |= {**tells, "undetected": undetected}
    return Rewrite(family=path.stem, is_right=is_right, **read)
