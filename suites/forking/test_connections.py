"""Connections and the listening socket in several processes at once: who holds what open."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Children,
    Construct,
    Observe,
    Peers,
    RaisedError,
    Serve,
    StreamPeer,
    requirement,
)
from fixtures.steps import Echo, Exit, Gate, Kill, ReadLine, Receive, Reply, Report, When

REUSE = {"allow_reuse_address": True}


@requirement("forking/later-child-does-not-hold-earlier-connections")
def test_connection_ends_with_its_own_child(serve: Serve, peers: Peers) -> None:
    """A child that leaves without a word ends its client's stream while a later child is held."""
    server = serve([ReadLine(), When(b"first", [Gate("first"), Exit(0)]), Gate("later"), Echo()])
    first = peers().connect(server).send(b"first\n")
    server.expect_at_gate("first")
    later = peers().connect(server).send(b"later\n")
    server.expect_at_gate("later")

    server.open_gate("first")

    first.expect_end()
    server.open_gate("later")
    later.expect(b"later\n").expect_end()


@requirement(
    "forking/crash-in-mid-reply",
    variants={"request-read": Receive(6), "request-unread": Receive(2)},
)
def test_client_of_a_crashed_child(
    serve: Serve, client: StreamPeer, observe: Observe, variant: Any
) -> None:
    """What a client receives before the end, and the end, when SIGKILL takes its child."""
    server = serve([variant, Reply(b"half"), Kill("SIGKILL")], base="BaseRequestHandler")

    client.connect(server).send(b"x\nrest")

    data, ending = client.receive_to_end()
    observe("what the client gets", data)
    observe("how its stream ends", ending)


@requirement("forking/child-keeps-the-listener")
def test_address_while_a_child_outlives_its_server(
    serve: Serve, construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether the address of a closed server is free, and takes clients, before its child ends."""
    own = Report({"open": "self.server.socket.fileno() >= 0"})
    server = serve([ReadLine(), own, Gate("hold")], attributes={"block_on_close": False, **REUSE})
    children = Children(server)
    peers().connect(server).send(b"x\n")
    pid = server.expect_at_gate("hold")[0].pid
    server.call("shutdown")
    server.call("server_close")

    observe("the child has the listening socket open", server.expect_report()["open"])
    observe("another server meanwhile", _try(construct, server.address))
    late = peers.stream()
    observe("a client meanwhile", late.connect_at_once(server) or "is connected")
    server.open_gate("hold")
    children.expect_ended(pid)
    observe("how its stream ends", late.receive_some())
    observe("another server afterwards", _try(construct, server.address))


def _try(construct: Construct, address: Any) -> str:
    made = construct.attempt(address=address, attributes=REUSE)
    return made.errno_name if isinstance(made, RaisedError) else "is made"
