"""Clients of Unix servers: with a name of their own, and without."""

from __future__ import annotations

from fixtures import DatagramPeer, Observe, Peers, Serve, ServerSpec, requirement
from fixtures.steps import Echo, ReadLine, Report

CLIENT_ADDRESS = Report(
    {"type": "type(self.client_address).__name__", "value": "self.client_address"}
)


@requirement("unix/unbound-client-address")
def test_unbound_client_address_is_recorded(
    serve: Serve, peers: Peers, spec: ServerSpec, observe: Observe
) -> None:
    """The client_address of a client that is bound to no name is recorded.

    The handler derives from BaseRequestHandler: the one for datagrams always replies.
    """
    server = serve([CLIENT_ADDRESS], base="BaseRequestHandler")

    if spec.is_stream:
        peers.stream().connect(server)
    else:
        peers.datagram(bound=False).connect(server).send(b"from nobody")

    values = server.expect_step("report")[0].fields["values"]
    observe("client_address", values["value"])
    observe("type", values["type"])


@requirement("unix/bound-datagram-client-gets-reply")
def test_bound_client_gets_the_reply(serve: Serve, sender: DatagramPeer) -> None:
    """A client bound to a path, or to an abstract name, gets the reply from the server there."""
    server = serve([ReadLine(), Echo()])

    sender.connect(server).send(b"from somebody\n")

    sender.expect(b"from somebody\n")
