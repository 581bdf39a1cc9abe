"""What becomes of the whole process of a case: it is killed, it exits, an exception ends its main
thread, or none of its threads gets a turn any more."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

from sockproof.iut.case_log import HANG
from sockproof.repro.behaviour import Behaviour
from sockproof.repro.telling import Told

__all__ = ["GOES_ON", "STANDS_STILL", "fatal_exception", "fate_of", "fates"]

GOES_ON, STANDS_STILL = "goes on", "stands still"
_KILLED = re.compile(r"the process was killed by (\w+)")
_RAISES = re.compile(r"the process ended with exit status \d+: (?:\w+\.)*(\w+)(?::|$)")
_EXITS = re.compile(r"the process ended with (exit status \d+)$")


def fates(wrong: Told, *, preloaded: bool) -> Iterator[Behaviour]:
    """How the process of a case ended before the case did; where a runtime is ``preloaded``, whose
    threads are one to the system, a case that waits in vain may mean that all of them do."""
    how, *last = fate_of(wrong.log.fate), *wrong.log.operations[-1:]
    if not how and preloaded and [one for one in last if one.ending == HANG]:
        how = STANDS_STILL
    if how:
        yield Behaviour("fate", None, GOES_ON, how)


def fate_of(text: str) -> str:
    """How it ended, in a script's words; empty where the harness itself ended it."""
    if found := _KILLED.match(text):
        return f"killed by signal {signal.Signals[found[1]].value}"
    if found := _RAISES.match(text):
        return f"raises {found[1]}"
    found = _EXITS.match(text)
    return found[1] if found else ""


def fatal_exception(fate: str) -> str:
    """The name of the exception that ends the main thread, if it is one."""
    kind, _, name = fate.partition(" ")
    return name if kind == "raises" else ""
