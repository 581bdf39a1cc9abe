"""serve_forever(): what the loop does until somebody stops it."""

from __future__ import annotations

import itertools
from typing import Any

from fixtures import Construct, Peer, Peers, Serve, Server, check, requirement
from fixtures.steps import Echo, Gate, ReadLine, RecordCall

IDLE_S = 0.05
# A timeout that passes several times within IDLE_S.
SOON_S = 0.005

ECHO_LINE = [ReadLine(), Echo()]
WAYS_TO_PASS: dict[str, Any] = {
    "by position": ((0.01,), {}),
    "by name": ((), {"poll_interval": 0.01}),
}


@requirement("serving/serve-forever-serves-many")
def test_requests_are_served_one_after_another(serve: Serve, peers: Peers) -> None:
    """Each of several clients that come one after another is served."""
    server = serve(ECHO_LINE)

    for number in range(5):
        _expect_echo(server, peers(), b"request %d\n" % number)

    server.stop()
    check(
        server.phases().count("handle") == 5,
        expected="one handler for each of 5 requests",
        actual=server.phases(),
    )


def _expect_echo(server: Server, peer: Peer, line: bytes) -> None:
    peer.connect(server).send(line).expect(line).expect_end()


@requirement("serving/serve-forever-ignores-timeout")
def test_idle_loop_tells_no_timeout(serve: Serve, construct: Construct, peers: Peers) -> None:
    """A loop that was idle for longer than timeout seconds told no timeout and goes on."""
    server = serve(
        ECHO_LINE, attributes={"timeout": SOON_S}, hooks={"handle_timeout": RecordCall()}
    )
    clock = construct(attributes={"timeout": IDLE_S})

    _expect_echo(server, peers(), b"before\n")
    clock.call("handle_request")  # nobody asks it: its own timeout is what passes the time
    _expect_echo(server, peers(), b"after\n")

    server.expect_calls(without="handle_timeout")


@requirement("serving/serve-forever-accepts-poll-interval", variants=WAYS_TO_PASS)
def test_poll_interval_is_taken(construct: Construct, peers: Peers, variant: Any) -> None:
    """serve_forever() runs and ends with a poll_interval given by position, and by name."""
    positional, named = variant
    server = construct(ECHO_LINE)

    loop = server.spawn("serve_forever", *positional, **named)

    server.fence()
    if not loop.has_ended:
        _expect_echo(server, peers(), b"served\n")
        server.call("shutdown")
    loop.expect_return()


@requirement("serving/service-actions-is-called")
def test_service_actions_run_idle_and_after_requests(serve: Serve, peers: Peers) -> None:
    """service_actions() is called again and again before the first request, and after each."""
    server = serve(ECHO_LINE, hooks={"service_actions": RecordCall()})
    server.expect_call("service_actions", 3)

    for number in range(3):
        _expect_echo(server, peers(), b"request %d\n" % number)
        server.fence()
        server.expect_call("service_actions", server.calls().count("service_actions") + 3)


@requirement("serving/service-actions-between-requests")
def test_service_actions_run_between_waiting_requests(serve: Serve, peers: Peers) -> None:
    """Of three requests that wait, service_actions() is called between every two."""
    server = serve(
        ECHO_LINE, hooks={"service_actions": RecordCall(), "process_request": Gate("busy")}
    )

    waiting = [peers().connect(server).send(b"%d\n" % number) for number in range(3)]
    server.expect_at_gate("busy")
    server.open_gate("busy")

    for number, peer in enumerate(waiting):
        peer.expect(b"%d\n" % number).expect_end()
    _expect_between_requests(server)


def _expect_between_requests(server: Server) -> None:
    """Each of three requests, all there before the first was served, has its service_actions()."""
    server.expect_call("process_request", 3)
    calls = server.calls()
    first, *_, last = (n for n, name in enumerate(calls) if name == "process_request")
    between = calls[first : last + 1]
    pairs = itertools.pairwise(between)
    repeats = [pair for pair in pairs if pair == ("process_request", "process_request")]
    check(not repeats, expected="service_actions() after every request", actual=between)
