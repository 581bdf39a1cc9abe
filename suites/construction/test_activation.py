"""Binding and activation: by the constructor, or by hand."""

from __future__ import annotations

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    Observe,
    Peer,
    Peers,
    Serve,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, Gate, ReadLine, RecordCall, Reply

LISTENS = "server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)"
ACTIVATION = {"server_bind": RecordCall(), "server_activate": RecordCall()}


@requirement("construction/bind-and-activate-binds-and-listens")
def test_constructor_binds_and_activates(serve: Serve, peer: Peer, observe: Observe) -> None:
    """The constructor calls server_bind() and then server_activate(), and clients get through."""
    server = serve([ReadLine(), Echo()], hooks=ACTIVATION)

    same(["server_bind", "server_activate"], server.calls(), "calls of the constructor")
    observe("the socket accepts connections", bool(server.evaluate(LISTENS)))
    peer.connect(server).send(b"open\n").expect(b"open\n").expect_end()


@requirement("construction/bind-and-activate-false-does-neither")
def test_deferred_constructor_does_neither(construct: Construct) -> None:
    """With bind_and_activate=False nothing is bound, and server_address stays as it was given."""
    given = construct.new_address()

    server = construct(bind_and_activate=False, address=given, hooks=ACTIVATION)

    same([], server.calls(), "calls of the constructor")
    same(given, server.address, "server_address")
    bound_to = server.evaluate("server.socket.getsockname()")
    is_bound = bound_to[1] != 0 if isinstance(bound_to, tuple) else bool(bound_to)
    check(not is_bound, expected="a socket that is not bound", actual=bound_to)


@requirement("construction/deferred-bind-and-activate-serves")
def test_bound_and_activated_by_hand_serves(construct: Construct, peer: Peer) -> None:
    """After server_bind() and server_activate() by hand the server serves like any other."""
    server = construct([ReadLine(), Echo()], bind_and_activate=False)

    server.call("server_bind")
    server.call("server_activate")
    server.ask_address()
    server.spawn("serve_forever", POLL_INTERVAL_S)

    peer.connect(server).send(b"late\n").expect(b"late\n").expect_end()


@requirement("construction/two-servers-in-one-process")
def test_two_servers_serve_side_by_side(serve: Serve, peers: Peers) -> None:
    """Two servers are busy at the same time, and each answers with its own handler class."""
    names = ("first", "second")
    servers = [serve([ReadLine(), Gate(name), Reply(name.encode())]) for name in names]
    check(
        servers[0].address != servers[1].address,
        expected="two addresses",
        actual=f"both have {servers[0].address!r}",
    )

    clients = [peers(name).connect(s).send(b"x\n") for name, s in zip(names, servers, strict=True)]

    busy = servers[0].expect_step("gate", count=2)
    same(sorted(names), sorted(event.fields["name"] for event in busy), "the handlers at work")
    for name, server, client in zip(names, servers, clients, strict=True):
        server.open_gate(name)
        client.expect(name.encode()).expect_end()
