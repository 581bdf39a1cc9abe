"""Ctrl-C: what SIGINT does to a server in the main thread."""

from __future__ import annotations

from typing import Any

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    Observe,
    Outcome,
    Peers,
    StreamPeer,
    check,
    requirement,
)
from fixtures.steps import Echo, ReadLine, RecordCall, Run, When

ECHO_LINE = [ReadLine(), Echo()]

# Who starts us may have had SIGINT ignored.
AS_PYTHON_STARTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"

WITH_STATEMENT = """
def serve_in_with_statement(poll_interval):
    with server:
        server.serve_forever(poll_interval)
server.serve_in_with_statement = serve_in_with_statement
"""
# In the main thread a signal that the process sends itself is handled before the loop is over.
INTERRUPT_ITSELF = """
import signal
os.kill(os.getpid(), signal.SIGINT)
for _ in range(100000):
    pass
"""


@requirement("serving/interrupt-leaves-the-loop")
def test_interrupt_ends_the_loop(construct: Construct) -> None:
    """serve_forever() ends with the KeyboardInterrupt, and server_close() works after it."""
    server = construct(ECHO_LINE, hooks={"handle_error": RecordCall()})
    server.execute(AS_PYTHON_STARTS)
    loop = server.call_in_main("serve_forever", POLL_INTERVAL_S)
    loop.comes_to_wait()

    server.process.send_signal("SIGINT")

    _expect_interrupt(loop.wait())
    server.call("server_close")
    server.expect_calls(without="handle_error")


@requirement("serving/interrupt-leaves-the-with-statement")
def test_interrupt_closes_the_server(construct: Construct, peers: Peers) -> None:
    """A with statement around serve_forever() lets the KeyboardInterrupt out, and closes."""
    server = construct(ECHO_LINE)
    server.execute(AS_PYTHON_STARTS + WITH_STATEMENT)
    served = server.call_in_main("serve_in_with_statement", POLL_INTERVAL_S)
    peers().connect(server).send(b"running\n").expect(b"running\n").expect_end()
    server.expect_handled()
    server.let_others_run()  # so that the interrupt finds the loop idle, and no destructor

    server.process.send_signal("SIGINT")

    _expect_interrupt(served.wait())
    check(
        server.evaluate("server.socket.fileno()") == -1,
        expected="the server's socket is closed after the with statement",
        actual="it is open",
    )


def _expect_interrupt(outcome: Outcome) -> None:
    check(
        outcome.error is not None and outcome.error.is_a("KeyboardInterrupt"),
        expected="SIGINT leaves serve_forever() by a KeyboardInterrupt",
        actual=f"it ended with {outcome.error}" if outcome.error else "it returned",
    )


@requirement("serving/interrupt-in-a-handler")
def test_interrupt_of_a_handler_is_recorded(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether the loop ends, handle_error() is called, and how the client's stream ends."""
    server = construct(
        [ReadLine(), When(b"stop", [Run(INTERRUPT_ITSELF)]), Echo()],
        hooks={"handle_error": RecordCall()},
    )
    server.execute(AS_PYTHON_STARTS)
    loop = server.call_in_main("serve_forever", POLL_INTERVAL_S)

    interrupted = peers.stream().connect(server).send(b"stop\n")
    later = peers.stream().connect(server).send(b"later\n")

    ends = loop.ends_before("handled", 2)
    observe("serve_forever()", _ending(loop.wait()) if ends else "goes on")
    observe("calls of handle_error()", server.calls().count("handle_error"))
    observe("the handler's client receives", _received(interrupted))
    if not ends:
        observe("the next client receives", _received(later))


def _ending(outcome: Outcome) -> str:
    return f"raises {outcome.error.type_name}" if outcome.error else "returns"


def _received(client: StreamPeer) -> Any:
    data, ending = client.receive_to_end()
    return [data, str(ending)]
