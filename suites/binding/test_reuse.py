"""allow_reuse_address and allow_reuse_port."""

from __future__ import annotations

import socket
from typing import Any

from fixtures import (
    Construct,
    Inconclusive,
    NotApplicable,
    Peer,
    Peers,
    Serve,
    Server,
    ServerSpec,
    StreamPeer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine

REUSE_ADDRESS = {"allow_reuse_address": True}
REUSE_PORT = {"allow_reuse_port": True}


@requirement("binding/reuse-address-off-by-default")
def test_reuse_address_is_off_by_default(construct: Construct) -> None:
    """Unless a subclass asks for it, allow_reuse_address is false and the option is off."""
    server = construct()

    is_allowed = server.evaluate("bool(server.allow_reuse_address)")

    same(False, is_allowed, "allow_reuse_address")
    same(0, _option(server, "SO_REUSEADDR"), "SO_REUSEADDR of the server's socket")


@requirement("binding/reuse-address-sets-the-option")
def test_reuse_address_sets_the_option(construct: Construct) -> None:
    """A subclass with allow_reuse_address = True has the option on."""
    server = construct(attributes=REUSE_ADDRESS)

    check(
        _option(server, "SO_REUSEADDR") != 0,
        expected="SO_REUSEADDR on the server's socket",
        actual="it is off",
    )


@requirement("binding/reuse-address-rebinds-after-time-wait")
def test_reuse_address_rebinds_after_time_wait(
    serve: Serve, peers: Peers, client: StreamPeer, spec: ServerSpec
) -> None:
    """A new server takes, and serves at, the port on which an old one closed its connections."""
    old = serve([ReadLine(), Echo()], attributes=REUSE_ADDRESS)
    client.connect(old).send(b"old\n").expect(b"old\n").expect_end()
    client.close()
    _close(old)
    _refuse_free_address(old.address, spec)

    new = serve([ReadLine(), Echo()], attributes=REUSE_ADDRESS, address=old.address)

    same(old.address, new.address, "server_address of the new server")
    peers().connect(new).send(b"new\n").expect(b"new\n").expect_end()


@requirement("binding/reuse-port-off-by-default")
def test_reuse_port_is_off_by_default(construct: Construct) -> None:
    """Unless a subclass asks for it, allow_reuse_port is false and the option is off."""
    server = construct()
    _refuse_platform_without_reuse_port(server)

    is_allowed = server.evaluate("bool(server.allow_reuse_port)")

    same(False, is_allowed, "allow_reuse_port")
    same(0, _option(server, "SO_REUSEPORT"), "SO_REUSEPORT of the server's socket")


@requirement("binding/reuse-port-shares-a-port")
def test_reuse_port_shares_a_port(construct: Construct, serve: Serve, peer: Peer) -> None:
    """A second server has the first one's port while that is open, and serves there after it."""
    first = construct(attributes=REUSE_PORT)
    _refuse_platform_without_reuse_port(first)

    second = serve([ReadLine(), Echo()], attributes=REUSE_PORT, address=first.address)

    same(first.address, second.address, "server_address of the second server")
    check(
        _option(second, "SO_REUSEPORT") != 0,
        expected="SO_REUSEPORT on the server's socket",
        actual="it is off",
    )
    first.call("server_close")
    peer.connect(second).send(b"shared\n").expect(b"shared\n").expect_end()


def _option(server: Server, name: str) -> Any:
    return server.evaluate(f"server.socket.getsockopt(socket.SOL_SOCKET, socket.{name})")


def _close(server: Server) -> None:
    server.call("shutdown")
    server.call("server_close")


def _refuse_free_address(address: Any, spec: ServerSpec) -> None:
    """An address without a trace of its last server proves nothing.

    Raises:
        Inconclusive: a socket that does not reuse anything can have it.
    """
    with socket.socket(spec.address_family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(address)
        except OSError:
            return
    raise Inconclusive("no connection of the old server is in TIME_WAIT")


def _refuse_platform_without_reuse_port(server: Server) -> None:
    if not server.evaluate("hasattr(socket, 'SO_REUSEPORT')"):
        raise NotApplicable("no SO_REUSEPORT here")
