"""Servers with TLS, in the shapes that people write them, as data.

A shape is the text of the methods that it overrides; the agent and stand-alone scripts make their
classes of the same text. In it ``self.context`` is the server's ``ssl.SSLContext``.
https://docs.python.org/3/library/ssl.html#server-side-operation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sockproof.case.certificates import authority

__all__ = ["SHAPES", "TLS_VERSIONS", "TlsServer", "TlsShape"]

TLS_VERSIONS: Mapping[str, str] = {"tls1.2": "TLSv1_2", "tls1.3": "TLSv1_3"}
"""The versions that are tested, each with its name in ``ssl.TLSVersion``."""


@dataclass(frozen=True)
class TlsShape:
    """Where the handshake is made: the methods of the server and of the handler."""

    server: str = ""
    handler: str = ""

    @property
    def is_in_handler(self) -> bool:
        """Whether the handshake is made by the handler, so in its own thread or child."""
        return bool(self.handler)


SHAPES: Mapping[str, TlsShape] = {
    "listening": TlsShape(  # as http.server.HTTPSServer does; accept() makes the handshake
        server="""
def server_activate(self):
    super().server_activate()
    self.socket = self.context.wrap_socket(self.socket, server_side=True)
"""
    ),
    "get_request": TlsShape(
        server="""
def get_request(self):
    request, address = super().get_request()
    return self.context.wrap_socket(request, server_side=True), address
"""
    ),
    "deferred": TlsShape(
        server="""
def get_request(self):
    request, address = super().get_request()
    later = {"server_side": True, "do_handshake_on_connect": False}
    return self.context.wrap_socket(request, **later), address
""",
        handler="""
def setup(self):
    self.request.do_handshake()
    super().setup()
""",
    ),
    # The server knows only the plain socket, which is empty once it is wrapped: what the handler
    # has wrapped it has to close.
    "setup": TlsShape(
        handler="""
def setup(self):
    self.request = self.server.context.wrap_socket(self.request, server_side=True)
    super().setup()

def finish(self):
    try:
        super().finish()
    finally:
        self.request.close()
"""
    ),
}
"""By name. ``deferred`` and ``setup`` make it in the handler, the other two in the loop."""


@dataclass(frozen=True)
class TlsServer:
    """How a case wants the TLS of its server: a key of SHAPES; ``version``, a value of
    TLS_VERSIONS, is the only one it speaks, and empty leaves it to the interpreter. With
    ``asks_clients`` a client needs a certificate of the same authority."""

    shape: str
    version: str = ""
    asks_clients: bool = False

    def describe(self) -> dict[str, Any]:
        """The order as the agent reads it."""
        shape = SHAPES[self.shape]
        return {
            "shape": self.shape,
            "server": shape.server,
            "handler": shape.handler,
            "context": {
                "pem": authority().server_pem,
                "version": self.version,
                "trusted": authority().trusted_pem if self.asks_clients else "",
            },
        }
