"""Waits that must not give up: each is held for over half a minute, and ends as it should.

These cases are played beside all others, each in a process of its own.
"""

from __future__ import annotations

from fixtures import (
    Construct,
    Fill,
    Peers,
    RunningCall,
    Serve,
    Server,
    StreamPeer,
    requirement,
    same,
)
from fixtures.steps import Echo, Gate, ReadLine, RecordCall, Reply

HELD = [ReadLine(), Gate("hold"), Echo()]
# More than what the buffers of both ends take.
MUCH = Fill(8_000_000)
SMALL_BUFFER_OCTETS = 4096
# Loops that have long to wait take no time from the cases beside which they do.
UNHURRIED_S = 0.5


def _hold(server: Server, client: StreamPeer) -> None:
    """Bring a request into its handler, to the gate."""
    client.connect(server).send(b"at last\n")
    server.expect_at_gate("hold")


def _outlast(server: Server, call: RunningCall) -> None:
    """Until the call has given up, or has had the time to."""
    server.process.outlast("ended", label=call.label)
    server.fence()


def _expect_patient_handler(server: Server) -> None:
    """The only handler so far does not come to its end."""
    server.process.outlast("handler", phase="finish")
    server.fence()
    same([], server.process.matching("handler", phase="finish"), "handlers that gave up")


@requirement("patience/handlers-wait-for-octets")
def test_silent_client_is_waited_for(serve: Serve, client: StreamPeer) -> None:
    """The client says nothing for long; its line is then answered."""
    server = serve([ReadLine(), Echo()], poll_interval_s=UNHURRIED_S)
    client.connect(server)
    server.expect_handler("handle")

    _expect_patient_handler(server)

    client.send(b"at last\n").expect_reply(b"at last\n")


@requirement("patience/handlers-wait-for-readers")
def test_client_who_does_not_read_is_waited_for(serve: Serve, client: StreamPeer) -> None:
    """The client reads nothing for long; all octets then come to it."""
    server = serve([ReadLine(), Reply(MUCH)], poll_interval_s=UNHURRIED_S)
    client.connect(server, receive_buffer_octets=SMALL_BUFFER_OCTETS).send(b"all of it\n")
    server.expect_handler("handle")

    _expect_patient_handler(server)

    client.expect_reply(MUCH)


@requirement("patience/shutdown-waits")
def test_shutdown_waits_for_long(serve: Serve, client: StreamPeer) -> None:
    """The loop is at a request for long; shutdown() returns once that is done."""
    server = serve(HELD, poll_interval_s=UNHURRIED_S)
    _hold(server, client)

    stopping = server.spawn("shutdown")
    _outlast(server, stopping)

    stopping.expect_held(1)
    server.open_gate("hold")
    stopping.expect_return()
    client.expect_reply(b"at last\n")


def _expect_patient_closing(server: Server, client: StreamPeer) -> None:
    """server_close() is called while a handler is held for long, and returns once it has ended; the
    client is then answered."""
    _hold(server, client)
    server.call("shutdown")

    closing = server.spawn("server_close")
    _outlast(server, closing)

    closing.expect_held(1)
    server.open_gate("hold")
    closing.expect_return()
    client.expect_reply(b"at last\n")


@requirement("patience/server-close-waits-for-threads")
def test_server_close_waits_for_a_thread(serve: Serve, client: StreamPeer) -> None:
    """A thread is held for long, and server_close() returns after it."""
    _expect_patient_closing(serve(HELD, poll_interval_s=UNHURRIED_S), client)


@requirement("patience/server-close-waits-for-children")
def test_server_close_waits_for_a_child(serve: Serve, client: StreamPeer) -> None:
    """A child is held for long, and server_close() returns after it."""
    _expect_patient_closing(serve(HELD, poll_interval_s=UNHURRIED_S), client)


@requirement("patience/handle-request-waits")
def test_handle_request_waits_for_long(construct: Construct, peers: Peers) -> None:
    """Nobody comes for long; handle_request() then serves who comes, and returns."""
    server = construct([ReadLine(), Echo()], hooks={"handle_timeout": RecordCall()})

    waiting = server.spawn("handle_request")
    _outlast(server, waiting)

    same(False, waiting.has_ended, "handle_request() has returned without a request")
    peer = peers().connect(server).send(b"at last\n")
    waiting.expect_return()
    peer.expect(b"at last\n")
    same([], server.calls(), "calls of handle_timeout()")


@requirement("patience/an-idle-loop-goes-on")
def test_idle_loop_goes_on(serve: Serve, peers: Peers) -> None:
    """Nobody comes for long; who comes then is served."""
    server = serve([ReadLine(), Echo()], poll_interval_s=UNHURRIED_S)

    server.process.outlast("ended", method="serve_forever")

    peers().connect(server).send(b"at last\n").expect(b"at last\n")
    server.fence()
    same([], server.process.matching("ended", method="serve_forever"), "loops that have ended")


@requirement("patience/a-full-server-waits")
def test_full_server_waits_for_a_child(serve: Serve, peers: Peers) -> None:
    """The only child that there may be is held for long; a second client is served after it."""
    server = serve(HELD, poll_interval_s=UNHURRIED_S, attributes={"max_children": 1})
    held = peers.stream().connect(server).send(b"held\n")
    server.expect_at_gate("hold")
    second = peers.stream().connect(server).send(b"second\n")

    server.process.outlast("handler", phase="finish")

    server.fence()
    same([], server.process.matching("handler", phase="finish"), "handlers that gave up")
    same(1, server.phases().count("setup"), "handlers that have begun")
    server.open_gate("hold")
    held.expect_reply(b"held\n")
    second.expect_reply(b"second\n")
