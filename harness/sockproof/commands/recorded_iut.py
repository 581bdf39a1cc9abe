"""On which implementation the case of a record is played: on one that the user has named.

A record comes from others. What it says was tested is text, which names no command, no file and no
module, unless the user says in this very call that it may.
"""

from __future__ import annotations

import shlex
import sys

from sockproof.commands.output import warn
from sockproof.errors import UsageError
from sockproof.iut.implementation import Implementation, parse_iut, plain_iut
from sockproof.record.reader import Record
from sockproof.report.text import one_line
from sockproof.visible_text import visible

__all__ = ["chosen_iut"]

# Of a text that nobody has asked for; one that is to be run is told whole.
_SHOWN = 300


def chosen_iut(asked: str, record: Record | None, *, trusted: bool) -> Implementation:
    """The implementation ``asked`` for; else that of the record, where it is a plain Python of this
    machine, or its user has ``trusted`` it; without a record the running Python.

    What a trusted record has run is told before it is.

    Raises:
        UsageError: there is none, or the record names something else; an option fits nothing.
    """
    if trusted and record is None:
        raise UsageError("--trust-record without a record", "name the record, or leave it out")
    given = record.implementation.given if record else ""
    if asked or record is None or not given:
        return parse_iut(asked or sys.executable)
    if plain := plain_iut(given):
        return plain
    if not trusted:
        named = one_line(shlex.quote(given), _SHOWN)
        raise UsageError(
            f"{record.path} is of {named}: what a record names is not run by itself",
            f"give --iut {named}, or --trust-record",
        )
    found = parse_iut(given)
    warn(f"runs what {record.path} names: {_told(found)}")
    return found


def _told(iut: Implementation) -> str:
    """Everything that is executed, in one line."""
    parts = {
        "": shlex.join([*(f"{name}={text}" for name, text in iut.env.items()), *iut.argv]),
        " with the module ": shlex.quote(iut.module_path or iut.module) if iut.module else "",
        " after ": shlex.quote(iut.preload) if iut.preload else "",
    }
    return visible("".join(f"{word}{text}" for word, text in parts.items() if text))
