"""Certificates and keys in files, of an authority that is made for a test, and a server with TLS in
this process that uses them."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import trustme

__all__ = ["Papers", "answering", "listening_with"]

_Answer = Callable[[ssl.SSLSocket], None]


class Papers:
    """Of an authority: ``ca`` is its certificate, ``server`` the key and certificate of a server
    that is called ``localhost``; ``client`` those of a client, which ``cert`` and ``key`` have
    each in a file of its own."""

    def __init__(self, folder: Path) -> None:
        made = trustme.CA()
        server, client = made.issue_cert("localhost"), made.issue_cert(common_name="somebody")
        self.ca, self.server = folder / "ca.pem", folder / "server.pem"
        self.client, self.cert, self.key = (folder / name for name in ("both", "cert", "key"))
        made.cert_pem.write_to_path(self.ca)
        server.private_key_and_cert_chain_pem.write_to_path(self.server)
        client.private_key_and_cert_chain_pem.write_to_path(self.client)
        client.cert_chain_pems[0].write_to_path(self.cert)
        client.private_key_pem.write_to_path(self.key)

    def context(self, *, asks_clients: bool = False) -> ssl.SSLContext:
        """That of the server; with ``asks_clients`` they need a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        if asks_clients:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def answering(one: ssl.SSLSocket) -> None:
    """Answers in capitals, until its client says no more."""
    while data := one.recv(1 << 16):
        one.sendall(data.upper())


@contextlib.contextmanager
def listening_with(context: ssl.SSLContext | None, answer: _Answer = answering) -> Iterator[int]:
    """A server that treats each connection so, in a thread of its own; without a context it speaks
    plainly. Its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                if context is None:
                    self.request.sendall(b"220 hello\r\n")
                    return
                with context.wrap_socket(self.request, server_side=True) as one:
                    answer(one)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield socket.socket.getsockname(server.socket)[1]
        finally:
            server.shutdown()
            serving.join()
