"""How a server that we have started is told to end: by an interrupt, or its command; by SIGTERM."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sockproof.check.program_life import ProgramLife
from sockproof.timing import scale

__all__ = ["ORDERS", "Order", "why_no_order"]

_HEARD_WITHIN_S = 1.0
_CAUGHT = re.compile(r"^SigCgt:\s*([0-9a-f]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Order:
    """``give`` is called with the life and how long its command may take."""

    name: str
    give: Callable[[ProgramLife, float], object]

    def begin(self, life: ProgramLife, bound_s: float) -> Callable[[], None]:
        """Give it; a command goes on meanwhile, and has a moment until it is heard. What is called
        to wait for the end of that."""
        if not life.subject.stop:
            self.give(life, bound_s)
            return lambda: None
        giving = threading.Thread(target=self.give, args=(life, bound_s))
        giving.start()
        giving.join(_HEARD_WITHIN_S * scale())
        return giving.join

    def words(self, life: ProgramLife) -> str:
        """For the reader of a failure."""
        return "its stop command" if life.subject.stop else self.name


def _interrupt(life: ProgramLife, bound_s: float) -> None:
    if life.subject.stop:
        life.stop(bound_s)
    else:
        life.interrupt()


def _terminate(life: ProgramLife, _bound_s: float) -> None:
    """All of its group are told, as a supervisor tells all that came of a service."""
    life.log.note("program", "terminate", note="SIGTERM, as a supervisor sends it")
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(life.pid, signal.SIGTERM)


ORDERS: Mapping[str, Order] = {
    "interrupt": Order("an interrupt (SIGINT)", _interrupt),
    "terminate": Order("SIGTERM", _terminate),
}


def why_no_order(order: Order, life: ProgramLife, twice: bool) -> str:
    """Why there is nothing to be seen of it; empty if there is.

    A class says nothing of SIGTERM unless it handles it: else the program that serves it does, and
    that is ours.
    """
    if life.subject.stop and (twice or order is not ORDERS["interrupt"]):
        return "--stop says how it is ended"
    if order is not ORDERS["terminate"]:
        return ""
    if life.subject.served and not _handles(life.pid, signal.SIGTERM):
        return "it does not handle SIGTERM, and whoever serves it has to"
    return ""


def _handles(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler of its own, as far as the kernel tells (Linux)."""
    with contextlib.suppress(OSError):
        told = _CAUGHT.search(Path(f"/proc/{pid}/status").read_text("ascii", "replace"))
        return bool(told and int(told[1], 16) >> (number - 1) & 1)
    return False
