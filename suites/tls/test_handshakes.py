"""Handshakes that are never begun, never ended, or no handshakes: what the others notice of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fixtures import (
    IN_HANDLER,
    IN_LOOP,
    RECORDING_ERRORS,
    RESET,
    TIMEOUT,
    Observe,
    Peers,
    Secured,
    Serve,
    Server,
    StreamPeer,
    TlsServer,
    check,
    error_names,
    requirement,
    serves_another,
)
from fixtures.steps import Echo, ReadLine

LINE = b"within TLS\n"
# As no record begins.
GARBAGE = b"\x00\xff\x80" * 200
PLAIN = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
# The header of a record that says how much there is of it, and then half of that.
HALF_A_HELLO = b"\x16\x03\x01\x00\x10" + b"\x01\x00\x00\x0c\x03\x03"


def _shapes(names: tuple[str, ...]) -> dict[str, str]:
    return {name: name for name in names}


# What a client does instead of a handshake; a client that stays is to see its connection end.
STAYING: Mapping[str, Callable[[StreamPeer], object]] = {
    "plain-text": lambda peer: peer.send(PLAIN),
    "garbage": lambda peer: peer.send(GARBAGE),
    "nothing": lambda peer: peer.half_close(),
    "half-a-hello": lambda peer: peer.send(HALF_A_HELLO).half_close(),
}
LEAVING: Mapping[str, Callable[[StreamPeer], object]] = {
    "left": lambda peer: peer.close(),
    "reset": lambda peer: peer.reset(),
}


def _check_over(peer: StreamPeer) -> None:
    """The server ends the connection, in either way: it may not have read all that came."""
    _, ending = peer.receive_to_end()
    check(ending is not TIMEOUT, expected=f"{peer.who}'s connection is ended", actual=ending)


def _fail_each(server: Server, peers: Peers, secured: Secured) -> None:
    """Every failure, after each of which somebody else is served."""
    for name, instead in {**STAYING, **LEAVING}.items():
        peer = peers.stream(f"client {name}").connect(server)
        instead(peer)
        if name in STAYING:
            _check_over(peer)
        serves_another(server, secured)


@requirement("tls/failed-handshake-in-the-loop", _shapes(IN_LOOP))
def test_failed_handshake_in_the_loop(
    serve: Serve, peers: Peers, secured: Secured, variant: str
) -> None:
    """An error of TLS out of get_request() ends neither the loop nor the next handshake."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))

    _fail_each(server, peers, secured)


@requirement("tls/failed-handshake-in-the-handler", _shapes(IN_HANDLER))
def test_failed_handshake_in_the_handler(
    serve: Serve, peers: Peers, secured: Secured, variant: str
) -> None:
    """An error of TLS out of setup() is one of this client alone, whose connection is ended."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))

    _fail_each(server, peers, secured)


@requirement("tls/no-common-version", _shapes((*IN_LOOP, *IN_HANDLER)))
def test_no_common_version(serve: Serve, secured: Secured, observe: Observe, variant: str) -> None:
    """A client that speaks only what the server does not is refused, and the next one served."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant, "TLSv1_3"))

    refusal = secured(server, "TLSv1_2").attempt_handshake()

    check(
        refusal not in (str(TIMEOUT), "TLSv1.2"),
        expected="a client of another version is refused",
        actual=refusal,
    )
    serves_another(server, secured)
    if refusal != str(RESET):
        observe("refusal", refusal)


@requirement("tls/silent-client-stops-no-other", _shapes(IN_HANDLER))
def test_silent_client_stops_no_other(
    serve: Serve, peers: Peers, secured: Secured, variant: str
) -> None:
    """While the handler of a client that never says hello waits, another client is served."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))
    peers.stream("client silent").connect(server)

    server.expect_handler("setup")

    serves_another(server, secured)


@requirement("tls/silent-client-and-the-others", _shapes((*IN_LOOP, *IN_HANDLER)))
def test_silent_client_and_the_others(
    serve: Serve, peers: Peers, secured: Secured, observe: Observe, variant: str
) -> None:
    """Whether the server answers another client before the silent one has left."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))
    silent = peers.stream("client silent").connect(server)
    server.let_others_run()  # so that the server is at its handshake

    other = secured(server).begin()
    server.let_others_run()

    observe("answered while another is silent", other.is_answered())
    silent.close()
    other.go_on().send(LINE).expect(LINE)


@requirement("tls/errors-of-handshakes", {**{n: n for n in STAYING}, **{n: n for n in LEAVING}})
def test_errors_of_handshakes(
    serve: Serve, peers: Peers, secured: Secured, observe: Observe, variant: str
) -> None:
    """What handle_error() is called for when setup() has made the handshake."""
    server = serve([ReadLine(), Echo()], tls=TlsServer("deferred"), hooks=RECORDING_ERRORS)
    peer = peers.stream().connect(server)
    server.expect_handler("setup")
    server.let_others_run()  # so that it waits for the hello: a reset may meet it earlier

    {**STAYING, **LEAVING}[variant](peer)

    server.expect_call("handle_error")
    serves_another(server, secured)
    server.stop()
    observe("exception", error_names(server)[:1])
