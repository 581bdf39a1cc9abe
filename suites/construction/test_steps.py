"""Construction step by step: arguments, the socket, binding and activation by hand."""

from __future__ import annotations

from typing import Any

from fixtures import (
    POLL_INTERVAL_S,
    CaseProcess,
    Construct,
    DatagramPeer,
    Mismatch,
    Observe,
    Peers,
    Server,
    ServerSpec,
    StreamPeer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine

_MAKE_BASE = """
address, handler = object(), object()
made = getattr(socketserver, own_name("BaseServer"))(address, handler)
kept = [made.server_address is address, made.RequestHandlerClass is handler]
"""

_MAKE_BY_NAME = """
made = server.__class__(
    server_address={address!r}, RequestHandlerClass=handler_class, bind_and_activate=False
)
kept = [made.server_address == {address!r}, made.RequestHandlerClass is handler_class]
made.server_close()
"""

_LISTENS = "server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)"


@requirement("construction/base-server-stores-its-arguments")
def test_base_server_keeps_its_arguments(process: CaseProcess, observe: Observe) -> None:
    """A BaseServer holds the two very objects that it was given, and needs no socket for it."""
    outcome = process.do("execute", source=_MAKE_BASE)

    check(outcome.error is None, expected="a BaseServer is made", actual=str(outcome.error))
    kept = process.do("evaluate", expression="kept").value
    same([True, True], kept, "server_address and RequestHandlerClass are what was given")
    shown = process.do("evaluate", expression="sorted(n for n in vars(made) if n[0] != '_')")
    observe("own attributes", shown.value)


@requirement("construction/parameters-by-name")
def test_parameters_are_taken_by_name(construct: Construct) -> None:
    """The three parameters of the constructor may be given by their documented names."""
    server = construct(bind_and_activate=False)

    server.execute(_MAKE_BY_NAME.format(address=construct.new_address()))

    kept = server.evaluate("kept")
    same([True, True], kept, "server_address and RequestHandlerClass are what was given")


@requirement("construction/socket-attribute")
def test_socket_attribute_is_the_listening_socket(construct: Construct, observe: Observe) -> None:
    """The attribute is a socket object, bound where server_address says; unbound, it is there."""
    server = construct()
    deferred = construct(bind_and_activate=False)

    for made in (server, deferred):
        is_socket = made.evaluate("isinstance(server.socket, socket.socket)")
        check(is_socket, expected="a socket object", actual="something else")
    same(
        server.address,
        server.evaluate("server.socket.getsockname()"),
        "the address of the server's socket",
    )
    observe("timeout of the socket", server.evaluate("server.socket.gettimeout()"))
    observe("protocol of the socket", server.evaluate("server.socket.proto"))


@requirement("construction/activation-lets-clients-in")
def test_only_an_activated_server_lets_clients_in(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Between server_bind() and server_activate() a client is refused, after it it is served."""
    server = construct([ReadLine(), Echo()], bind_and_activate=False)
    server.call("server_bind")
    server.ask_address()

    early = peers.stream().connect_at_once(server)
    server.call("server_activate")
    server.spawn("serve_forever", POLL_INTERVAL_S)

    observe("errno of the early client", early)
    check(early, expected="a client before server_activate() is refused", actual="it is let in")
    peers.stream().connect(server).send(b"in\n").expect(b"in\n").expect_end()


@requirement("construction/datagram-activation-does-not-listen")
def test_bound_datagram_server_needs_no_activation(
    construct: Construct, sender: DatagramPeer, observe: Observe
) -> None:
    """A datagram is answered before server_activate() was called, and activating does no harm."""
    server = construct([ReadLine(), Echo()], bind_and_activate=False)
    server.call("server_bind")
    server.ask_address()

    sender.connect(server).send(b"early\n")
    server.call("handle_request")
    sender.expect(b"early\n")
    server.call("server_activate")
    observe("SO_ACCEPTCONN", server.evaluate(_LISTENS))
    server.spawn("serve_forever", POLL_INTERVAL_S)

    sender.send(b"later\n").expect(b"later\n")


@requirement("construction/server-bind-updates-the-address")
def test_server_bind_by_hand_updates_the_address(construct: Construct) -> None:
    """After server_bind() server_address holds the port that was chosen, though nobody listens."""
    server = construct(bind_and_activate=False)

    server.call("server_bind")

    address = server.ask_address()
    same(server.evaluate("server.socket.getsockname()"), address, "server_address")
    check(address[1] != 0, expected="the port that was chosen", actual="port 0")


@requirement("construction/second-server-bind")
def test_second_server_bind_is_recorded(construct: Construct, observe: Observe) -> None:
    """Whether a server that is bound can be bound again, to the same address and to another."""
    server = construct()

    observe("to the same address", _bind_again(server))
    server.execute(f"server.server_address = {construct.new_address()!r}")
    observe("to another address", _bind_again(server))


def _bind_again(server: Server) -> str:
    error = server.attempt("server_bind").error
    return f"{error.type_name} {error.errno_name}" if error else "done"


@requirement("construction/inheritance-of-descriptors")
def test_inheritance_is_recorded(
    construct: Construct, peers: Peers, spec: ServerSpec, observe: Observe
) -> None:
    """FD_CLOEXEC of the server's socket, and of a request's."""
    for what, is_closed in _closed_on_exec(construct(), peers, spec).items():
        observe(f"{what} is closed on exec", is_closed)


_CLOSED_ON_EXEC = """
import fcntl

def closed_on_exec(opened):
    return bool(fcntl.fcntl(opened.fileno(), fcntl.F_GETFD) & fcntl.FD_CLOEXEC)

found = {"the server's socket": closed_on_exec(server.socket)}
"""
_CLOSED_ON_EXEC_ACCEPTED = """
request = server.get_request()[0]
found["the socket of a request"] = closed_on_exec(request)
request.close()
"""


def _closed_on_exec(server: Server, peers: Peers, spec: ServerSpec) -> dict[str, Any]:
    server.execute(_CLOSED_ON_EXEC)
    if spec.is_stream:
        _wait_in_queue(peers.stream(), server)
        server.execute(_CLOSED_ON_EXEC_ACCEPTED)
    found: dict[str, Any] = server.evaluate("found")
    return found


def _wait_in_queue(client: StreamPeer, server: Server) -> None:
    """On one machine a connection that stands is in the queue: get_request() does not block."""
    problem = client.connect_at_once(server)
    if problem:
        raise Mismatch("a client is let in", problem)
