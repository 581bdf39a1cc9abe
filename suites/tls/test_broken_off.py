"""Connections with TLS that are reset, or break off, in the handshake, in data, and at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fixtures import (
    SHAPES_BY_NAME,
    TIMEOUT,
    Observe,
    Peers,
    Secured,
    Serve,
    TlsClient,
    TlsServer,
    check,
    requirement,
    serves_another,
)
from fixtures.steps import Attempt, Echo, Gate, ReadLine, Reply

LINE = b"within TLS\n"
# In a record's header, and within what is in it.
HEADER_OCTETS, PART_OCTETS = 3, 9


def _reset_in_handshake(client: TlsClient) -> None:
    client.begin()
    client.client.wait_for_octets()
    client.client.reset()


def _part(client: TlsClient, size_octets: int) -> TlsClient:
    return client.hold(LINE).release(size_octets)


def _reset_at_the_end(client: TlsClient) -> None:
    client.handshake().send(LINE).expect(LINE)
    client.client.reset()


# What a client does before it is gone.
MOMENTS: Mapping[str, Callable[[TlsClient], object]] = {
    "in-the-handshake": _reset_in_handshake,
    "before-data": lambda client: client.handshake().client.reset(),
    "in-a-header": lambda client: _part(client.handshake(), HEADER_OCTETS).client.reset(),
    "in-a-record": lambda client: _part(client.handshake(), PART_OCTETS).client.reset(),
    "at-the-end": _reset_at_the_end,
}
# The same when the handler reads; a connection that ends in a record has no right end.
BREAKS: Mapping[str, Callable[[TlsClient], object]] = {
    "cut-off-in-a-header": lambda client: _part(client, HEADER_OCTETS).client.half_close(),
    "cut-off-in-a-record": lambda client: _part(client, PART_OCTETS).client.half_close(),
    "reset-in-a-record": lambda client: _part(client, PART_OCTETS).client.reset(),
    "reset-before-data": lambda client: client.client.reset(),
}


@requirement("tls/reset-at-any-moment", SHAPES_BY_NAME)
def test_reset_at_any_moment(serve: Serve, secured: Secured, variant: str) -> None:
    """Clients are gone one after the other, and each time the next one is served."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))

    for moment, leave in MOMENTS.items():
        leave(secured(server, lane=f"client {moment}"))
        serves_another(server, secured)


@requirement("tls/reset-while-the-reply-is-written", SHAPES_BY_NAME)
def test_reset_while_the_reply_is_written(serve: Serve, secured: Secured, variant: str) -> None:
    """The handler writes when its client has gone, and the next client is served."""
    server = serve([ReadLine(), Gate("gate"), Reply(LINE), Reply(LINE)], tls=TlsServer(variant))
    client = secured(server, lane="client reset").handshake()

    client.send(LINE)
    server.expect_at_gate("gate")
    client.client.reset()
    server.open_gate("gate")

    other = secured(server).handshake()
    other.send(LINE).expect(LINE + LINE)


@requirement("tls/request-that-breaks-off", {name: name for name in BREAKS})
def test_request_breaks_off(serve: Serve, secured: Secured, observe: Observe, variant: str) -> None:
    """What rfile gives or raises that waits for the rest."""
    server = serve([Attempt(["self.rfile.readline()"])], tls=TlsServer("get_request"))
    client = secured(server).handshake()
    server.expect_handler("handle")
    server.let_others_run()  # so that it reads, and the handshake is over for it as well

    BREAKS[variant](client)

    (outcome,) = server.expect_outcomes()
    observe("readline()", outcome if isinstance(outcome, bytes) else outcome.name)


@requirement("tls/handshake-that-takes-too-long")
def test_handshake_takes_too_long(serve: Serve, peers: Peers, secured: Secured) -> None:
    """A timeout in get_request() ends the connection of a silent client, and nothing else."""
    server = serve([ReadLine(), Echo()], tls=TlsServer("get_request", adds=("impatience",)))
    silent = peers.stream("client silent").connect(server)

    _, ending = silent.receive_to_end()

    check(ending is not TIMEOUT, expected="the connection is ended", actual=ending)
    server.execute("server.patience_s = 60")  # a busy machine may be slow at what comes next
    serves_another(server, secured)


@requirement("tls/timeout-within-a-record", SHAPES_BY_NAME)
def test_timeout_within_a_record(serve: Serve, secured: Secured, variant: str) -> None:
    """A handler's timeout holds as well for a client of whose record the rest does not come."""
    limited = {"timeout": 0.3}
    steps = [Attempt(["self.rfile.readline()"])]
    server = serve(steps, tls=TlsServer(variant), handler_attributes=limited)
    client = secured(server).handshake()

    client.hold(LINE).release(PART_OCTETS)

    (outcome,) = server.expect_outcomes()
    name = outcome.decode() if isinstance(outcome, bytes) else outcome.name
    check("timeout" in name.lower(), expected="socket.timeout", actual=name)
    _, ending = client.receive()
    check(ending != str(TIMEOUT), expected="the connection is ended", actual=ending)
