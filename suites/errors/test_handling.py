"""Exceptions in a handler: handle_error() is called, the request is closed, the server goes on."""

from __future__ import annotations

from typing import Any

from fixtures import Peers, Serve, StreamPeer, requirement, same
from sockproof.iut.server import Server
from sockproof.peer.script import Echo, HandlerScript, Hook, Raise, ReadLine, Record, Run

EXCEPTIONS = {name: name for name in ("ValueError", "OSError")}
"""Any exception, and one that a server might take for a client's disconnect."""

RAISE_IF_TOLD = Run(
    "if self.sockproof_last.startswith(b'raise'):\n    raise ValueError('told to raise')"
)
TOLD: dict[str, Hook] = {"handle_error": Record()}


def _expect_one_error(server: Server) -> None:
    """handle_error() was called once, when nothing more can happen."""
    server.expect_call("handle_error")
    server.stop()
    same(["handle_error"], server.calls(), "calls of handle_error()")


@requirement("errors/exception-calls-handle-error", variants=EXCEPTIONS)
def test_exception_has_handle_error_called(serve: Serve, peers: Peers, variant: Any) -> None:
    """handle_error() is called once when handle() raises an exception."""
    server = serve([ReadLine(), Raise(variant)], hooks=TOLD)

    peers().connect(server).send(b"x\n")

    _expect_one_error(server)


@requirement("errors/exception-in-setup-calls-handle-error")
def test_exception_in_setup_has_handle_error_called(serve: Serve, peers: Peers) -> None:
    """handle_error() is called once when setup() raises an exception."""
    script = HandlerScript(setup=[Raise()])
    server = serve(script, base="BaseRequestHandler", hooks=TOLD)

    peers().connect(server).offer(b"x\n")

    _expect_one_error(server)


@requirement("errors/exception-in-finish-calls-handle-error")
def test_exception_in_finish_has_handle_error_called(serve: Serve, peers: Peers) -> None:
    """handle_error() is called once when finish() raises an exception."""
    script = HandlerScript(finish=[Raise()])
    server = serve(script, base="BaseRequestHandler", hooks=TOLD)

    peers().connect(server).offer(b"x\n")

    _expect_one_error(server)


@requirement("errors/handle-error-gets-request-and-address")
def test_handle_error_gets_the_failed_request(serve: Serve, peers: Peers) -> None:
    """handle_error() gets the very request and address that get_request() returned."""
    server = serve([ReadLine(), Raise()], hooks={"get_request": Record(), **TOLD})

    peers().connect(server).send(b"x\n")

    given = server.expect_call("handle_error")[0].fields["arguments"]
    got = server.process.wait_events(1, "return", method="get_request")[0].fields["value"]
    same(list(got), given, "arguments of handle_error()")


@requirement("errors/exception-leaves-server-serving")
def test_next_request_is_served(serve: Serve, peers: Peers) -> None:
    """After each of two requests whose handlers raise, the next client is served."""
    server = serve([ReadLine(), RAISE_IF_TOLD, Echo()])

    for number in range(2):
        peers().connect(server).send(b"raise\n")
        server.expect_step("run", number * 2 + 1)
        peers().connect(server).send(b"go on\n").expect(b"go on\n").expect_end()
        server.expect_step("run", number * 2 + 2)


@requirement("errors/failed-request-is-closed")
def test_client_of_a_failed_handler_reads_the_end(serve: Serve, client: StreamPeer) -> None:
    """The client whose handler raised reads the end of its stream, and no reset."""
    server = serve([ReadLine(), Raise()])

    client.connect(server).send(b"x\n")

    client.expect_end()
