"""Who has a certificate and who has none: what the handler knows of it, and who is refused."""

from __future__ import annotations

from fixtures import (
    CUT_OFF,
    RESET,
    SHAPES_BY_NAME,
    TIMEOUT,
    TLS_VERSIONS,
    Secured,
    Serve,
    Server,
    TlsServer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine, Report

LINE = b"within TLS\n"
# The names that a certificate is made out to, as getpeercert() tells them.
NAME = "dict(pair[0] for pair in self.request.getpeercert()['subject'])['commonName']"
SEEN = {"name": NAME, "version": "self.request.version()"}
# How a client of TLS 1.3 learns that its certificate is wanted, once it has shaken hands.
REFUSED = ("alert certificate required", "alert handshake failure", CUT_OFF, str(RESET))


def _check_served(server: Server, secured: Secured) -> None:
    client = secured(server, is_known=True).handshake()
    client.send(LINE).expect(LINE)


@requirement("tls/handler-knows-the-client", SHAPES_BY_NAME)
def test_handler_knows_the_client(serve: Serve, secured: Secured, variant: str) -> None:
    """self.request is the socket with TLS itself, with all that it can tell."""
    server = serve([ReadLine(), Report(SEEN), Echo()], tls=TlsServer(variant, asks_clients=True))
    client = secured(server, "TLSv1_3", is_known=True).handshake()

    client.send(LINE).expect(LINE)

    same({"name": "somebody", "version": "TLSv1.3"}, server.expect_report(), "what request tells")


@requirement("tls/client-without-a-certificate", TLS_VERSIONS)
def test_client_without_a_certificate(serve: Serve, secured: Secured, variant: str) -> None:
    """Who has none is refused before the handler, and who has one is served afterwards."""
    tls = TlsServer("get_request", asks_clients=True)
    server = serve([ReadLine(), Echo()], tls=tls)
    client = secured(server, variant)

    refusal = client.attempt_handshake()
    if refusal.startswith("TLS"):  # its own part of the handshake is done, and it hears later
        _, refusal = client.receive()

    check(refusal in REFUSED, expected="a client without a certificate is refused", actual=refusal)
    _check_served(server, secured)


@requirement("tls/client-that-refuses-the-certificate", SHAPES_BY_NAME)
def test_client_refuses_the_certificate(serve: Serve, secured: Secured, variant: str) -> None:
    """Its alert is an error of one handshake: the connection ends, and the next one is served."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))
    client = secured(server, trusting=False)

    refusal = client.attempt_handshake()

    told = "certificate refused"
    check(refusal.startswith(told), expected=told, actual=refusal)
    _, ending = client.client.receive_to_end()
    check(ending is not TIMEOUT, expected="the connection is ended", actual=ending)
    _check_served(server, secured)
