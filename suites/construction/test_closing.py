"""The ends of construction: with statements, closing, and constructors that fail to bind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fixtures import (
    CaseProcess,
    Construct,
    Observe,
    RaisedError,
    Server,
    ServerSpec,
    check,
    requirement,
    same,
)
from fixtures.steps import RecordCall
from suites.construction.descriptors import FREE_AGAIN

_LEAVE = """
try:
    with server:
        {body}
except ValueError as error:
    left_by = str(error)
else:
    left_by = ""
"""

_CLOSED = "the descriptor of a closed socket"

_FAIL_TO_BIND = """
held = None
try:
    server.__class__({address!r}, handler_class)
except Exception:
    held = sys.exc_info()  # with the traceback, whose frames hold the server that failed
"""

_NO_PATH = {"too long": "/tmp/" + "x" * 200, "in no folder": "/nowhere/at/all"}
# By family, and given an address that is one: what a server cannot be bound to. The errors are
# OSError, OverflowError and TypeError.
_NO_ADDRESS: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "inet": lambda given: _no_internet_address(given[0]),
    "inet6": lambda given: _no_internet_address(given[0]),
    "path": lambda _: {**_NO_PATH, "of the internet": ("127.0.0.1", 0)},
    "abstract": lambda given: {"too long": given + "x" * 200, "of the internet": ("127.0.0.1", 0)},
}


def _no_internet_address(host: str) -> dict[str, Any]:
    return {"of no port": (host, -1), "without a port": (host,), "of no name": ("a b", 0)}


@requirement(
    "construction/context-manager-closes",
    variants={"normally": "", "by-an-exception": "on the way out"},
)
def test_leaving_a_with_statement_closes(
    construct: Construct, variant: str, observe: Observe
) -> None:
    """The server is closed when a with statement is left, and an exception goes on its way."""
    server = construct(hooks={"server_close": RecordCall()})
    body = f"raise ValueError({variant!r})" if variant else "pass"

    server.execute(_LEAVE.format(body=body))

    observe("calls of server_close()", server.calls().count("server_close"))
    same(variant, server.evaluate("left_by"), "the exception that leaves the with statement")
    check("server_close" in server.calls(), expected="server_close() is called", actual="no call")
    same(-1, server.evaluate("server.socket.fileno()"), _CLOSED)


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
def test_failed_bind_leaves_nothing_open(
    construct: Construct, spec: ServerSpec, taken_address: Any
) -> None:
    """While the exception of a failed constructor is held, no socket more is open than before."""
    server = construct(bind_and_activate=False)
    refused = _NO_ADDRESS[spec.family](construct.new_address())

    for name, address in {"in use": taken_address, **refused}.items():
        server.execute(FREE_AGAIN + _FAIL_TO_BIND.format(address=address))

        is_held = server.evaluate("held is not None")
        check(is_held, expected=f"the constructor raises: address {name}", actual="it returned")
        check(
            server.evaluate("is_free_again()"),
            expected=f"no socket is left open: address {name}",
            actual="the failed server's socket is still open",
        )


@requirement("construction/failed-bind-calls-server-close")
def test_failed_bind_calls_server_close(
    construct: Construct, process: CaseProcess, taken_address: Any, observe: Observe
) -> None:
    """A constructor whose server_bind() fails calls server_close() and then raises."""
    made = construct.attempt(
        address=taken_address, hooks={"server_bind": RecordCall(), "server_close": RecordCall()}
    )

    check(
        isinstance(made, RaisedError),
        expected="the constructor raises for an address in use",
        actual="it returned",
    )
    if isinstance(made, RaisedError):
        observe("exception", f"{made.type_name} {made.errno_name}")
    # What a server does when nobody holds it any more is told before this ends.
    process.do("evaluate", expression="__import__('gc').collect()")
    calls = [event.fields["method"] for event in process.matching("call")]
    same(["server_bind", "server_close"], calls, "calls of the constructor that failed")


@requirement("construction/unused-server-closes", variants={"bound": True, "never-bound": False})
def test_unused_server_closes(construct: Construct, variant: bool, observe: Observe) -> None:
    """A server without a request, or without an address even, is closed like any other."""
    server = construct(bind_and_activate=variant)

    server.call("server_close")

    value = _outcome(server, "fileno")
    observe("fileno()", value)
    is_closed = value in ("-1", "error EBADF")  # the latter from Python 2
    check(is_closed, expected="fileno() of a closed socket", actual=value)


@requirement("construction/second-server-close")
def test_second_server_close_is_recorded(construct: Construct, observe: Observe) -> None:
    """What the second server_close() of a server does, and what fileno() says after the first."""
    server = construct()
    bound_to = server.address
    server.call("server_close")

    observe("second server_close()", _outcome(server, "server_close"))
    observe("fileno()", _outcome(server, "fileno"))
    observe("server_address is kept", server.evaluate("server.server_address") == bound_to)


def _outcome(server: Server, method: str) -> str:
    """What a method gives or raises, as one word or two."""
    outcome = server.attempt(method)
    if outcome.error is not None:
        return f"{outcome.error.type_name} {outcome.error.errno_name}".strip()
    return str(outcome.value)
