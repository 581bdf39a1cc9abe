"""Begins a new requirement: ``make requirement ID=area/words`` writes its entry, case and mutant.

What only its author knows is left blank, and the readers of the three files refuse what is blank.
It is no command of ``sockproof``: only a clone has requirements to write.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof._paths import kit_dir
from sockproof.commands.output import open_console, warn
from sockproof.errors import HarnessError, UsageError
from sockproof.mutation.named import MUTANTS
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import SHIPPED, Catalogue, load_catalogue
from sockproof.spec.renames import load_renames
from sockproof.spec.requirement import ID_PATTERN

__all__ = ["main", "scaffold"]

_ENTRY = """
[[requirement]]
id = "{id}"
title = ""  # one sentence that begins with what is promised; "Records whether ..." if OBSERVED
level = ""  # MUST, SHOULD, MAY or OBSERVED
source = ""  # the address of the sentence, bug or change that promises it
applies = {{ kind = [], mixin = [], family = [] }}  # delete what does not narrow it
symptoms = ["", ""]  # what its users write who meet it broken, or who ask about it
"""
_IMPORTS = {"fixtures": ("Peers", "Serve", "requirement"), "fixtures.steps": ("Echo", "ReadLine")}
_NEW_FILE = '''"""{title}: {words}."""

from __future__ import annotations
'''
_CASE = '''

@requirement("{id}")
def test_{name}(serve: Serve, peers: Peers) -> None:
    """Say in one sentence what the case does."""
    server = serve([ReadLine(), Echo()])
    peer = peers().connect(server)

    peer.send(b"request\\n")

    raise NotImplementedError("judge what {id} promises")
'''
_MUTANT = """
[[mutant]]
id = ""  # what is broken, in words such as refused-request-stays-open
title = ""  # the same as a sentence
source = "realistic mistake"  # or the issue that it brings back, such as bpo-35017
category = "{area}"
killed_by = ["{id}"]
spec = ""  # where to look, such as TCP/inet
[[mutant.change]]
find = '''{nothing}'''  # text that is once in socketserver.py; lines with their indentation
replace = '''{nothing}'''
"""


@dataclass(frozen=True)
class Blank:
    """A file with what was begun in it, the line where that is, and what is to be filled in."""

    path: Path
    text: str
    line: int
    missing: str


def scaffold(requirement_id: str, file: str = "") -> list[Blank]:
    """Write what is known of a new requirement: its entry, its case, its mutant.

    ``file`` is that of the area's cases which the case is to stand in, by default one of its own.

    Raises:
        UsageError: the id is none, taken, or of an unknown area; the file is not of the area, or
            has a test of this name. Nothing is written then.
        CatalogueError: the catalogue of today is out of order.
        HarnessError: a file cannot be written.
    """
    catalogue = load_catalogue()
    if problem := _problem(requirement_id, catalogue):
        raise UsageError(f"ID={requirement_id!r}: {problem}", "make requirement ID=area/words")
    begun = list(_begun(requirement_id, _case_file(requirement_id, file), catalogue))
    for blank in begun:
        try:
            blank.path.write_text(blank.text, "utf-8")
        except OSError as error:
            raise HarnessError(f"cannot write {blank.path}: {error.strerror}") from error
    return begun


def _problem(requirement_id: str, catalogue: Catalogue) -> str:
    """Why an id cannot be that of a new requirement; empty when it can."""
    area = CaseId(requirement_id).area
    if not re.fullmatch(ID_PATTERN, requirement_id):
        return "not an id such as area/words-in-lower-case"
    if requirement_id in catalogue:
        return "there is such a requirement"
    if requirement_id in load_renames(catalogue):
        return "an id of old is never used for something else"
    return "" if area in catalogue.areas else f"no area {area}, but {', '.join(catalogue.areas)}"


def _case_file(requirement_id: str, file: str) -> Path:
    area, _, words = requirement_id.partition("/")
    folder = kit_dir() / "suites" / area
    path = Path(file).resolve() if file else folder / f"test_{_identifier(words)}.py"
    if path.parent != folder.resolve() or not re.fullmatch(r"test_\w+\.py", path.name):
        raise UsageError(f"FILE={file!r} is not suites/{area}/test_*.py", "or leave FILE out")
    return path


def _identifier(words: str) -> str:
    return words.replace("-", "_")


def _begun(requirement_id: str, case_file: Path, catalogue: Catalogue) -> Iterator[Blank]:
    area, _, words = requirement_id.partition("/")
    known = {"id": requirement_id, "area": area, "name": _identifier(words), "nothing": ""}
    before = _before_case(case_file, catalogue.areas[area], words)
    if f"def test_{known['name']}(" in before:
        raise UsageError(f"{case_file.name} has a test_{known['name']}()", "choose another ID")
    requirements, mutants = SHIPPED / f"{area}.toml", MUTANTS / f"{area}.toml"
    yield _appended(requirements, _ENTRY.format(**known), "title, level, source, applies, symptoms")
    yield _blank(case_file, before, _CASE.format(**known), "what the case does and judges")
    mutant = _MUTANT.format(**known)
    yield _appended(mutants, mutant, "id, title, spec, find, replace (OBSERVED: delete it)")


def _appended(path: Path, added: str, missing: str) -> Blank:
    return _blank(path, path.read_text("utf-8") if path.is_file() else "", added, missing)


def _blank(path: Path, before: str, added: str, missing: str) -> Blank:
    above = before.rstrip("\n") + "\n" + added[: len(added) - len(added.lstrip("\n"))]
    return Blank(path, above + added.lstrip("\n"), above.count("\n") + 1, missing)


def _before_case(path: Path, title: str, words: str) -> str:
    """The text of the file of cases, new or old, with the imports that the case needs."""
    new = _NEW_FILE.format(title=title, words=words.replace("-", " "))
    text = path.read_text("utf-8") if path.is_file() else new
    for module, names in _IMPORTS.items():
        text = _importing(text, module, names)
    return text


def _importing(text: str, module: str, names: Iterable[str]) -> str:
    """The text, which imports these names, too. A new import comes behind the last one."""
    lines = text.splitlines()
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    own = [node for node in imports if node.module == module]
    start = own[0].lineno - 1 if own else imports[-1].end_lineno or 0
    end = own[0].end_lineno if own else start
    there = {alias.name for node in own for alias in node.names}
    gap = [""] if not own and imports[-1].module == "__future__" else []
    lines[start:end] = [*gap, *_import_lines(module, there.union(names))]
    return "\n".join([*lines, ""])


def _import_lines(module: str, names: Iterable[str]) -> list[str]:
    """As ruff orders them: constants, classes, functions; one a line where they are too many."""
    in_order = sorted(names, key=lambda name: (not name.isupper(), name.islower(), name))
    one_line = f"from {module} import {', '.join(in_order)}"
    if len(one_line) <= 100:
        return [one_line]
    return [f"from {module} import (", *(f"    {name}," for name in in_order), ")"]


def _say(requirement_id: str, begun: Sequence[Blank]) -> None:
    console = open_console(soft_wrap=True)
    for blank in begun:
        place = f"{blank.path.relative_to(kit_dir())}:{blank.line}"
        console.print(f"  {place}  fill in: {blank.missing}")
    console.print("  then")
    console.print(f"    sockproof run -k {requirement_id}          # it passes")
    console.print("    sockproof selftest --named -k MUTANT     # and kills its mutant")
    console.print("    make check                               # and all fits together")


def main(arguments: Sequence[str]) -> int:
    """Begin a requirement in this clone; every error is one line on stderr."""
    parser = argparse.ArgumentParser("make requirement", description=__doc__)
    parser.add_argument("id", metavar="ID")
    parser.add_argument("file", metavar="FILE", nargs="?", default="")
    options = parser.parse_args(arguments)
    try:
        _say(options.id, scaffold(options.id, options.file))
    except HarnessError as error:
        warn(f"error: {error}")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
