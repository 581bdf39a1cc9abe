"""Exceptions in a handler: handle_error() is called, the request is closed, the server goes on."""

from __future__ import annotations

from typing import Any

from fixtures import Observe, Peers, Serve, Server, StreamPeer, requirement, same
from fixtures.steps import (
    Echo,
    HandlerScript,
    Hook,
    Instead,
    Raise,
    Read,
    ReadLine,
    RecordCall,
    Run,
)

# Any exception, and one that a server might take for a client's disconnect.
EXCEPTIONS = {name: name for name in ("ValueError", "OSError")}

RAISE_IF_TOLD = Run(
    "if self.sockproof_last.startswith(b'raise'):\n    raise ValueError('told to raise')"
)
LOOK_AND_RAISE = [Read(6), RAISE_IF_TOLD]
FAILING_PHASES = {
    "setup": HandlerScript(setup=LOOK_AND_RAISE, handle=[Echo()]),
    "finish": HandlerScript([Read(6), Echo()], finish=[RAISE_IF_TOLD]),
}
APOLOGISE = Instead("(original(*arguments), arguments[0].sendall(b'sorry'))[0]")
TOLD: dict[str, Hook] = {"handle_error": RecordCall()}


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
    server = serve([ReadLine(), Raise()], hooks={"get_request": RecordCall(), **TOLD})

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


@requirement("errors/handle-error-sees-the-exception")
def test_exception_is_at_hand_in_handle_error(serve: Serve, peers: Peers) -> None:
    """In handle_error() sys.exc_info() gives the exception that handle() raised."""
    server = serve([ReadLine(), Raise("OSError", "the disk is full")], hooks=TOLD)

    peers().connect(server).send(b"x\n")

    server.expect_call("handle_error")
    seen = [(error.type_name, error.text) for error in server.errors_handled()]
    same([("OSError", "the disk is full")], seen, "what is handled in handle_error()")


@requirement("errors/handle-error-runs-where-the-handler-ran")
def test_error_is_handled_in_the_same_place(serve: Serve, peers: Peers) -> None:
    """handle_error() is called in the thread or child of the handler that failed."""
    server = serve([ReadLine(), Raise()], hooks=TOLD)

    peers().connect(server).send(b"x\n")

    handled, call = server.expect_handler("handle")[0], server.expect_call("handle_error")[0]
    wanted = (handled.pid == server.process.pid, handled.thread)
    same(wanted, (call.pid == server.process.pid, call.thread), "where handle_error() is called")
    same(handled.pid, call.pid, "the process of handle_error()")


@requirement("errors/exception-in-setup-or-finish-leaves-server-serving", variants=FAILING_PHASES)
def test_next_request_after_a_failing_phase(serve: Serve, peers: Peers, variant: Any) -> None:
    """After a handler whose setup() or finish() raised, the next client is served."""
    server = serve(variant, base="BaseRequestHandler")
    peers().connect(server).send(b"raise\n")
    server.expect_step("run")

    peers().connect(server).send(b"go on\n").expect(b"go on\n").expect_end()
    server.expect_step("run", 2)


@requirement("errors/sending-in-handle-error")
def test_what_handle_error_can_still_send(
    serve: Serve, client: StreamPeer, observe: Observe
) -> None:
    """Whether the request is still open after the default handle_error(), so that a subclass can
    tell the client."""
    hooks: dict[str, Hook] = {"handle_error": APOLOGISE}
    server = serve([ReadLine(), Raise()], hooks=hooks)

    client.connect(server).send(b"x\n")

    data, ending = client.receive_to_end()
    observe("the client receives", data)
    observe("and then", str(ending))
    server.expect_handled()
