"""Starts ``sockproof watch`` before a server of the test's own, and ends it as its user does."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sockproof.check.listener import parse_address
from sockproof.check.service.exchange_file import read_exchanges
from sockproof.check.service.exchanges import Exchange
from suites.selftest.runs import DEADLINE_S, Ended, started_into

__all__ = ["FILE", "Watch", "exchanges_in", "said", "served", "watching"]

FILE = "exchanges.toml"
ServerTalk = Callable[[socket.socket], None]


class Watch:
    """A watch that listens at an ``address``, as ``connect()`` takes it."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, first_line: str) -> None:
        self.process, self.folder, self.first_line = process, folder, first_line
        self.address: Any = parse_address(first_line.split(" ")[0]).at

    def client(self) -> socket.socket:
        """A client of it, who waits for nothing without end."""
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        own = socket.socket(family)
        own.settimeout(DEADLINE_S)
        try:
            own.connect(self.address)
        except OSError:
            own.close()
            raise
        return own

    def first_octet(self) -> bytes:
        """What a client hears first that says nothing."""
        with self.client() as client:
            return client.recv(1)

    def end(self, number: signal.Signals = signal.SIGINT) -> Ended:
        """Have it end by a signal; what it ended with, and said on standard error."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> Ended:
        """Wait for its end."""
        status = self.process.wait(DEADLINE_S)
        return Ended(status, self.first_line, (self.folder / "printed").read_text("utf-8"))

    @property
    def text(self) -> str:
        """The file that it has written."""
        return (self.folder / FILE).read_text("utf-8")


@contextlib.contextmanager
def watching(folder: Path, to: Any, *options: str) -> Iterator[Watch]:
    """A watch before the server at an address, until the end of the block at the latest. What it
    prints goes into a pipe."""
    words = to if isinstance(to, str) else f"127.0.0.1:{to[1]}"
    reading, writing = os.pipe()
    process = started_into(writing, folder, "watch", "--to", words, *options)
    os.close(writing)
    with process, open(reading, "rb") as pipe:  # noqa: PTH123 (it is no path)
        try:
            line = pipe.readline().decode("utf-8").strip()
            assert line, (folder / "printed").read_text("utf-8")
            yield Watch(process, folder, line)
        finally:
            process.kill()


@contextlib.contextmanager
def served(talk: ServerTalk, at: Any = ("127.0.0.1", 0)) -> Iterator[Any]:
    """A server that talks so to each client, in a thread for each; its address."""
    family = socket.AF_UNIX if isinstance(at, str) else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind(at)
        listener.listen(128)
        threading.Thread(target=_serve, args=(listener, talk), daemon=True).start()
        try:
            yield listener.getsockname()
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, talk: ServerTalk) -> None:
    def until_it_ends(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(DEADLINE_S)
            talk(client)

    with contextlib.suppress(OSError):
        while True:
            client, _address = listener.accept()
            threading.Thread(target=until_it_ends, args=(client,), daemon=True).start()


def said(client: socket.socket, octets: bytes, size: int = 0, until: bytes = b"\n") -> bytes:
    """What is answered to these octets: so many, or until something has come."""
    client.sendall(octets)
    data = b""
    while len(data) < size or (not size and until not in data):
        part = client.recv(size - len(data) if size else 1)
        if not part:
            break
        data += part
    return data


def exchanges_in(folder: Path) -> dict[str, Exchange]:
    """Those of the written file, by their names."""
    return {one.name: one for one in read_exchanges(folder / FILE).exchanges.all}
