"""Cells of the tables of calls: how they are written, and how the end of a call is held to one.

A cell is ``state=expected`` for all three modes, or ``state/modes=expected`` for some, by their
first letters: blocking, timeout, non-blocking. What is expected is one or several errnos, of which
POSIX allows each, or a word of WORDS. A cell that is not there is promised by nobody, or waits.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fixtures import Outcome, check

MODES = {"b": ("blocking", None), "t": ("timeout", 0.05), "n": ("non-blocking", 0.0)}


@dataclass(frozen=True)
class Cell:
    """One cell: the state, the mode by its letter, what is expected."""

    state: str
    mode: str
    expected: tuple[str, ...] = ()


def cells(text: str) -> dict[str, Cell]:
    """Those of a row, by the names of their cases."""
    found = {}
    for word in text.split():
        where, _, expected = word.partition("=")
        state, _, modes = where.partition("/")
        for mode in modes or MODES:
            # Nobody waits for ever for a connection that does not come about.
            if state != "connecting" or mode == "n":
                name = f"{state} {MODES[mode][0]}"
                found[name] = Cell(state, mode, tuple(filter(None, expected.split("|"))))
    return found


_NOTHING = (b"", 0, (b"", None))
# By word: whether a value is what it says.
WORDS: Mapping[str, Callable[[Any], bool]] = {
    "nothing": lambda value: (
        value in _NOTHING or (isinstance(value, tuple) and value[:1] == (b"",))
    ),
    "done": lambda value: value in (None, 0, 1),
    "address": lambda value: _is_address(value),
}


def _is_address(value: Any) -> bool:
    """A path, or a host and a port, which are not empty."""
    if isinstance(value, tuple):
        return len(value) > 1 and isinstance(value[1], int) and value[1] > 0
    return isinstance(value, str) and value != ""


def in_words(call: str, ended: Outcome) -> str:
    """How a call ended, as a table has it."""
    if ended.error is not None and call == "connect_ex":
        return f"raises {ended.error.name}"
    if ended.error is not None:
        is_timeout = ended.error.is_a("timeout", "TimeoutError") and not ended.error.errno_name
        return "timeout" if is_timeout else ended.error.errno_name or ended.error.name
    if call == "connect_ex" and isinstance(ended.value, int) and ended.value:
        return errno.errorcode.get(ended.value, str(ended.value))
    return next((word for word in WORDS if WORDS[word](ended.value)), repr(ended.value))


def expect_cell(cell: Cell, call: str, ended: Outcome) -> None:
    """A call has ended as its cell says.

    Raises:
        Mismatch: otherwise.
    """
    __tracebackhide__ = True
    found = in_words(call, ended)
    wanted = [errno.errorcode.get(getattr(errno, word, 0), word) for word in cell.expected]
    mode = MODES[cell.mode][0]
    is_right = found in wanted or (
        ended.error is None and any(w in WORDS and WORDS[w](ended.value) for w in wanted)
    )
    check(
        is_right,
        expected=f"{call}() of a socket that is {cell.state} ({mode}): {' or '.join(wanted)}",
        actual=str(ended.error or repr(ended.value)),
    )
