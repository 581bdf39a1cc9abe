"""A program of its own in the implementation's interpreter: for what only a process that comes to
its natural end can show, which a case's process never does."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from sockproof.iut.bundle import LOADING, sources
from sockproof.iut.case_log import CaseLog, operation
from sockproof.iut.implementation import Implementation
from sockproof.iut.interpreter import start_interpreter, write_all
from sockproof.judge.checks import Hang, Mismatch
from sockproof.timing import hang_bound_s, start_bound_s

__all__ = ["Program"]

# Longer than a thread waits for the interpreter's lock before it looks again.
_LOOK_S = 0.02
_LOOKS = 250

_PROGRAM = (
    """
import json, os, sys, types
sys.path[:] = [folder for folder in sys.path if folder]
order = json.loads(%(order)r)
sources = order["sources"]
"""
    + LOADING
    + """
def say(**fields):
    os.write(1, (json.dumps(fields) + "\\n").encode("ascii"))

def find(name):
    return getattr(socketserver, order["classes"].get(name, name))

socketserver = package.loading.hello(order)[0]
exec(compile(order["program"], "<program>", "exec"))
"""
)


class Program:
    """Source text that runs as a program, from its start until it exits by itself.

    It knows ``find(name)``, which gives a class of socketserver, and ``say(**fields)``, which
    tells us something as a line of its standard output. Whoever starts it closes it. What is
    asked of it is noted in ``log``.

    Raises:
        IutUnavailable: the interpreter does not start.
    """

    def __init__(
        self, implementation: Implementation, source: str, log: CaseLog | None = None
    ) -> None:
        self.log = log or CaseLog()
        order = {
            "sources": sources("events", "own_server", "loading"),
            "program": source,
            "preload": implementation.preload,
            "module": implementation.module,
            "module_path": implementation.module_path,
            "search_path": implementation.search_path(),
            "classes": dict(implementation.classes),
            "server": implementation.server_order(),
        }
        text = _PROGRAM % {"order": json.dumps(order)}
        self._rest = b""
        self._popen = start_interpreter(implementation, stderr=subprocess.DEVNULL)
        assert self._popen.stdin is not None
        gone = (BrokenPipeError, TimeoutError)
        with self._popen.stdin as stdin, contextlib.suppress(*gone):
            write_all(stdin, f"exec({text!r})\n".encode("ascii"), start_bound_s())

    def close(self) -> None:
        """Kill what still runs of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        assert self._popen.stdout is not None
        self._popen.stdout.close()

    @operation("program says")
    def expect_word(self, name: str) -> Any:
        """The value of ``name`` in the next thing that the program says.

        Raises:
            Mismatch: it says something else, or ends. Hang: it says nothing.
        """
        line = self._read_line(time.monotonic() + 2 * hang_bound_s())
        said = json.loads(line) if line.startswith(b"{") else {}
        if name not in said:
            raise Mismatch(f"the program says its {name}", repr(line) if line else "it has ended")
        return said[name]

    @operation("program rests")
    def comes_to_rest(self) -> bool:
        """Whether its main thread comes to wait for something, rather than to say more or to end.

        A thread that merely gets no processor does not count as waiting, where that can be told.
        """
        assert self._popen.stdout is not None
        for _ in range(_LOOKS):
            before = self._switches()
            if select.select([self._popen.stdout], [], [], _LOOK_S)[0]:
                return False
            if self._switches() == before:
                return True
        return True

    def _switches(self) -> str:
        """How often the main thread has begun to wait, if it waits now; else what no thread says
        twice. Nothing where the system does not tell."""
        try:
            status = Path(f"/proc/{self._popen.pid}/status").read_text("ascii", "replace")
        except OSError:
            return ""
        lines = dict(line.split(":", 1) for line in status.splitlines())
        waits = lines["State"].strip().startswith("S")
        return lines["voluntary_ctxt_switches"] if waits else str(time.monotonic())

    @operation("program exits")
    def expect_exit(self) -> int:
        """The status that the program exits with.

        Raises:
            Hang: it does not.
        """
        try:
            return self._popen.wait(hang_bound_s())
        except subprocess.TimeoutExpired:
            raise Hang("the program exits", f"not within {hang_bound_s():g} s") from None

    def _read_line(self, limit_s: float) -> bytes:
        assert self._popen.stdout is not None
        while b"\n" not in self._rest:
            waits_s = limit_s - time.monotonic()
            if waits_s < 0 or not select.select([self._popen.stdout], [], [], waits_s)[0]:
                raise Hang("the program goes on", "it says nothing")
            got = os.read(self._popen.stdout.fileno(), 65536)
            if not got:
                return self._rest
            self._rest += got
        line, self._rest = self._rest.split(b"\n", 1)
        return line
