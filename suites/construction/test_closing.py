"""The ends of construction: with statements, and constructors that fail to bind."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, check, requirement, same
from sockproof.iut.outcomes import RaisedError
from sockproof.iut.process import CaseProcess
from sockproof.peer.script import Record

_LEAVE = """
try:
    with server:
        {body}
except ValueError as error:
    left_by = str(error)
else:
    left_by = ""
"""

_FAIL_TO_BIND = """
def lowest_free_descriptor():
    number = os.dup(1)
    os.close(number)
    return number

free_before = lowest_free_descriptor()
held = None
try:
    server.__class__({address!r}, handler_class)
except Exception:
    held = sys.exc_info()  # with the traceback, whose frames hold the server that failed
free_after = lowest_free_descriptor()
"""


@requirement(
    "construction/context-manager-closes",
    variants={"normally": "", "by-an-exception": "on the way out"},
)
def test_leaving_a_with_statement_closes(construct: Construct, variant: str) -> None:
    """The server is closed when a with statement is left, and an exception goes on its way."""
    server = construct(hooks={"server_close": Record()})
    body = f"raise ValueError({variant!r})" if variant else "pass"

    server.execute(_LEAVE.format(body=body))

    same(variant, server.evaluate("left_by"), "the exception that leaves the with statement")
    check("server_close" in server.calls(), expected="server_close() is called", actual="no call")
    same(-1, server.evaluate("server.socket.fileno()"), "the descriptor of a closed socket")


@requirement("construction/context-manager-returns-the-server")
def test_with_statement_gives_the_server(construct: Construct) -> None:
    """The name after 'as' is the server itself."""
    server = construct()

    server.execute("with server as entered:\n    is_server = entered is server")

    check(
        server.evaluate("is_server"),
        expected="__enter__() gives the server itself",
        actual="it gave something else",
    )


@requirement("construction/failed-bind-leaves-nothing-open")
def test_failed_bind_leaves_nothing_open(construct: Construct, taken_address: Any) -> None:
    """While the exception of a failed constructor is held, no descriptor more is open than before.

    Seen by the lowest free descriptor, which is the one a new socket takes.
    """
    server = construct(bind_and_activate=False)

    server.execute(_FAIL_TO_BIND.format(address=taken_address))

    check(
        server.evaluate("held is not None"),
        expected="the constructor raises for an address in use",
        actual="it returned",
    )
    before, after = server.evaluate("(free_before, free_after)")
    check(
        before == after,
        expected="no descriptor is left open",
        actual="the failed server's socket is still open",
    )


@requirement("construction/failed-bind-calls-server-close")
def test_failed_bind_calls_server_close(
    construct: Construct, process: CaseProcess, taken_address: Any
) -> None:
    """A constructor whose server_bind() fails calls server_close() and then raises."""
    made = construct.attempt(
        address=taken_address, hooks={"server_bind": Record(), "server_close": Record()}
    )

    check(
        isinstance(made, RaisedError),
        expected="the constructor raises for an address in use",
        actual="it returned",
    )
    calls = [event.fields["method"] for event in process.matching("call")]
    same(["server_bind", "server_close"], calls, "calls of the constructor that failed")
