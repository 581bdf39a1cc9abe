"""Who has a certificate and who has none: what the handler knows of it, and who is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fixtures import (
    CUT_OFF,
    IN_LOOP,
    OTHER_NAME,
    RESET,
    SHAPES_BY_NAME,
    TIMEOUT,
    TLS_VERSIONS,
    Inconclusive,
    Secured,
    Serve,
    Server,
    TlsClient,
    TlsServer,
    authority,
    check,
    expiring_pem,
    requirement,
    same,
    serves_another,
)
from fixtures.steps import Echo, Instead, ReadLine, Report

LINE = b"within TLS\n"
# The names that a certificate is made out to, as getpeercert() tells them.
NAME = "dict(pair[0] for pair in self.request.getpeercert()['subject'])['commonName']"
SEEN = {"name": NAME, "version": "self.request.version()"}
# How a client of TLS 1.3 learns that its certificate is wanted, once it has shaken hands.
# How long a certificate holds that is to expire: the first that is long enough for a handshake.
EXPIRING_S = (1, 3, 9, 27)
REFUSED = ("alert certificate required", "alert handshake failure", CUT_OFF, str(RESET))


def _check_refused(server: Server, secured: Secured, why: str, **manner: Any) -> None:
    """The client's alert is an error of one handshake: its connection ends."""
    client = secured(server, doubting=True, lane="client that refuses", **manner)

    refusal = client.attempt_handshake()

    told = f"certificate refused: {why}"
    check(refusal.lower().startswith(told), expected=told, actual=refusal)
    _, ending = client.client.receive_to_end()
    check(ending is not TIMEOUT, expected="the connection is ended", actual=ending)


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
    serves_another(server, secured, is_known=True)


@requirement("tls/client-of-another-authority", TLS_VERSIONS)
def test_client_of_another_authority(serve: Serve, secured: Secured, variant: str) -> None:
    """Whose certificate nobody vouches for is refused, and who has a right one is served."""
    server = serve([ReadLine(), Echo()], tls=TlsServer("get_request", asks_clients=True))
    client = secured(server, variant, certificate="stranger")

    refusal = client.attempt_handshake()
    if refusal.startswith("TLS"):
        _, refusal = client.receive()

    is_refused = refusal in ("alert unknown ca", *REFUSED)
    check(is_refused, expected="a client of another authority is refused", actual=refusal)
    serves_another(server, secured, is_known=True)


@requirement("tls/verify-request-knows-the-client", {name: name for name in IN_LOOP})
def test_verify_request_knows_the_client(serve: Serve, secured: Secured, variant: str) -> None:
    """verify_request() can tell clients by their certificates, and let go of one."""
    is_let_in = "'somebody' not in str(arguments[0].getpeercert()['subject'])"
    hooks = {"verify_request": Instead(is_let_in)}
    tls = TlsServer(variant, asks_clients=True)
    server = serve([ReadLine(), Echo()], tls=tls, hooks=hooks)

    refused = secured(server, certificate="client", lane="client refused").handshake()
    served = secured(server, certificate="another").handshake()

    _, ending = refused.receive()
    check(ending in (CUT_OFF, str(RESET)), expected="the connection ends", actual=ending)
    served.send(LINE).expect(LINE)


@requirement("tls/client-that-refuses-the-certificate", SHAPES_BY_NAME)
def test_client_refuses_the_certificate(serve: Serve, secured: Secured, variant: str) -> None:
    """Who trusts nobody refuses any certificate; the next client is served."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))

    _check_refused(server, secured, "", trusting=False)

    serves_another(server, secured, is_known=True)


@requirement("tls/client-that-wants-another-name", SHAPES_BY_NAME)
def test_client_wants_another_name(serve: Serve, secured: Secured, variant: str) -> None:
    """Whose certificate is for another name is refused by this client, and not by the next one."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))

    _check_refused(server, secured, "hostname mismatch", name="nobody.example")

    serves_another(server, secured, is_known=True)


@requirement("tls/expired-certificate", SHAPES_BY_NAME)
def test_expired_certificate(serve: Serve, secured: Secured, variant: str) -> None:
    """Clients refuse it one after the other; who asks for another name gets one that holds."""
    tls = TlsServer(variant, pem=authority().pem("expired"), adds=("names",))
    server = serve([ReadLine(), Echo()], tls=tls)

    _check_refused(server, secured, "certificate has expired")
    _check_refused(server, secured, "certificate has expired")

    client = secured(server, name=OTHER_NAME).handshake()
    client.send(LINE).expect(LINE)


@requirement("tls/replaced-certificate", SHAPES_BY_NAME)
def test_replaced_certificate(serve: Serve, secured: Secured, variant: str) -> None:
    """Who is connected is served on, and the next client sees the new certificate."""
    server = serve([ReadLine(), Echo()] * 2, tls=TlsServer(variant, adds=("renewal",)))
    client = secured(server).handshake()
    client.send(LINE).expect(LINE)

    server.call("renew")

    client.send(LINE).expect(LINE, CUT_OFF)
    later = secured(server, name=OTHER_NAME).handshake()  # else it refuses the certificate
    later.send(LINE).expect(LINE)


@requirement("tls/certificate-that-expires-meanwhile")
def test_certificate_expires_meanwhile(serve: Serve, secured: Secured) -> None:
    """Who is connected is served on; who comes later refuses, and harms nobody."""
    client, server, end = _in_time(serve, secured)
    client.send(LINE).expect(LINE)

    quiet = client.is_quiet_until(end)

    check(quiet, expected="nothing comes when the certificate expires", actual="something")
    client.send(LINE).expect(LINE, CUT_OFF)
    _check_refused(server, secured, "certificate has expired")
    other = secured(server, name=OTHER_NAME).handshake()
    other.send(LINE).expect(LINE)


def _in_time(serve: Serve, secured: Secured) -> tuple[TlsClient, Server, datetime]:
    """A client that has shaken hands before the server's certificate expires, and when it does: on
    a machine that is busy it has more time."""
    for valid_s in EXPIRING_S:
        pem, end = expiring_pem(valid_s)
        tls = TlsServer("get_request", pem=pem, adds=("names",))
        server = serve([ReadLine(), Echo()] * 2, tls=tls)
        client = secured(server)
        if client.attempt_handshake().startswith("TLS"):
            return client, server, end
    raise Inconclusive(f"no handshake within {EXPIRING_S[-1]} s")
