"""http.server.HTTPSServer, which Python has from 3.14 on, over the socketserver below it."""

from __future__ import annotations

from fixtures import (
    BY_HAND,
    CUT_OFF,
    TLS_VERSIONS,
    CaseProcess,
    NotApplicable,
    Secured,
    Serve,
    TlsServer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine

LINE = b"within TLS\n"
IS_MADE_OF_IT = (
    "issubclass(getattr(__import__('http.server').server, 'HTTPSServer', int),"
    " socketserver.TCPServer)"
)


@requirement("tls/https-server", TLS_VERSIONS)
def test_https_server(process: CaseProcess, serve: Serve, secured: Secured, variant: str) -> None:
    """It is made with a file of its certificate, and wraps its listening socket."""
    if not process.do("evaluate", expression=IS_MADE_OF_IT).value:
        raise NotApplicable("http.server.HTTPSServer is not made of this module", "HTTPSServer")
    tls = TlsServer(BY_HAND, adds=("http",))
    server = serve([ReadLine(), Echo()], tls=tls, address=("127.0.0.1", 0))
    client = secured(server, variant).handshake()

    client.send(LINE)

    data, ending = client.receive()
    same(LINE, data, "what comes back")
    check(ending == CUT_OFF, expected="the connection is ended", actual=ending)
