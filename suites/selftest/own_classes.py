"""Server classes as users write them: each changes something of socketserver's. Runs as a module
under test, under any Python."""

from __future__ import annotations

import os
import socketserver
import threading
from pathlib import Path
from typing import Any


class Plain(socketserver.ThreadingTCPServer):
    """Changes nothing."""


class Chooses(socketserver.ThreadingTCPServer):
    """Sets what is documented to be set."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50


class ChoosesOnItsObjects(socketserver.ThreadingTCPServer):
    """The same, where no class shows it."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        socketserver.ThreadingTCPServer.__init__(self, *arguments, **keywords)
        self.daemon_threads = True


class ClosesAlone(socketserver.ThreadingTCPServer):
    """Has a mistake beside a choice: a connection is not shut down where a copy of it is open."""

    daemon_threads = True

    def process_request(self, request: Any, client_address: Any) -> None:
        socketserver.ThreadingTCPServer.process_request(self, request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)


class FailsOnce(socketserver.ThreadingTCPServer):
    """Has a choice, and a mistake that shows itself once: its second request is forgotten."""

    daemon_threads = True

    def process_request(self, request: Any, client_address: Any) -> None:
        with Path(os.environ["COUNTED_FILE"]).open("ab+") as counted:
            counted.write(b".")
            is_second = counted.tell() == 2
        if is_second:
            self.shutdown_request(request)
        else:
            socketserver.ThreadingTCPServer.process_request(self, request, client_address)


class Otherwise(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Is right, with threads of its own making."""

    def process_request(self, request: Any, client_address: Any) -> None:
        work = threading.Thread(target=self.process_request_thread, args=(request, client_address))
        work.daemon = self.daemon_threads
        self.works: list[threading.Thread] = [
            one for one in vars(self).get("works", ()) if one.is_alive()
        ] + [work]
        work.start()

    def server_close(self) -> None:
        socketserver.TCPServer.server_close(self)
        for work in vars(self).pop("works", ()):
            if self.block_on_close and not work.daemon:
                work.join()


class WantsMore(socketserver.TCPServer):
    """Has a constructor of its own."""

    def __init__(self, address: Any, handler: Any, database: str) -> None:
        socketserver.TCPServer.__init__(self, address, handler)
        self.database = database


class Picky(socketserver.UDPServer):
    """Serves nobody who does not speak its protocol."""

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return bytes(request[0]).startswith(b"/osc") and bool(client_address)


class OnPaths(socketserver.UnixStreamServer):
    """Has a socket file."""

    allow_reuse_address = True


class Ours:
    """Holds another."""

    class Inner(socketserver.TCPServer):
        pass


class NoServer:
    """Is none of socketserver's."""


def make_server() -> None:
    """Is no class."""
