"""bind(), listen(), accept() and connect(): addresses, errors, queues."""

from __future__ import annotations

import errno
from typing import Any

from fixtures import (
    SPECS,
    Capable,
    Constant,
    ListeningPeer,
    ModuleUnderTest,
    NotApplicable,
    Peers,
    check,
    requirement,
    same,
)
from suites.socket.scenes import FAMILIES, connection, needs

_INTERNET = {name: name for name in ("inet", "inet6")}


@requirement("socket/port-zero-is-a-free-port", variants=_INTERNET)
def test_port_zero_gives_a_port(tested: ModuleUnderTest, variant: str, capable: Capable) -> None:
    """Which getsockname() then has, with the host that was asked for."""
    needs(capable, variant)
    sock = tested.stream(family=variant)
    host = tested.address(variant)[0]

    sock.do("bind", (host, 0))

    found = sock.do("getsockname")
    same(host, found[0], "the host")
    check(found[1] > 0, expected="a port above 0", actual=found)


@requirement("socket/address-in-use-is-refused", variants=FAMILIES)
def test_second_bind_to_an_address_is_refused(
    tested: ModuleUnderTest, variant: str, capable: Capable
) -> None:
    """EADDRINUSE."""
    needs(capable, variant)
    taken = tested.listening(family=variant).address

    tested.stream("second", variant).expect_error("EADDRINUSE", "bind", taken)


@requirement("socket/foreign-address-is-refused")
def test_address_of_another_machine_is_refused(tested: ModuleUnderTest) -> None:
    """EADDRNOTAVAIL, of an address that is for documentation alone."""
    tested.stream().expect_error("EADDRNOTAVAIL", "bind", ("192.0.2.1", 0))


_LENGTHS = {"inet": 2, "inet6": 4}


@requirement("socket/addresses-have-their-form", variants=FAMILIES)
def test_addresses_are_of_the_form_of_their_family(
    tested: ModuleUnderTest, peers: Peers, variant: str, capable: Capable
) -> None:
    """A pair of IPv4, four parts of IPv6, a text of a path."""
    needs(capable, variant)
    sock, peer = connection(tested, peers, variant)

    own, other = sock.do("getsockname"), sock.do("getpeername")

    if variant == "path":
        check(isinstance(own, str), expected="a path as text", actual=own)
        same("", other, "the name of a client that has none")
        return
    same(_LENGTHS[variant], len(own), "the parts of getsockname()")
    same(peer.socket.getpeername(), own, "getsockname()")
    same(peer.address, other, "getpeername()")


@requirement("socket/path-may-be-octets")
def test_path_may_be_octets(tested: ModuleUnderTest, peers: Peers, capable: Capable) -> None:
    """And is text when the socket tells it."""
    needs(capable, "path")
    path = tested.address("path")
    sock = tested.stream("listener", "path")

    sock.do("bind", path.encode())

    sock.do("listen", 1)
    same(path, sock.do("getsockname"), "getsockname()")
    peers.stream().connect(sock)


@requirement("socket/abstract-name-is-octets")
def test_abstract_name_is_told_as_octets(tested: ModuleUnderTest, capable: Capable) -> None:
    """Which begin with a null octet."""
    if not capable("abstract"):
        raise NotApplicable("no abstract names here", "abstract")
    name = tested.address("abstract").encode()
    sock = tested.stream(family="path")

    sock.do("bind", name)

    same(name, sock.do("getsockname"), "getsockname()")


@requirement("socket/listen-needs-no-backlog")
def test_listen_without_a_backlog_takes_clients(tested: ModuleUnderTest, peers: Peers) -> None:
    """A default is chosen, which lets some wait."""
    listener = tested.bound("listener")

    listener.do("listen")

    clients = [peers.stream().connect(listener) for _ in range(3)]
    for client in clients:
        same(client.address, listener.do("accept", keep=("conn", "at"))[1], "who comes next")


@requirement("socket/small-backlog-is-zero", variants={"minus-1": -1, "minus-1000": -1000, "0": 0})
def test_backlog_below_zero_is_as_zero(tested: ModuleUnderTest, peers: Peers, variant: int) -> None:
    """It listens, and one client at least is accepted."""
    listener = tested.bound("listener")

    listener.do("listen", variant)

    peer = peers.stream().connect(listener)
    same(peer.address, listener.do("accept", keep=("conn", "at"))[1], "who has come")
    is_listening = listener.do("getsockopt", Constant("SOL_SOCKET"), Constant("SO_ACCEPTCONN"))
    check(is_listening, expected="it listens", actual=is_listening)


@requirement("socket/accept-gives-connection-and-address", variants=FAMILIES)
def test_accept_gives_a_connection_and_who_it_is_from(
    tested: ModuleUnderTest, peers: Peers, variant: str, capable: Capable
) -> None:
    """A new socket, which is connected to the client, and the client's own address."""
    needs(capable, variant)
    listener = tested.listening(family=variant)
    peer = peers.stream().connect(listener)

    _, address = listener.do("accept", keep=("conn", "address"))

    conn = tested.held("conn", variant)
    same(peer.address, address, "the address")
    peer.send(b"to the connection")
    conn.expect(b"to the connection", "recv", 100)
    conn.do("sendall", b"to the client")
    peer.expect(b"to the client")
    same(listener.get("family"), conn.get("family"), "the family of the connection")
    same(listener.get("type"), conn.get("type"), "the type of the connection")


@requirement("socket/accept-keeps-the-order")
def test_clients_are_accepted_in_the_order_in_which_they_came(
    tested: ModuleUnderTest, peers: Peers
) -> None:
    """Each with its own connection."""
    listener = tested.listening()
    clients = [peers.stream().connect(listener) for _ in range(4)]

    conns = [listener.accepted(f"conn{number}") for number in range(4)]

    for number, (client, conn) in enumerate(zip(clients, conns, strict=True)):
        client.send(b"%d" % number)
        conn.expect(b"%d" % number, "recv", 10)


@requirement("socket/refused-connection-is-told", variants=FAMILIES)
def test_connect_to_nobody_is_refused(
    tested: ModuleUnderTest, variant: str, capable: Capable
) -> None:
    """ECONNREFUSED; and connect_ex() returns it."""
    needs(capable, variant)
    address = tested.bound("holder", variant).address

    tested.stream("sock", variant).expect_error("ECONNREFUSED", "connect", address)

    told = tested.stream("other", variant).do("connect_ex", address)
    same(errno.ECONNREFUSED, told, "connect_ex()")


@requirement("socket/missing-path-is-told")
def test_connect_to_a_path_that_is_not_there(tested: ModuleUnderTest, capable: Capable) -> None:
    """ENOENT."""
    needs(capable, "path")

    tested.stream("sock", "path").expect_error("ENOENT", "connect", tested.address("path"))


@requirement("socket/connection-in-progress-comes-about")
def test_connection_that_was_begun_comes_about(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """Without waiting: EINPROGRESS, then it is writable, and SO_ERROR is 0."""
    listening_peer.listen(SPECS["inet"], tested.address())
    sock = tested.stream()
    sock.do("setblocking", False)

    told = sock.do("connect_ex", listening_peer.address)
    tested.library("select").do("select", [], [sock.kept], [], 5.0)

    check(told in (0, errno.EINPROGRESS), expected="0 or EINPROGRESS", actual=told)
    same(0, sock.do("getsockopt", Constant("SOL_SOCKET"), Constant("SO_ERROR")), "SO_ERROR")
    same(sock.do("getsockname"), listening_peer.accept().socket.getpeername(), "who has connected")


_CLASSES = {
    "BlockingIOError": lambda tested: _without_waiting(tested).refused("recv", 1),
    "ConnectionRefusedError": lambda tested: tested.stream().refused(
        "connect", tested.bound("holder").address
    ),
    "BrokenPipeError": lambda tested: _shut(tested).refused("send", b"x"),
}


def _without_waiting(tested: ModuleUnderTest) -> Any:
    a, _ = tested.pair()
    a.do("setblocking", False)
    return a


def _shut(tested: ModuleUnderTest) -> Any:
    a, _ = tested.pair()
    a.do("shutdown", Constant("SHUT_WR"))
    return a


@requirement("socket/errors-have-their-classes", variants=_CLASSES)
def test_error_is_of_its_own_class(tested: ModuleUnderTest, variant: Any) -> None:
    """Of those that OSError has for errnos."""
    wanted = next(name for name, make in _CLASSES.items() if make is variant)

    error = variant(tested)

    check(error.is_a(wanted), expected=f"a {wanted}", actual=str(error))
