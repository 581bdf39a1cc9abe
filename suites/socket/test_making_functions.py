"""create_server() and create_connection(): what they make, and what they refuse."""

from __future__ import annotations

from fixtures import (
    SPECS,
    Capable,
    Constant,
    HeldSocket,
    ListeningPeer,
    ModuleUnderTest,
    NotApplicable,
    Peers,
    check,
    requirement,
    same,
)
from suites.socket.scenes import entries_of, needs

_FAMILIES = {"inet": "AF_INET", "inet6": "AF_INET6"}
_IPV6_ONLY = Constant("IPPROTO_IPV6"), Constant("IPV6_V6ONLY")


def _server(tested: ModuleUnderTest, family: str = "inet", **options: object) -> HeldSocket:
    given = {"family": Constant(_FAMILIES[family]), **options}
    tested.do("create_server", tested.address(family), keep="listener", **given)
    return tested.held("listener", family)


@requirement("socket/create-server-listens", variants={name: name for name in _FAMILIES})
def test_new_server_takes_a_connection(
    tested: ModuleUnderTest, peers: Peers, variant: str, capable: Capable
) -> None:
    """It is bound and listens, so a client is accepted."""
    needs(capable, variant)
    server = _server(tested, variant)

    peer = peers.stream().connect(server)

    conn = server.accepted()
    peer.send(b"hello")
    conn.expect(b"hello", "recv", 100)


@requirement("socket/create-server-takes-a-backlog")
def test_backlog_is_passed_to_listen(tested: ModuleUnderTest, peers: Peers) -> None:
    """With three waiting clients, each of a backlog of three is accepted."""
    server = _server(tested, backlog=3)

    clients = [peers.stream().connect(server) for _ in range(3)]

    for number, client in enumerate(clients):
        same(client.address, server.do("accept", keep=(f"c{number}", "from"))[1], "who comes next")


@requirement("socket/create-server-reuses-its-address")
def test_address_is_free_again_at_once(tested: ModuleUnderTest) -> None:
    """SO_REUSEADDR is set, as POSIX systems need it."""
    server = _server(tested)

    found = server.do("getsockopt", Constant("SOL_SOCKET"), Constant("SO_REUSEADDR"))

    check(found, expected="SO_REUSEADDR is set", actual=found)


@requirement("socket/create-server-shares-a-port-if-asked")
def test_port_is_shared_where_both_ask_for_it(tested: ModuleUnderTest, capable: Capable) -> None:
    """Two servers with reuse_port have one port; without it the second is refused."""
    if not capable("SO_REUSEPORT"):
        raise NotApplicable("no SO_REUSEPORT here", "SO_REUSEPORT")
    first = _server(tested, reuse_port=True)

    tested.do("create_server", first.address, reuse_port=True, keep="second")

    same(first.address, tested.held("second").address, "the address of the second")
    tested.expect_error("EADDRINUSE", "create_server", first.address)


@requirement("socket/create-server-does-not-share-by-default")
def test_port_is_not_shared_by_default(tested: ModuleUnderTest, capable: Capable) -> None:
    """SO_REUSEPORT is off."""
    if not capable("SO_REUSEPORT"):
        raise NotApplicable("no SO_REUSEPORT here", "SO_REUSEPORT")
    server = _server(tested)

    found = server.do("getsockopt", Constant("SOL_SOCKET"), Constant("SO_REUSEPORT"))

    same(0, found, "SO_REUSEPORT")


@requirement("socket/create-server-takes-both-families")
def test_dual_stack_takes_clients_of_both_families(
    tested: ModuleUnderTest, capable: Capable
) -> None:
    """A client of IPv4 is seen at an address that is mapped into IPv6."""
    needs(capable, "inet6")
    _refuse_single_stack(tested)
    given = {"family": Constant("AF_INET6"), "dualstack_ipv6": True}

    tested.do("create_server", ("::ffff:127.0.0.1", 0), keep="listener", **given)

    server = tested.held("listener", "inet6")
    same(0, server.do("getsockopt", *_IPV6_ONLY), "IPV6_V6ONLY")
    tested.stream("v4").do("connect", ("127.0.0.1", server.address[1]))
    server.accepted()
    host = tested.held("conn").do("getpeername")[0]
    same("::ffff:127.0.0.1", host, "where the client of IPv4 comes from")


@requirement("socket/create-server-keeps-to-ipv6")
def test_server_of_ipv6_is_of_ipv6_alone(tested: ModuleUnderTest, capable: Capable) -> None:
    """Unless both are asked for, it cannot be bound to an address of IPv4 that is mapped."""
    needs(capable, "inet6")
    mapped = ("::ffff:127.0.0.1", 0)

    tested.expect_raised("OSError", "create_server", mapped, family=Constant("AF_INET6"))


@requirement("socket/create-server-refuses-dual-stack-of-ipv4")
def test_dual_stack_of_ipv4_is_refused(tested: ModuleUnderTest) -> None:
    """ValueError, and nothing is left open."""
    given = {"family": Constant("AF_INET"), "dualstack_ipv6": True}

    tested.expect_raised("ValueError", "create_server", ("127.0.0.1", 0), **given)


@requirement("socket/create-server-closes-what-it-cannot-bind")
def test_address_in_use_leaves_nothing_open(tested: ModuleUnderTest) -> None:
    """EADDRINUSE: while the exception is handled, the descriptor is free again."""
    taken = tested.listening().address
    free = tested.library("os").do("open", "/dev/null", 0)
    tested.library("os").do("close", free)

    tested.expect_error("EADDRINUSE", "create_server", taken)

    again = tested.library("os").do("open", "/dev/null", 0)
    tested.library("os").do("close", again)
    same(free, again, "the lowest free descriptor")


@requirement("socket/create-connection-connects")
def test_new_connection_is_to_the_address(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """What it sends comes there."""
    listening_peer.listen(SPECS["inet"], tested.address())

    tested.do("create_connection", listening_peer.address, keep="sock")

    tested.held("sock").do("sendall", b"hello")
    listening_peer.accept().expect(b"hello")
    same(listening_peer.address, tested.held("sock").do("getpeername"), "getpeername()")


@requirement(
    "socket/create-connection-sets-the-timeout", variants={"5-s": 5.0, "none": None, "zero": 0.0}
)
def test_timeout_is_that_of_the_new_socket(
    tested: ModuleUnderTest, listening_peer: ListeningPeer, variant: float | None
) -> None:
    """Given as an argument; with 0 it has not connected when it returns, and may be refused so."""
    listening_peer.listen(SPECS["inet"], tested.address())

    made = tested.attempt("create_connection", listening_peer.address, variant, keep="sock")

    if variant == 0.0 and made.error is not None:
        made.error.expect_errno("EINPROGRESS")
        return
    same(variant, tested.held("sock").do("gettimeout"), "gettimeout() of the new socket")


@requirement("socket/create-connection-has-the-default-timeout")
def test_default_timeout_is_that_of_the_new_socket(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """Without an argument."""
    listening_peer.listen(SPECS["inet"], tested.address())
    tested.do("setdefaulttimeout", 7.0)

    tested.do("create_connection", listening_peer.address, keep="sock")

    same(7.0, tested.held("sock").do("gettimeout"), "gettimeout() of the new socket")


@requirement("socket/create-connection-binds-to-its-source")
def test_connection_comes_from_the_source_address(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """It has the address of source_address; the port is the system's where it is 0."""
    listening_peer.listen(SPECS["inet"], tested.address())
    source = ("127.0.0.2", 0)
    if tested.stream("probe").attempt("bind", source).error is not None:
        raise NotApplicable("this machine has no 127.0.0.2")

    tested.do("create_connection", listening_peer.address, source_address=source, keep="sock")

    same("127.0.0.2", tested.held("sock").do("getsockname")[0], "where it comes from")


@requirement("socket/create-connection-tries-every-address")
def test_connection_is_tried_at_each_address_of_a_name(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """localhost may be ::1 first, where nobody listens: then it is 127.0.0.1 that is taken."""
    listening_peer.listen(SPECS["inet"], ("127.0.0.1", 0))
    port = listening_peer.address[1]
    found = tested.attempt("getaddrinfo", "localhost", port, type=Constant("SOCK_STREAM"))
    known = entries_of(found.value) if found.error is None else []
    if ("127.0.0.1", port) not in [entry[4] for entry in known]:
        raise NotApplicable("localhost is not 127.0.0.1 here")

    tested.do("create_connection", ("localhost", port), keep="sock")

    listening_peer.accept()
    same(("127.0.0.1", port), tested.held("sock").do("getpeername"), "getpeername()")


def _free_address(tested: ModuleUnderTest) -> tuple[str, int]:
    """Where nobody listens: somebody is bound to it."""
    address: tuple[str, int] = tested.bound("holder").address
    return address


@requirement("socket/create-connection-raises-what-refused-it")
def test_refused_connection_raises_its_error(tested: ModuleUnderTest) -> None:
    """ConnectionRefusedError, of the last address that was tried; no descriptor is left."""
    tested.expect_error("ECONNREFUSED", "create_connection", _free_address(tested))


@requirement("socket/create-connection-tells-all-errors")
def test_all_errors_come_in_a_group(tested: ModuleUnderTest) -> None:
    """An ExceptionGroup, where all_errors asks for it."""
    address = _free_address(tested)

    tested.expect_raised("ExceptionGroup", "create_connection", address, all_errors=True)


def _refuse_single_stack(tested: ModuleUnderTest) -> None:
    if not tested.do("has_dualstack_ipv6"):
        raise NotApplicable("the module says that there is no dual stack here")
