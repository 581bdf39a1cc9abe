"""The way of a request: which methods are called, in which order, how often, and with what."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Peers, Serve, Server, check, requirement, same
from fixtures.steps import Echo, Hook, Instead, ReadLine, RecordCall

ECHO_LINE = [ReadLine(), Echo()]
WAY_IN = ("get_request", "verify_request", "process_request")


def _recorded(*methods: str) -> dict[str, Hook]:
    return {method: RecordCall() for method in methods}


def _returned(server: Server, method: str) -> Any:
    """What the first call of a hooked method returned."""
    return server.process.wait_events(1, "return", method=method)[0].fields["value"]


def _arguments(server: Server, method: str) -> list[Any]:
    """What the first call of a hooked method was given."""
    arguments: list[Any] = server.expect_call(method)[0].fields["arguments"]
    return arguments


@requirement("dispatch/methods-are-called-in-order")
def test_methods_are_called_once_in_order(construct: Construct, peers: Peers) -> None:
    """One handle_request() makes one call of each method on a request's way in, in order."""
    server = construct(ECHO_LINE, hooks=_recorded(*WAY_IN))
    peer = peers().connect(server).send(b"in order\n")

    server.call("handle_request")

    peer.expect(b"in order\n").expect_end()
    server.stop()
    same(list(WAY_IN), server.calls(), "calls for one request")


@requirement("dispatch/verify-request-gets-request-and-address")
def test_verify_request_gets_what_get_request_gave(serve: Serve, peers: Peers) -> None:
    """verify_request() gets the very request and address that get_request() returned."""
    server = serve(ECHO_LINE, hooks=_recorded("get_request", "verify_request"))

    peers().connect(server).send(b"verify me\n").expect(b"verify me\n").expect_end()

    given = _arguments(server, "verify_request")
    same(list(_returned(server, "get_request")), given, "arguments of verify_request()")


@requirement("dispatch/process-request-finishes-the-request")
def test_finish_request_is_called_once(serve: Serve, peers: Peers) -> None:
    """finish_request() is called once, with what process_request() was given."""
    server = serve(ECHO_LINE, hooks=_recorded("process_request", "finish_request"))

    peers().connect(server).send(b"finish me\n").expect(b"finish me\n").expect_end()

    server.stop()
    same(["process_request", "finish_request"], server.calls(), "calls for one request")
    given = _arguments(server, "process_request")
    same(given, _arguments(server, "finish_request"), "arguments of finish_request()")


@requirement("dispatch/handled-request-is-shut-down")
def test_handled_request_is_shut_down_once(serve: Serve, peers: Peers) -> None:
    """shutdown_request() is called once for a request, after its handler is done."""
    server = serve(ECHO_LINE, hooks=_recorded("get_request", "shutdown_request"))

    peers().connect(server).send(b"goodbye\n").expect(b"goodbye\n").expect_end()

    server.expect_call("shutdown_request")  # of a datagram, it may come after the reply
    server.stop()
    same(1, server.calls().count("shutdown_request"), "calls of shutdown_request()")
    request = server.process.matching("return", method="get_request")[0].fields["value"][0]
    given = server.expect_call("shutdown_request")[0].fields["arguments"]
    same([request], given, "arguments of shutdown_request()")
    events = server.process.events
    finish, shut_down = (
        server.expect_handler("finish")[0],
        server.expect_call("shutdown_request")[0],
    )
    check(
        events.index(finish) < events.index(shut_down),
        expected="the request is shut down after its handler is done",
        actual="it is shut down before",
    )


@requirement("dispatch/override-of-process-request-is-used")
def test_own_process_request_is_used(serve: Serve, peers: Peers) -> None:
    """Where a subclass's process_request() only ends the request, no handler is ever made."""
    own = Instead("self.shutdown_request(arguments[0])")
    server = serve(hooks={"process_request": own, "finish_request": RecordCall()})

    for _ in range(2):
        peers().connect(server).offer(b"handle me\n")

    server.expect_call("process_request", 2)
    server.expect_calls(without=("finish_request", "setup"))
