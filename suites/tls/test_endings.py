"""How a stream within TLS ends: said within it, or with the connection below, by either side."""

from __future__ import annotations

from fixtures import (
    CLOSE_NOTIFY,
    SHAPES_BY_NAME,
    TIMEOUT,
    TLS_VERSIONS,
    Fill,
    Observe,
    Secured,
    Serve,
    TlsServer,
    check,
    octets,
    requirement,
)
from fixtures.steps import Attempt, Echo, ReadLine, ReadToEnd, Reply, Run

LINE = b"within TLS\n"
REPLY = Fill(50_000, seed=6)


@requirement("tls/close-notify-is-the-end-of-rfile", TLS_VERSIONS)
def test_close_notify_ends_rfile(serve: Serve, secured: Secured, variant: str) -> None:
    """What the client has said within TLS is the end; the connection is open, and it hears on."""
    server = serve([ReadToEnd(), Reply(REPLY)], tls=TlsServer("get_request"))
    client = secured(server, variant).handshake()

    client.send(LINE).say_end()

    client.expect(REPLY)
    server.expect_read("read_to_end", LINE)


@requirement("tls/handler-that-unwraps", TLS_VERSIONS)
def test_handler_unwraps(serve: Serve, secured: Secured, variant: str) -> None:
    """unwrap() at the end of the handler says close notify, and the connection ends then."""
    steps = [ReadLine(), Echo(), Run("self.request.unwrap()")]
    server = serve(steps, tls=TlsServer("get_request"))
    client = secured(server, variant).handshake()

    client.send(LINE)

    client.expect(LINE, CLOSE_NOTIFY)
    client.say_end()
    data, ending = client.client.receive_to_end()
    check(not data and ending is not TIMEOUT, expected="the connection ends", actual=ending)


@requirement("tls/reply-arrives-before-the-end", SHAPES_BY_NAME)
def test_reply_arrives_before_the_end(serve: Serve, secured: Secured, variant: str) -> None:
    """Whatever the end of the handler is within TLS, it comes after all that was written."""
    server = serve([ReadLine(), Reply(REPLY)], tls=TlsServer(variant))
    client = secured(server).handshake()

    client.send(LINE)
    data, ending = client.receive()

    check(
        data == bytes(REPLY),
        expected=f"all of {octets(bytes(REPLY))['length']} octets",
        actual=f"{len(data)} octets, and then {ending}",
    )
    check(ending != str(TIMEOUT), expected="the stream ends", actual=ending)


@requirement("tls/end-of-the-handler", SHAPES_BY_NAME)
def test_end_of_the_handler(serve: Serve, secured: Secured, observe: Observe, variant: str) -> None:
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))
    client = secured(server).handshake()

    client.send(LINE).expect(LINE)

    observe("ending", client.receive()[1])


@requirement("tls/request-that-is-cut-off", TLS_VERSIONS)
def test_request_is_cut_off(serve: Serve, secured: Secured, observe: Observe, variant: str) -> None:
    """What rfile gives when the connection ends and nobody has said so within TLS."""
    server = serve([Attempt(["self.rfile.read()"])], tls=TlsServer("get_request"))
    client = secured(server, variant).handshake()

    client.send(b"half a li").client.half_close()

    (outcome,) = server.expect_outcomes()
    observe("read()", outcome if isinstance(outcome, bytes) else outcome.name)
