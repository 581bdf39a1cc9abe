"""What a case is measured against: an echo over bare sockets, and a server that is made by hand."""

from __future__ import annotations

import os
import socket
import statistics
import time
from collections.abc import Callable
from contextlib import closing

from sockproof.iut.implementation import Implementation
from sockproof.iut.program import Program
from sockproof.iut.starting import POLL_INTERVAL_S

__all__ = ["LINE", "bare_echo_s", "plain_server_s", "timed"]

LINE = b"benchmark\n"

# In the interpreter under test: a server that is constructed, asked once by a client beside it,
# stopped and closed; in the program's own process, or in one that is forked for each.
_BY_HAND = """
import os, socket, threading, time

clock = getattr(time, "perf_counter", time.time)

class EchoHandler(find("StreamRequestHandler")):
    def handle(self):
        self.wfile.write(self.rfile.readline())

def serve_once():
    server = find("TCPServer")(("127.0.0.1", 0), EchoHandler)
    loop = threading.Thread(target=server.serve_forever, args=({poll_s},))
    loop.start()
    client = socket.create_connection(server.server_address)
    client.sendall({line!r})
    client.recv(100)
    client.close()
    server.shutdown()
    server.server_close()
    loop.join()

def serve_once_forked():
    pid = os.fork()
    if pid == 0:
        try:
            serve_once()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)

def measured(act):
    act()
    processor, walls = sum(os.times()[:4]), []
    for _ in range({count}):
        began = clock()
        act()
        walls.append(clock() - began)
    return [sorted(walls)[len(walls) // 2], (sum(os.times()[:4]) - processor) / {count}]

say(plain=measured(serve_once))
say(forked=measured(serve_once_forked))
"""


def timed(action: Callable[[], object]) -> float:
    """How long it takes, in seconds."""
    began_s = time.perf_counter()
    action()
    return time.perf_counter() - began_s


def bare_echo_s(count: int) -> float:
    """Median of one connect, echo and close against an accept loop in another process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pid = os.fork()
        if pid == 0:
            _accept_loop(listener, count)
        address = listener.getsockname()
        median_s = statistics.median(timed(lambda: _echo(address)) for _ in range(count))
        os.waitpid(pid, 0)
    return median_s


def plain_server_s(implementation: Implementation, count: int) -> dict[str, tuple[float, float]]:
    """A server by hand, in the process and ``forked``: median of its wall time, and processor
    time.

    Raises:
        Mismatch: the program comes to no end. Hang: nor to anything else. IutUnavailable: nor to a
            beginning.
    """
    text = _BY_HAND.format(count=count, line=LINE, poll_s=POLL_INTERVAL_S)
    with closing(Program(implementation, text)) as program:
        found = {name: program.expect_word(name) for name in ("plain", "forked")}
    return {name: (wall_s, processor_s) for name, (wall_s, processor_s) in found.items()}


def _accept_loop(listener: socket.socket, count: int) -> None:
    try:
        for _ in range(count):
            connection = listener.accept()[0]
            connection.sendall(connection.recv(100))
            connection.close()
    finally:
        os._exit(0)


def _echo(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as client:
        client.sendall(LINE)
        client.recv(100)
