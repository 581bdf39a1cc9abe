"""Clients that leave early: before they are accepted, within a line, before or within the reply."""

from __future__ import annotations

from typing import Any

from fixtures import (
    POLL_INTERVAL_S,
    RECORDING_ERRORS,
    Construct,
    Fill,
    Inconclusive,
    Observe,
    Peers,
    Serve,
    Server,
    StreamPeer,
    error_names,
    observable,
    requirement,
)
from fixtures.steps import Attempt, Echo, Gate, HandlerScript, ReadLine, ReadToEnd, Reply, Run, Step

LINE = b"anybody there?\n"
BASE = "BaseRequestHandler"
LARGE = Fill(1 << 20, seed=10)
# By hand: Python 2.7 leaves that to the garbage collector when wfile cannot be flushed.
CLOSE_RFILE = Run("self.rfile.close()")

UNTIL_READABLE = "__import__('select').select([self.request], [], [])"
UNTIL_OVER = "wait_until_over(self.request)"
READ, WRITE = "bytearray(self.request.recv(9))", "self.request.sendall(b'x')"
PEER_NAME = "self.request.getpeername() and None"
LEFT: dict[str, dict[str, Any]] = {
    "reset, reads first": {
        "leave": StreamPeer.reset,
        "steps": [Run(UNTIL_READABLE), Attempt([READ, READ, WRITE, WRITE, PEER_NAME])],
    },
    "reset, writes first": {
        "leave": StreamPeer.reset,
        "steps": [Run(UNTIL_READABLE), Attempt([WRITE, WRITE, READ, READ, PEER_NAME])],
    },
    "closed, reads first": {
        "leave": StreamPeer.close,
        "steps": [Attempt([READ, READ, WRITE]), Run(UNTIL_OVER), Attempt([WRITE, READ, PEER_NAME])],
    },
    "closed, writes first": {
        "leave": StreamPeer.close,
        "steps": [
            Run(UNTIL_READABLE),
            Attempt([WRITE]),
            Run(UNTIL_OVER),
            Attempt([WRITE, READ, PEER_NAME]),
        ],
    },
}


@requirement("streams/gone-before-accept-is-still-a-request")
def test_request_of_a_client_that_has_gone(construct: Construct, peers: Peers) -> None:
    """The loop begins when the client has sent its request and closed."""
    server = construct([ReadToEnd()])
    peers.stream().connect(server).send(LINE).close()

    server.spawn("serve_forever", POLL_INTERVAL_S)

    server.expect_read("read_to_end", LINE)


@requirement("streams/vanished-client-within-a-line")
def test_client_that_closes_within_a_line(serve: Serve, peers: Peers, observe: Observe) -> None:
    """The handler reads half a line, writes to nobody, and the next client is served."""
    script = HandlerScript([ReadLine(), Echo()], finish=[CLOSE_RFILE])
    server = serve(script, hooks=RECORDING_ERRORS)

    peers.stream().connect(server).send(b"half a li").close()

    server.expect_read("read_line", b"half a li")
    _check_serving(server, peers, LINE)
    server.stop()
    observe("vanished within a line: handle_error() for", error_names(server))


@requirement("streams/client-goes-before-the-reply")
def test_client_that_closes_before_the_reply(serve: Serve, peers: Peers, observe: Observe) -> None:
    """More than the buffers hold is written to a client that has closed; the next gets it all."""
    steps = [ReadLine(), Gate("closed"), Reply(LARGE)]
    server = serve(HandlerScript(steps, finish=[CLOSE_RFILE]), hooks=RECORDING_ERRORS)
    client = peers.stream().connect(server).send(LINE)
    server.expect_at_gate("closed")

    client.close()
    server.open_gate("closed")

    server.expect_step("write")
    _check_serving(server, peers, bytes(LARGE))
    server.stop()
    observe("gone before the reply: handle_error() for", error_names(server))


@requirement("streams/client-leaves-the-reply-unread")
def test_client_that_leaves_the_reply_unread(serve: Serve, peers: Peers, observe: Observe) -> None:
    """The client closes with the reply in its receive queue while the handler reads on."""
    server = serve([ReadLine(), Echo(), ReadLine()], hooks=RECORDING_ERRORS)
    client = peers.stream().connect(server).send(LINE)
    _wait_for_octets(client)

    client.close()

    server.expect_step("read_line", 2)
    peers.stream().connect(server).send(LINE).half_close().expect_reply(LINE)
    server.stop()
    observe("reply left unread: handle_error() for", error_names(server))


def _check_serving(server: Server, peers: Peers, reply: bytes) -> None:
    peers.stream().connect(server).send(LINE).expect_reply(reply)


def _wait_for_octets(client: StreamPeer) -> None:
    """Until there is something to receive, of which nothing is taken."""
    if not client.wait_for_octets():
        raise Inconclusive("there is no reply that could be left unread")


@requirement("streams/reads-and-writes-after-the-client-has-gone", variants=LEFT)
def test_what_a_handler_sees_of_a_gone_client(
    serve: Serve, client: StreamPeer, variant: dict[str, Any], observe: Observe
) -> None:
    """The handler reads and writes in turn what it can, when its client has left."""
    steps: list[Step] = [Gate("left"), *variant["steps"]]
    server = serve(steps, base=BASE)
    client.connect(server)
    server.expect_at_gate("left")

    variant["leave"](client)
    server.open_gate("left")

    server.expect_handler("finish")
    found = server.process.matching("step", do="attempt")
    outcomes = [one for n in range(len(found)) for one in observable(server.expect_outcomes(n + 1))]
    asked = [one for step in steps if isinstance(step, Attempt) for one in step.expressions]
    names = {READ: "read", WRITE: "write", PEER_NAME: "getpeername"}
    for number, (expression, one) in enumerate(zip(asked, outcomes, strict=True), 1):
        observe(f"{number} {names[expression]}", one)


@requirement("streams/data-before-a-reset")
def test_data_before_a_reset(construct: Construct, peers: Peers, observe: Observe) -> None:
    """The loop begins when the client has sent its request and reset the connection."""
    server = construct([Attempt([READ, READ, READ])], base=BASE)
    peers.stream().connect(server).send(b"data").reset()

    server.spawn("serve_forever", POLL_INTERVAL_S)

    observe("data, then reset before accept: reads", observable(server.expect_outcomes()))
