"""A program that leaves its listening to a process that it leaves behind: ``... PORT HOW``.

With HOW ``as a daemon`` that is a grandchild in a session of its own, with ``as a shell does`` a
child. With ``and stays`` it waits for that child; with ``when it listens`` and ``when it is asked``
it ends only then, as who is careful does.
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


def serve(ready: int) -> None:
    """Until the interrupt; when it is ready to be left alone, its end of the pipe is closed."""
    with Server(("127.0.0.1", PORT), Upper) as server:
        if HOW == "when it is asked":
            server.handle_request()
        os.close(ready)
        server.serve_forever()


def leave_when_ready() -> None:
    """The parent lives as long as its child needs it."""
    until, ready = os.pipe()
    if not os.fork():
        os.close(until)
        serve(ready)
    os.close(ready)
    os.read(until, 1)


def main() -> None:
    """Start who serves; who is left behind serves when its parent has ended."""
    if HOW.startswith("when"):
        leave_when_ready()
        return
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
    serve(until)


if __name__ == "__main__":
    main()
