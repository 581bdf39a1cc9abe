"""What becomes of a request that verify_request() refuses."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Construct,
    DatagramPeer,
    Observe,
    Peers,
    Serve,
    StreamPeer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, Hook, Instead, ReadLine, RecordCall, Reply, Return

# What a careless verify_request() may return, by the words of its observation.
TRUTH_VALUES: dict[str, Any] = {
    "1": 1,
    "'no'": "no",
    "None": None,
    "0": 0,
    "an empty text": "",
    "an empty list": [],
}


@requirement("dispatch/refused-request-is-closed")
def test_refused_request_is_closed(serve: Serve, client: StreamPeer) -> None:
    """A refused client sees the end of its stream, without having sent or received anything."""
    server = serve(
        [Reply(b"never")], hooks={"verify_request": Return(False), "shutdown_request": RecordCall()}
    )

    client.connect(server).expect_end()

    server.expect_calls("verify_request", "shutdown_request", without="setup")


@requirement("dispatch/refused-request-never-reaches-the-handler")
def test_refused_request_never_reaches_the_handler(serve: Serve, peers: Peers) -> None:
    """No handler is made for a refused request, whatever it sends."""
    server = serve([ReadLine(), Echo()], hooks={"verify_request": Return(False)})

    peers().connect(server).offer(b"let me in\n")

    server.expect_calls("verify_request", without=("setup", "handle", "finish"))


@requirement("dispatch/refused-datagram-gets-no-reply")
def test_refused_datagram_is_not_answered(serve: Serve, peers: Peers, sender: DatagramPeer) -> None:
    """The sender of a refused datagram gets nothing, when the next sender has its reply."""
    friends_only = Instead("arguments[0][0].startswith(b'friend')")
    server = serve([ReadLine(), Echo()], hooks={"verify_request": friends_only})
    sender.connect(server).send(b"foe\n")

    peers().connect(server).send(b"friend\n").expect(b"friend\n")

    server.stop()
    same([], sender.arrived(), "datagrams to the refused sender")


@requirement("dispatch/verify-request-default-is-true")
def test_default_verify_request_returns_true(serve: Serve, peers: Peers) -> None:
    """The verify_request() that nobody overrides returns True, and the request is handled."""
    server = serve([ReadLine(), Echo()], hooks={"verify_request": RecordCall()})

    peers().connect(server).send(b"anybody\n").expect(b"anybody\n").expect_end()

    returned = server.process.wait_events(1, "return", method="verify_request")[0]
    value = returned.fields["value"]
    check(value is True, expected="verify_request() returns True", actual=value)


@requirement("dispatch/other-truth-values-of-verify-request")
def test_what_other_truth_values_do(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Whether a request is processed or denied for values that are no booleans."""
    for words, value in TRUTH_VALUES.items():
        hooks: dict[str, Hook] = {"verify_request": Return(value), "process_request": RecordCall()}
        server = construct([], base="BaseRequestHandler", hooks=hooks)
        before = server.calls().count("process_request")
        peers().connect(server).offer(b"x\n")

        server.attempt("handle_request")

        processed = server.calls().count("process_request") > before
        observe(words, "processed" if processed else "denied")


@requirement("dispatch/verify-request-decides-each-request")
def test_each_request_is_decided_by_itself(construct: Construct, peers: Peers) -> None:
    """Of three clients the one that verify_request() admits is handled, the other two are not."""
    by_address = Instead("arguments[1] in self.admitted")
    server = construct([ReadLine(), Echo()], hooks={"verify_request": by_address})
    clients = [peers().connect(server).send(b"x\n") for _ in range(3)]
    server.execute(f"server.admitted = [{clients[1].address!r}]")

    for _ in clients:
        server.call("handle_request")

    clients[1].expect(b"x\n").expect_end()
    server.stop()
    handled = [event.fields["client"] for event in server.expect_handler("handle")]
    same([clients[1].address], handled, "clients that are handled")
    same(["setup", "handle", "finish"], server.phases(), "what handlers went through")
