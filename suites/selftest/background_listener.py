"""A program that leaves its listening to a process that it leaves behind: ``... PORT HOW``.

With HOW ``as a daemon`` that is a grandchild in a session of its own, with ``as a shell does`` a
child. With ``and stays`` it waits for that child.
"""

from __future__ import annotations

import os
import socketserver
import sys

PORT, HOW = int(sys.argv[1]), sys.argv[2]


class Upper(socketserver.StreamRequestHandler):
    """Answers a line."""

    def handle(self) -> None:
        self.wfile.write(self.rfile.readline().upper())


class Server(socketserver.ThreadingTCPServer):
    """The documented way."""

    allow_reuse_address = daemon_threads = True


def serve() -> None:
    """Until the interrupt."""
    with Server(("127.0.0.1", PORT), Upper) as server:
        server.serve_forever()


def main() -> None:
    """Start who serves; who is left behind serves when its parent has ended."""
    until, lives = os.pipe()
    child = os.fork()
    if child:
        if HOW == "and stays":
            os.close(lives)
            os.waitpid(child, 0)
        return
    os.close(lives)
    if HOW == "as a daemon":
        os.setsid()
        if os.fork():
            return
    os.read(until, 1)
    serve()


if __name__ == "__main__":
    main()
