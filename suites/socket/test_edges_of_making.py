"""The edges of create_server(), create_connection() and bind()."""

from __future__ import annotations

from fixtures import (
    Capable,
    Constant,
    ModuleUnderTest,
    NotApplicable,
    Observe,
    Peers,
    requirement,
    same,
)
from suites.socket.scenes import needs

_BOTH = {"family": Constant("AF_INET6"), "dualstack_ipv6": True}
_IPV6_ONLY = Constant("IPPROTO_IPV6"), Constant("IPV6_V6ONLY")


@requirement("socket/create-server-of-both-at-an-ipv6-address")
def test_server_of_both_families_may_be_at_one_address(
    tested: ModuleUnderTest, peers: Peers, capable: Capable
) -> None:
    """Of IPv6, where a client is then taken."""
    needs(capable, "inet6")
    if not tested.do("has_dualstack_ipv6"):
        raise NotApplicable("the module says that there is no dual stack here")

    tested.do("create_server", ("::1", 0), keep="listener", **_BOTH)

    server = tested.held("listener", "inet6")
    peer = peers.stream().connect(server)
    same(peer.address, server.do("accept", keep=("conn", "at"))[1], "who has come")


@requirement("socket/create-server-backlog-may-be-zero")
def test_server_without_a_queue_takes_a_client(tested: ModuleUnderTest, peers: Peers) -> None:
    """Its backlog is 0, and not taken for none."""
    tested.do("create_server", tested.address(), backlog=0, keep="listener")

    server = tested.held("listener")
    peer = peers.stream().connect(server)
    same(peer.address, server.do("accept", keep=("conn", "at"))[1], "who has come")
    first = tested.stream("first")
    first.do("connect", server.address)
    second = tested.stream("second")
    second.do("setblocking", False)
    second.attempt("connect", server.address)
    tested.library("select").do("select", [], [second.kept], [], 0.0)
    same("waits", "waits" if second.attempt("getpeername").error else "is let in", "a second one")


@requirement("socket/create-server-has-a-queue")
def test_server_lets_several_clients_wait(tested: ModuleUnderTest, peers: Peers) -> None:
    """Without a backlog that is asked for, five are connected before one is accepted."""
    tested.do("create_server", tested.address(), keep="listener")
    server = tested.held("listener")

    clients = [peers.stream().connect(server) for _ in range(5)]

    for number, client in enumerate(clients):
        _, address = server.do("accept", keep=(f"conn{number}", "at"))
        same(client.address, address, "who comes next")


@requirement("socket/create-connection-leaves-nothing-open")
def test_refused_connection_leaves_no_descriptor(tested: ModuleUnderTest) -> None:
    """While the exception is handled, it is free again."""
    address = tested.bound("holder").address
    free = tested.library("os").do("open", "/dev/null", 0)
    tested.library("os").do("close", free)

    tested.expect_error("ECONNREFUSED", "create_connection", address)

    again = tested.library("os").do("open", "/dev/null", 0)
    tested.library("os").do("close", again)
    same(free, again, "the lowest free descriptor")


@requirement("socket/empty-path-is-another-for-each")
def test_empty_path_is_a_name_that_nobody_has(tested: ModuleUnderTest, capable: Capable) -> None:
    """Two sockets that are bound to it have names of their own."""
    if not capable("abstract"):
        raise NotApplicable("no abstract names here", "abstract")

    names = set()
    for name in ("first", "second"):
        sock = tested.stream(name, "path")
        sock.do("bind", "")
        names.add(sock.do("getsockname"))

    same(2, len(names), "how many names there are")


@requirement("socket/edges-of-create-server")
def test_what_create_server_makes_of_the_rest_is_recorded(
    tested: ModuleUnderTest, capable: Capable, observe: Observe
) -> None:
    """Of a path; and whether its error says which address is taken."""
    if capable("AF_UNIX"):
        path, family = tested.address("path"), Constant("AF_UNIX")
        made = tested.attempt("create_server", path, family=family, keep="unix")
        observe("a path", made.error.name if made.error else "it listens")
    taken = tested.listening().address
    error = tested.refused("create_server", taken)
    observe("names the address", repr(taken[1]) in error.text)
