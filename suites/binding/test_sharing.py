"""Two servers at one address, one after the other or both at once: what the options allow."""

from __future__ import annotations

from collections.abc import Mapping

from fixtures import (
    Capable,
    Construct,
    DatagramPeer,
    NotApplicable,
    Observe,
    Peers,
    RaisedError,
    Serve,
    Server,
    ServerSpec,
    StreamPeer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine, Reply

REUSE_ADDRESS = {"allow_reuse_address": True}
REUSE_PORT = {"allow_reuse_port": True}
CLIENTS = 8

_ONE_ALONE: Mapping[str, tuple[Mapping[str, bool], Mapping[str, bool]]] = {
    "the-first-alone": (REUSE_PORT, {}),
    "the-second-alone": ({}, REUSE_PORT),
}
_NOT_BOTH: Mapping[str, tuple[Mapping[str, bool], Mapping[str, bool]]] = {
    "neither": ({}, {}),
    "the-old-alone": (REUSE_ADDRESS, {}),
    "the-new-alone": ({}, REUSE_ADDRESS),
}


@requirement("binding/reuse-address-on-an-instance")
def test_reuse_address_of_an_instance_is_honoured(construct: Construct) -> None:
    """The attribute of one server, set before it is bound, sets the option of its socket."""
    server = construct(bind_and_activate=False)
    server.execute("server.allow_reuse_address = True")

    server.call("server_bind")

    check(_reuses(server, "ADDR"), expected="SO_REUSEADDR on", actual="it is off")


@requirement("binding/reuse-port-on-an-instance")
def test_reuse_port_of_an_instance_is_honoured(construct: Construct) -> None:
    """The attribute of one server, set before it is bound, sets the option of its socket."""
    server = construct(bind_and_activate=False)
    _refuse_platform_without_reuse_port(server)
    server.execute("server.allow_reuse_port = True")

    server.call("server_bind")

    check(_reuses(server, "PORT"), expected="SO_REUSEPORT on", actual="it is off")


@requirement("binding/reuse-address-too-late")
def test_late_reuse_address_is_recorded(construct: Construct, observe: Observe) -> None:
    """Whether the attribute still reaches the socket once the constructor has bound it."""
    server = construct()

    server.execute("server.allow_reuse_address = True")

    observe("SO_REUSEADDR", bool(_reuses(server, "ADDR")))


@requirement("binding/reuse-address-keeps-a-listener")
def test_reuse_address_keeps_a_listener(construct: Construct, observe: Observe) -> None:
    """While one server listens no other gets its port, though both may reuse addresses."""
    first = construct(attributes=REUSE_ADDRESS)

    error = construct.refused(address=first.address, attributes=REUSE_ADDRESS)

    observe("exception", error.type_name)
    error.expect_errno("EADDRINUSE")


@requirement("binding/time-wait-without-reuse", variants=_NOT_BOTH)
def test_rebinding_without_reuse_is_recorded(
    serve: Serve,
    construct: Construct,
    client: StreamPeer,
    variant: tuple[Mapping[str, bool], Mapping[str, bool]],
    observe: Observe,
) -> None:
    """The old server has closed a connection first, which keeps its port for a minute."""
    of_the_old, of_the_new = variant
    old = serve([ReadLine(), Echo()], attributes=of_the_old)
    client.connect(old).send(b"old\n").expect(b"old\n").expect_end()
    client.close()
    old.call("shutdown")
    old.call("server_close")

    made = construct.attempt(address=old.address, attributes=of_the_new)

    observe("outcome", _outcome(made))


@requirement("binding/datagram-reuse-address")
def test_shared_datagram_address_is_recorded(
    serve: Serve, construct: Construct, sender: DatagramPeer, observe: Observe
) -> None:
    """Whether a second server gets the address, and what it is told if it does."""
    first = serve([ReadLine(), Reply(b"the first")], attributes=REUSE_ADDRESS)

    made = construct.attempt(
        [ReadLine(), Reply(b"the second")], address=first.address, attributes=REUSE_ADDRESS
    )

    observe("outcome", _outcome(made))
    if isinstance(made, Server):
        made.spawn("serve_forever", 0.001)
    observe("who answers", sender.connect(first).send(b"x\n").receive()[0])


@requirement("binding/reuse-port-serves-every-client")
def test_every_client_of_a_shared_port_is_served(serve: Serve, peers: Peers) -> None:
    """Each of several clients is answered, whichever of the two servers it comes to."""
    first = serve([ReadLine(), Echo()], attributes=REUSE_PORT)
    _refuse_platform_without_reuse_port(first)
    serve([ReadLine(), Echo()], attributes=REUSE_PORT, address=first.address)

    for number in range(CLIENTS):
        line = f"client {number}\n".encode()
        peers().connect(first).send(line).expect(line).expect_end()


@requirement("binding/reuse-port-needs-both", variants=_ONE_ALONE)
def test_port_is_shared_by_both_or_not_at_all(
    construct: Construct, variant: tuple[Mapping[str, bool], Mapping[str, bool]]
) -> None:
    """A server that would share its port does not get one of a server that would not."""
    first = construct(attributes=variant[0])
    _refuse_platform_without_reuse_port(first)

    error = construct.refused(address=first.address, attributes=variant[1])

    error.expect_errno("EADDRINUSE")


@requirement("binding/reuse-port-on-a-unix-server")
def test_unix_server_may_say_reuse_port(
    capable: Capable, construct: Construct, serve: Serve, peers: Peers, spec: ServerSpec
) -> None:
    """A Unix server whose class has allow_reuse_port = True is made, and serves."""
    if capable("unix_reuse_port"):
        raise NotApplicable("Unix sockets take SO_REUSEPORT here, to no effect")
    given = construct.new_address()

    server = serve([ReadLine(), Echo()], attributes=REUSE_PORT, address=given)

    if spec.family == "path":
        same(given, server.address, "server_address")
    peers().connect(server).send(b"portless\n").expect(b"portless\n").expect_end()


def _outcome(made: Server | RaisedError) -> str:
    return made.errno_name or made.type_name if isinstance(made, RaisedError) else "made"


def _reuses(server: Server, what: str) -> int:
    expression = f"server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSE{what})"
    return int(server.evaluate(expression))


def _refuse_platform_without_reuse_port(server: Server) -> None:
    if not server.evaluate("hasattr(socket, 'SO_REUSEPORT')"):
        raise NotApplicable("no SO_REUSEPORT here")
