"""How a script is laid out: what it says of itself, its imports and functions, and the rest."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.repro.fates import fatal_exception
from sockproof.repro.script_text import functions_for, modules_for, written
from sockproof.visible_text import visible

__all__ = ["About", "Ground", "assembled"]

# How many hang bounds a script may take before it ends itself, or is ended.
_WATCHDOG = 6
# Lines of a script that can afford two empty ones between its parts.
_SHORT = 95
# Lines of a script that can not even afford docstrings and imports in lines of their own.
_LONG = 104
# Lines of a script that can not afford empty ones either.
_LONGEST = 118
_WIDTH = 99

# Paths and names that the case made up.
_OURS = re.compile(r"[^\s'\"(\[]*sockproof[^\s'\")\]]*")

# What the script forks is ended by its process group, but for what leaves that.
_LEAVES_GROUP = re.compile(r"\bset(pgid|pgrp|sid)\(")


@dataclass(frozen=True)
class About:
    """What the script says of itself, and how its module is loaded.

    ``seen`` and ``unseen`` are implementations in words: that which shows the behaviour, and that
    which does not. ``preload`` is run before the module is loaded; ``classes`` are the names that
    it gives to classes of socketserver. ``server`` is a user's class in it, which ``stands_for``
    one of those. ``cause`` is what lies behind it, as far as that was seen. ``judged`` is
    the module of the standard library that it is of; empty for socketserver.
    """

    case: str
    title: str
    level: str
    source: str
    seen: str
    unseen: str
    expected: str = ""
    actual: str = ""
    preload: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""
    server: str = ""
    stands_for: str = ""
    judged: str = ""


@dataclass(frozen=True)
class Ground:
    """What a script stands on: the longest wait, whether it has children, the source text of the
    program that it starts, and what is to become of its process, if it is about that."""

    hang_s: float
    forking: bool = False
    program: str = ""
    fate: str = ""

    def values(self, about: About) -> dict[str, Any]:
        """What the fixed texts of a script can name."""
        fatal = fatal_exception(self.fate)
        preload = "" if self.program else about.preload.strip()  # else it is the program's
        told = {"program": self.program, "fate": self.fate, "fatal": fatal, "preload": preload}
        told |= {"server": about.server, "stands_for": about.stands_for, "judged": about.judged}
        return {"forking": self.forking, "hang_bounds": _WATCHDOG, **told}


def assembled(about: About, main: list[str], ground: Ground) -> str:
    """The whole text. ``main`` is what comes after the functions."""
    leaves_group = any(_LEAVES_GROUP.search(line) for line in main)
    values = {**ground.values(about), "leaves_group": leaves_group}
    begin = written("start", **values).splitlines()
    functions = functions_for("\n".join([*begin, *main]), **values)
    own = () if ground.program else about.classes.items()
    renames = [
        f"socketserver.{name} = getattr(socketserver, {there!r}, socketserver.{name})"
        for name, there in own
    ]
    start = [*begin, *renames]
    modules = modules_for([*functions, *start, *main])
    program = [_program(about, ground.program)] if ground.program else []
    imports = [f"import {name}" for name in modules]
    parts = [
        _header(about),
        "from __future__ import print_function\n",
        "\n".join(imports) + "\n",
        f"HANG_S = {ground.hang_s:.2g}  # so long is waited for what does not come\n",
        *(["OWN = 40  # is added to a status that is no accident\n"] if ground.fate else []),
        *(f"\n{text.strip()}\n" for text in functions),
        "\n" + "\n".join([*start, *program, *main]),
    ]
    lines = [line.rstrip() for line in "\n".join(parts).rstrip().splitlines()]
    kept = _short_enough(lines, imports, modules)
    return "\n".join(kept).replace("sockproof", "scripted") + "\n"


def _short_enough(lines: list[str], imports: list[str], modules: list[str]) -> list[str]:
    """The longer it is, the closer it is written."""
    kept = list(_squeezed(lines, 2))
    if len(kept) > _SHORT:
        kept = list(_squeezed(lines, 1))
    if len(kept) > _LONG:
        kept = list(_folded(_joined(kept, imports, modules)))
    if len(kept) > _LONGEST:
        first = next(n for n, line in enumerate(kept) if line.startswith("HANG_S = "))
        kept = kept[:first] + [line for line in kept[first:] if line]
    return kept


def _program(about: About, source: str) -> str:
    """The program that a script starts, as a text of it."""
    (load,) = (one for one in functions_for("load(") if one.startswith("def load("))
    given = {"preload": about.preload.strip(), "classes": dict(about.classes), "source": source}
    given |= {"server": about.server, "stands_for": about.stands_for}
    return written("program", load=load.strip(), **given)


def _joined(lines: list[str], imports: list[str], modules: list[str]) -> list[str]:
    """All imports in one line."""
    first = lines.index(imports[0])
    return [*lines[:first], f"import {', '.join(modules)}", *lines[first + len(imports) :]]


def _folded(lines: list[str]) -> Iterator[str]:
    """What a function is, beside its first line instead of below it, where there is room."""
    is_said = False
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        told = below.strip().removeprefix('"""').removesuffix('"""')
        begins = line.lstrip().startswith(("def ", "class "))
        is_told = begins and below.endswith('"""') and told != below.strip()
        beside = f"{line}  # {told[:1].lower()}{told[1:].rstrip('.')}"
        if is_told and len(beside) <= _WIDTH:
            yield beside
        elif not is_said:
            yield line
        is_said = is_told and len(beside) <= _WIDTH


# A script that nobody has seen end with 0 says so.
_NOT_SEEN = (
    "No server that keeps this promise was found here: that this script ends with 0 once it is "
    "kept was not seen."
)


def _header(about: About) -> str:
    texts = [
        (about.title, ""),
        (f"Promised ({about.level}), {about.case}:", "\n"),
        (about.source, ""),
        (f"Not so with {about.seen}.", "\n"),
        (f"expected  {about.expected}" if about.expected else "", ""),
        (f"actual    {about.actual}" if about.actual else "", ""),
        (f"So it is with {about.unseen}." if about.unseen else _NOT_SEEN, ""),
    ]
    told = [f"{gap}{textwrap.fill(_harmless(text), _WIDTH)}" for text, gap in texts if text]
    usage = [
        "",
        f"usage: python THIS_FILE [path/to/{about.judged or 'socketserver'}.py or a module's name]",
        "exit status: 1 the behaviour is there, 0 it is gone, 2 it could not be told",
        '"""',
        "",
    ]
    first, *rest = "\n".join([*told, *usage]).splitlines()
    quotes = 'r"""' if any("\\" in line for line in told) else '"""'
    return "\n".join([f"{quotes}{first}", *rest, ""])


def _harmless(text: str) -> str:
    """A text that ends no docstring; one with a backslash begins as a raw one."""
    named = visible(_OURS.sub("...", text))
    short = named if len(named) < 300 else f"{named[:300]}..."
    plain = short.replace('"', "'")
    return plain.encode("ascii", "replace").decode("ascii").replace("\0", "")


def _squeezed(lines: list[str], most: int) -> Iterator[str]:
    """Never more than so many empty lines in a row."""
    empty = 0
    for line in lines:
        empty = 0 if line.strip() else empty + 1
        if empty <= most:
            yield line
