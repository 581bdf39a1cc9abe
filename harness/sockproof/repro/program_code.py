"""Programs of their own that a case starts, as statements of a script."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence

from sockproof.iut.case_log import Operation

__all__ = ["PROGRAM_STATEMENTS", "PROGRAM_VALUES", "program_source"]

# An address of the machine that the case ran on.
_OWN_LOOPBACK = re.compile(r"'127(?:\.\d+){3}'")


def program_source(operations: Sequence[Operation]) -> str:
    """The source text of the program that a case starts; empty if it starts none."""
    sources = (one.arguments["source"] for one in operations if one.name == "program")
    text = textwrap.dedent(next(sources, "")).strip("\n")
    return _OWN_LOOPBACK.sub("'127.0.0.1'", text)


def _says(_writer: object, one: Operation) -> list[str]:
    """What is told goes into a variable of its name; where the server is, clients look there."""
    name = one.arguments["name"]
    said = _said(_writer, one)
    return [f"{name} = tuple({said})" if name == "address" else f"{name} = {said}"]


def _said(_writer: object, one: Operation) -> str:
    return f'said(program, "{one.arguments["name"]}")'


# By operation: the statements that carry it out, and the expression of what it tells.
PROGRAM_STATEMENTS: Mapping[str, Callable[[object, Operation], list[str]]] = {
    "program": lambda *_: ["program = run(PROGRAM)"],
    "program says": _says,
    "program rests": lambda *_: ["let_others_run()"],
    "program exits": lambda *_: ["exits(program)"],
}
PROGRAM_VALUES: Mapping[str, Callable[[object, Operation], str]] = {
    "program says": _said,
    "program rests": lambda *_: "exits(program) == 'does not exit'",
    "program exits": lambda *_: "exits(program)",
}
