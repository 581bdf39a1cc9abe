"""Gates: named points where a server's own code waits until the test opens them. In both processes.

A server is started with the names of its gates. A handler passes one with :func:`pass_gate`; the
test has it from ``server.gate(name)``. So what is busy is busy for as long as the test says, and
nothing rests on a pause.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from sockproof.errors import UsageError

__all__ = ["PLACE", "ServerGate", "closed_gates", "pass_gate"]

PLACE = "SOCKPROOF_GATES"
_AT_ONCE = 1000


def pass_gate(name: str) -> None:
    """Wait here until the test opens the gate. Where no test is, or one that has started the server
    without this gate, and once the test is over, go on.

    The thread that calls it is blocked, in a system call.
    """
    folder = os.environ.get(PLACE)
    if not folder:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX) as one:
        one.connect(str(Path(folder) / name))
        # Whoever comes when it is opened is seen by the test, or sees it.
        if not _opened(folder, name).exists():
            one.recv(1)


def _opened(folder: str, name: str) -> Path:
    return Path(folder) / f"{name}.open"


class ServerGate:
    """One gate, which is a file in ``folder``; closed at first."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        self._held: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / name))
        self._listener.listen(_AT_ONCE)

    def wait_for(self, number: int = 1, bound_s: float = 10.0) -> None:
        """Until so many wait there.

        Raises:
            TimeoutError: fewer do after ``bound_s`` seconds.
        """
        limit_s = time.monotonic() + bound_s
        while len(self._held) < number:
            self._listener.settimeout(max(0.001, limit_s - time.monotonic()))
            try:
                self._held.append(self._listener.accept()[0])
            except TimeoutError:
                told = f"{len(self._held)} of {number} came to the gate {self.name!r}"
                raise TimeoutError(f"{told} within {bound_s:g} s") from None

    def open(self) -> None:
        """Let pass whoever waits there, and whoever comes from now on."""
        _opened(str(self._folder), self.name).touch()
        self._listener.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._held.append(self._listener.accept()[0])
        while self._held:
            self._held.pop().close()

    def close(self) -> None:
        """Take it away: whoever waits goes on."""
        self._listener.close()
        while self._held:
            self._held.pop().close()


@contextmanager
def closed_gates(folder: Path, names: Sequence[str]) -> Iterator[dict[str, ServerGate]]:
    """Gates of these names, in a folder of their own; gone at the end of the block.

    Raises:
        UsageError: a gate cannot be called so.
    """
    if isinstance(names, str) or not all(name.isidentifier() for name in names):
        raise UsageError(f"gates={names!r} are no gates", "give names of letters, figures and _")
    folder.mkdir()
    with ExitStack() as stack:
        yield {name: stack.enter_context(closing(ServerGate(folder, name))) for name in names}
