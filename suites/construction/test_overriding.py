"""Overridden parts of construction: server_bind(), server_activate(), the constructor itself."""

from __future__ import annotations

import socket

from fixtures import (
    Construct,
    Observe,
    Peer,
    Serve,
    ServerSpec,
    StreamPeer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, Instead, ReadLine, RecordCall, Return

_BIND_TO = "[self.socket.bind({0!r}), setattr(self, 'server_address', {0!r})][0]"
_LET_THE_KERNEL_BIND = (
    "[self.socket.bind({0!r}), setattr(self, 'server_address', self.socket.getsockname())][0]"
)

_EXTENDED = """
class Server(find({name!r})):
    def __init__(self, server_address, handler_class, **more):
        self.motto = more.pop("motto", "none given")
        find({name!r}).__init__(self, server_address, handler_class, **more)
        self.made_for = self.server_address

    def server_bind(self):
        self.known_early = sorted(name for name in vars(self) if name[0] != "_")
        find({name!r}).server_bind(self)
"""

_FAMILY_OF_ITS_OWN = """
class Server(find({name!r})):
    def __init__(self, *arguments, **more):
        self.address_family = socket.AF_INET6
        find({name!r}).__init__(self, *arguments, **more)
"""
# Of the class; without it the class would be given the family that the spec has.
OF_IPV4 = {"address_family": int(socket.AF_INET)}


@requirement("construction/server-bind-override-is-used")
def test_overridden_server_bind_binds(construct: Construct, serve: Serve, peer: Peer) -> None:
    """A server_bind() that binds somewhere else has the last word on where the server is."""
    elsewhere = construct.new_address()
    bind = _LET_THE_KERNEL_BIND if isinstance(elsewhere, tuple) else _BIND_TO

    server = serve(
        [ReadLine(), Echo()],
        address=("192.0.2.77", 9) if isinstance(elsewhere, tuple) else "/nowhere/at/all",
        hooks={"server_bind": Instead(bind.format(elsewhere)), "server_activate": RecordCall()},
    )

    same(["server_bind", "server_activate"], server.calls(), "calls of the constructor")
    if isinstance(elsewhere, tuple):
        same(elsewhere[0], server.address[0], "the host in server_address")
    peer.connect(server).send(b"elsewhere\n").expect(b"elsewhere\n").expect_end()


@requirement("construction/server-activate-override-is-used")
def test_overridden_server_activate_activates(
    construct: Construct, client: StreamPeer, observe: Observe
) -> None:
    """A server_activate() that does not listen leaves a server that lets nobody in."""
    server = construct(hooks={"server_activate": Return(None)})

    errno_name = client.connect_at_once(server)

    same(["server_activate"], server.calls(), "calls of the constructor")
    observe("errno of a client", errno_name)
    check(errno_name, expected="a client is refused", actual="it is let in")


@requirement("construction/constructor-may-be-extended")
def test_extended_constructor_makes_a_server(
    serve: Serve, spec: ServerSpec, peer: Peer, observe: Observe
) -> None:
    """A subclass with a parameter more, which calls the base's constructor, is served by."""
    server = serve([ReadLine(), Echo()], class_source=_EXTENDED.format(name=spec.class_name))

    same("none given", server.evaluate("server.motto"), "the attribute set before the base's part")
    same(server.address, server.evaluate("server.made_for"), "server_address after the base's part")
    observe("attributes at server_bind()", server.evaluate("server.known_early"))
    observe("attributes", server.evaluate("sorted(n for n in vars(server) if n[0] != '_')"))
    peer.connect(server).send(b"extended\n").expect(b"extended\n").expect_end()


@requirement("construction/family-of-an-instance")
def test_family_that_the_constructor_sets(serve: Serve, spec: ServerSpec, peer: Peer) -> None:
    """A server whose class is of IPv4 is made of IPv6 by its own constructor, and serves there."""
    source = _FAMILY_OF_ITS_OWN.format(name=spec.class_name)

    server = serve([ReadLine(), Echo()], class_source=source, attributes=OF_IPV4)

    families = "(int(server.__class__.address_family), int(server.socket.family))"
    wanted = server.evaluate("(int(socket.AF_INET), int(socket.AF_INET6))")
    same(wanted, server.evaluate(families), "family of the class, and of the socket")
    peer.connect(server).send(b"six\n").expect(b"six\n").expect_end()
