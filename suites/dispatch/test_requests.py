"""What a request is: what get_request() returns, and who is given it, and where."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Observe, Peers, Serve, Server, ServerSpec, check, requirement, same
from fixtures.steps import Echo, ReadLine, RecordCall

ECHO_LINE = [ReadLine(), Echo()]
GET_REQUEST = """
got = server.get_request()
is_pair = isinstance(got, tuple) and len(got) == 2
request, address = got
"""
STREAM_FACTS = {
    "address": "address",
    "connected to": "request.getpeername()",
    "a new descriptor": "request.fileno() != server.fileno()",
}
DATAGRAM_FACTS = {
    "address": "address",
    "octets": "bytearray(request[0])",
    "the server's own socket": "request[1] is server.socket",
}
AT_ONCE = ("get_request", "verify_request")


@requirement("dispatch/get-request-returns-request-and-address")
def test_get_request_returns_a_pair(
    construct: Construct, peers: Peers, spec: ServerSpec, observe: Observe
) -> None:
    """get_request() gives a new socket that is connected to the client, or a datagram with the
    socket to answer it by, and the client's address."""
    server = construct()
    peer = peers().connect(server)
    if spec.is_stream:
        wanted = {"connected to": peer.address, "a new descriptor": True}
        got = _facts_of_request(server, STREAM_FACTS)
        observe("type of the request", server.evaluate("type(request).__name__"))
        server.execute("request.close()")
    else:
        peer.send(b"take me")
        wanted = {"octets": b"take me", "the server's own socket": True}
        got = _facts_of_request(server, DATAGRAM_FACTS)
        observe("type of the octets", server.evaluate("type(request[0]).__name__"))

    same({"address": peer.address, **wanted}, got, "what get_request() returns")


def _facts_of_request(server: Server, expressions: dict[str, str]) -> dict[str, Any]:
    """What expressions say of the pair that a call of get_request() gives."""
    server.execute(GET_REQUEST)
    check(server.evaluate("is_pair"), expected="a tuple of two", actual=server.evaluate("got"))
    return {name: server.evaluate(expression) for name, expression in expressions.items()}


@requirement("dispatch/process-request-gets-request-and-address")
def test_process_request_gets_what_get_request_gave(serve: Serve, peers: Peers) -> None:
    """process_request() gets the very request and address that get_request() returned."""
    server = serve(ECHO_LINE, hooks={"get_request": RecordCall(), "process_request": RecordCall()})

    peers().connect(server).send(b"process me\n").expect(b"process me\n").expect_end()

    given = server.expect_call("process_request")[0].fields["arguments"]
    got = server.process.wait_events(1, "return", method="get_request")[0].fields["value"]
    same(list(got), given, "arguments of process_request()")


@requirement("dispatch/verified-before-thread-or-child")
def test_requests_are_verified_where_the_loop_runs(serve: Serve, peers: Peers) -> None:
    """get_request() and verify_request() run in the loop's own thread and process, so that
    a request is refused without the cost of another."""
    server = serve(ECHO_LINE, hooks={method: RecordCall() for method in AT_ONCE})

    peers().connect(server).send(b"verify me\n").expect(b"verify me\n").expect_end()

    loop = server.process.wait_events(1, "begun", method="serve_forever")[0]
    for method in AT_ONCE:
        call = server.expect_call(method)[0]
        same(
            (loop.pid, loop.fields["label"]),
            (call.pid, call.thread),
            f"process and thread of {method}()",
        )
