"""What client and server agree on in the handshake: a session, a protocol, a name."""

from __future__ import annotations

from fixtures import (
    OTHER_NAME,
    SHAPES_BY_NAME,
    TLS_VERSIONS,
    Observe,
    Secured,
    Serve,
    TlsClient,
    TlsServer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine, Report

LINE = b"within TLS\n"
PROTOCOL = "selected_alpn_protocol()"
AGREED = {"protocol": f"self.request.{PROTOCOL}"}


def _check_echo(client: TlsClient) -> None:
    client.send(LINE).expect(LINE)


@requirement("tls/client-with-a-session", TLS_VERSIONS)
def test_client_with_a_session(serve: Serve, secured: Secured, variant: str) -> None:
    """Whether the server takes the session up or not, the client that brings it is answered."""
    server = serve([ReadLine(), Echo()], tls=TlsServer("get_request"))
    first = secured(server, variant).handshake()
    _check_echo(first)  # what it needs to come back is there when the answer is

    second = secured(server, variant, after=first).handshake()

    _check_echo(second)


@requirement("tls/session-that-is-taken-up", TLS_VERSIONS)
def test_session_is_taken_up(
    serve: Serve, secured: Secured, observe: Observe, variant: str
) -> None:
    """Whether the second handshake is short, also where a child of its own makes each."""
    server = serve([ReadLine(), Echo()], tls=TlsServer("deferred"))
    first = secured(server, variant).handshake()
    _check_echo(first)

    second = secured(server, variant, after=first).handshake()

    observe("session_reused", second.look("session_reused"))


@requirement("tls/agreed-protocol", SHAPES_BY_NAME)
def test_agreed_protocol(serve: Serve, secured: Secured, variant: str) -> None:
    """The handler's request tells the same as the client: what both have, as the server likes."""
    server = serve(
        [ReadLine(), Report(AGREED), Echo()], tls=TlsServer(variant, adds=("protocols",))
    )
    client = secured(server, protocols=("lines/1", "lines/2")).handshake()

    _check_echo(client)

    same({"protocol": "lines/2"}, server.expect_report(), "what request tells")
    same("lines/2", client.look(PROTOCOL), "what the client is told")


@requirement("tls/no-common-protocol", TLS_VERSIONS)
def test_no_common_protocol(serve: Serve, secured: Secured, variant: str) -> None:
    """A client that has none of the server's protocols is served without one."""
    tls = TlsServer("get_request", adds=("protocols",))
    server = serve([ReadLine(), Report(AGREED), Echo()], tls=tls)
    client = secured(server, variant, protocols=("letters",)).handshake()

    _check_echo(client)

    same({"protocol": None}, server.expect_report(), "what request tells")
    same(None, client.look(PROTOCOL), "what the client is told")


@requirement("tls/name-chooses-the-certificate", SHAPES_BY_NAME)
def test_name_chooses_the_certificate(serve: Serve, secured: Secured, variant: str) -> None:
    """sni_callback gives each client the certificate of the name that it asks for."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant, adds=("names",)))

    other = secured(server, name=OTHER_NAME).handshake()  # else it refuses the certificate
    _check_echo(other)
    own = secured(server).handshake()
    _check_echo(own)

    found = [one.is_certified_for(OTHER_NAME) for one in (other, own)]
    same([True, False], found, f"whether the certificate is for {OTHER_NAME}")


@requirement("tls/name-that-nobody-has", SHAPES_BY_NAME)
def test_name_that_nobody_has(serve: Serve, secured: Secured, variant: str) -> None:
    """The alert that sni_callback gives is what this client hears, and the next one is served."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant, adds=("names",)))
    client = secured(server, name="nobody.example", lane="client of nobody")

    refusal = client.attempt_handshake()

    told = "unrecognized name"
    check(refusal.endswith(told), expected=told, actual=refusal)
    _check_echo(secured(server).handshake())
