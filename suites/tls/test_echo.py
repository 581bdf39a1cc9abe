"""What a client says within TLS comes back, wherever the server makes the handshake."""

from __future__ import annotations

from fixtures import TLS_VERSIONS, Secured, Serve, TlsServer, requirement
from fixtures.steps import Echo, ReadLine

LINE = b"within TLS\n"


def _check_echo(serve: Serve, secured: Secured, shape: str, version: str) -> None:
    """One line there and back, over a server of this shape."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(shape))
    client = secured(server, version).handshake()

    client.send(LINE)

    client.expect(LINE)


@requirement("tls/listening-socket-that-is-wrapped", TLS_VERSIONS)
def test_listening_socket_is_wrapped(serve: Serve, secured: Secured, variant: str) -> None:
    """accept() of the wrapped socket makes the handshake."""
    _check_echo(serve, secured, "listening", variant)


@requirement("tls/get-request-that-wraps", TLS_VERSIONS)
def test_get_request_wraps(serve: Serve, secured: Secured, variant: str) -> None:
    """get_request() makes the handshake, and returns a socket with TLS."""
    _check_echo(serve, secured, "get_request", variant)


@requirement("tls/handshake-put-off-to-the-handler", TLS_VERSIONS)
def test_handshake_is_put_off(serve: Serve, secured: Secured, variant: str) -> None:
    """get_request() returns a socket with TLS, on which setup() makes the handshake."""
    _check_echo(serve, secured, "deferred", variant)


@requirement("tls/handler-that-wraps-its-request", TLS_VERSIONS)
def test_handler_wraps_its_request(serve: Serve, secured: Secured, variant: str) -> None:
    """setup() wraps the plain request, and calls socketserver's own."""
    _check_echo(serve, secured, "setup", variant)
