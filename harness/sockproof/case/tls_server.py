"""Servers with TLS, in the shapes that people write them, as data.

A shape is the text of the methods that it overrides; the agent and stand-alone scripts make their
classes of the same text. In it ``self.context`` is the server's ``ssl.SSLContext``. So is what is
added to a server of any shape.
https://docs.python.org/3/library/ssl.html#server-side-operation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.case.certificates import OTHER_NAME, authority

__all__ = ["ADDITIONS", "BY_HAND", "SHAPES", "TLS_VERSIONS", "TlsAddition", "TlsServer", "TlsShape"]

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


BY_HAND = ""
"""No shape: the case wraps what it wants to have wrapped."""


@dataclass(frozen=True)
class TlsAddition:
    """What a server has besides its shape. ``body`` are statements about ``context``; ``server`` is
    text of methods; ``base`` is a class of a server with TLS to derive from. ``pems`` are the
    certificates that these name, keys of an Authority by the names in which the text has them.
    ``ssl``, ``server_context()``, ``load_chain()`` and ``pem_file()`` are known there."""

    body: str = ""
    server: str = ""
    base: str = ""
    pems: Mapping[str, str] = field(default_factory=dict)


_OTHER = {"OTHER_PEM": "other"}
ADDITIONS: Mapping[str, TlsAddition] = {
    "protocols": TlsAddition('context.set_alpn_protocols(["lines/2", "lines/1"])'),
    "names": TlsAddition(
        f"""
def for_name(request, name, _, other=server_context(OTHER_PEM)):
    if name == "{OTHER_NAME}":
        request.context = other
    elif name not in (None, "localhost"):
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

context.sni_callback = for_name
""",
        pems=_OTHER,
    ),
    "renewal": TlsAddition(
        server="""
def renew(self):
    load_chain(self.context, OTHER_PEM)
""",
        pems=_OTHER,
    ),
    "impatience": TlsAddition(
        server="""
patience_s = 0.1

def get_request(self):
    request, address = super().get_request()
    request.settimeout(self.patience_s)
    secure = self.context.wrap_socket(request, server_side=True)
    secure.settimeout(None)
    return secure, address
"""
    ),
    "http": TlsAddition(
        server="""
def __init__(self, address, handler, bind_and_activate=True):
    with pem_file(OWN_PEM) as path:
        super().__init__(address, handler, bind_and_activate, certfile=path)
""",
        base="http.server.HTTPSServer",
        pems={"OWN_PEM": "server"},
    ),
}
"""By name: ALPN; a certificate by the name that a client asks for; another certificate that is
loaded into the context; a bound to each handshake; and what http.server.HTTPSServer is made of."""


@dataclass(frozen=True)
class TlsServer:
    """How a case wants the TLS of its server: a key of SHAPES, or BY_HAND; ``version``, a value of
    TLS_VERSIONS, is the only one it speaks, and empty leaves it to the interpreter. With
    ``asks_clients`` a client needs a certificate of the same authority. ``adds`` are keys of
    ADDITIONS. ``pem``, if not empty, is its key and certificate."""

    shape: str
    version: str = ""
    asks_clients: bool = False
    adds: tuple[str, ...] = ()
    pem: str = ""

    def describe(self) -> dict[str, Any]:
        """The order as the agent reads it."""
        shape = SHAPES[self.shape] if self.shape else TlsShape()
        added = [ADDITIONS[name] for name in self.adds]
        pems = {name: key for one in added for name, key in one.pems.items()}
        return {
            "shape": self.shape,
            "server": shape.server + "".join(one.server for one in added),
            "handler": shape.handler,
            "body": "".join(one.body for one in added),
            "base": "".join(one.base for one in added),
            "texts": {name: authority().pem(key) for name, key in pems.items()},
            "context": {
                "pem": self.pem or authority().server_pem,
                "version": self.version,
                "trusted": authority().trusted_pem if self.asks_clients else "",
            },
        }
