"""A program that has another server to ask: ``asking_listener.py PORT WHEN [ADDRESS]``.

It tells each line of a client ``reached`` or ``alone``: whether it has reached who is at ADDRESS.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading

PORT, WHEN, ADDRESS = int(sys.argv[1]), sys.argv[2], (sys.argv[3:] or [""])[0]


def reaches() -> bool:
    """Whether somebody is there."""
    host, port = ADDRESS.rsplit(":", 1)
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 5):
        return True
    return False


def send_away() -> None:
    """A datagram, to whoever may be there."""
    host, port = ADDRESS.rsplit(":", 1)
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"x", (host, int(port)))


class Handler(socketserver.StreamRequestHandler):
    """It asks only when it is asked, where that is so."""

    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"reached\n" if WHEN == "for a client" and reaches() else b"alone\n")


class Server(socketserver.ThreadingTCPServer):
    """The documented way."""

    allow_reuse_address = daemon_threads = True


def main() -> None:
    """Ask first, or never."""
    if WHEN == "at first" and not reaches():
        sys.exit("nobody is there")
    while WHEN == "until it is there" and not reaches():
        threading.Event().wait(0.05)
    if WHEN == "by a datagram":
        send_away()
    with Server(("127.0.0.1", PORT), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
