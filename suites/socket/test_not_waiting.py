"""Sockets that do not wait, as asyncio and selectors use them: what is raised, what is ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fixtures import (
    SPECS,
    Capable,
    Constant,
    HeldSocket,
    ListeningPeer,
    ModuleUnderTest,
    NotApplicable,
    Observe,
    Peers,
    Room,
    check,
    requirement,
    same,
)
from suites.socket.cells import in_words
from suites.socket.scenes import connection, needs

_SO_ERROR = Constant("SOL_SOCKET"), Constant("SO_ERROR")
_MUCH = 32 << 20
Scene = Callable[[ModuleUnderTest, Peers], HeldSocket]


def _quiet(tested: ModuleUnderTest, peers: Peers) -> HeldSocket:
    return connection(tested, peers)[0]


def _full(tested: ModuleUnderTest, peers: Peers) -> HeldSocket:
    """A connection that has no more room for what is sent: a Unix one, whose room is what its
    peer has not read. That of TCP grows by itself for a while, as octets are acknowledged."""
    sock, _ = connection(tested, peers, "path")
    sock.do("setblocking", False)
    while sock.attempt("send", Room(_MUCH)).error is None:
        pass
    return sock


def _needs_of(make: Scene, capable: Capable) -> None:
    if make is _full:
        needs(capable, "path")


def _listener(tested: ModuleUnderTest, _peers: Peers) -> HeldSocket:
    return tested.listening("sock")


def _datagrams(tested: ModuleUnderTest, _peers: Peers) -> HeldSocket:
    return tested.bound_datagram()


_AT_ONCE: dict[str, tuple[Scene, tuple[Any, ...]]] = {
    "accept": (_listener, ()),
    "recv": (_quiet, (8,)),
    "recv_into": (_quiet, (Room(8),)),
    "recvfrom": (_datagrams, (8,)),
    "recvfrom_into": (_datagrams, (Room(8),)),
    "recvmsg": (_quiet, (8,)),
    "recvmsg_into": (_quiet, ([Room(8)],)),
    "send": (_full, (b"x",)),
    "sendall": (_full, (b"x",)),
    "sendmsg": (_full, ([b"x"],)),
}


@requirement("socket/not-waiting-is-blocking-io-error", variants=_AT_ONCE)
def test_call_that_would_wait_raises_blocking_io_error(
    tested: ModuleUnderTest,
    peers: Peers,
    capable: Capable,
    variant: tuple[Scene, tuple[Any, ...]],
) -> None:
    """With EAGAIN."""
    make, given = variant
    _needs_of(make, capable)
    name = next(key for key, value in _AT_ONCE.items() if value is variant)
    sock = make(tested, peers)
    sock.do("setblocking", False)

    error = sock.refused(name, *given)

    check(error.is_a("BlockingIOError"), expected="BlockingIOError", actual=str(error))
    error.expect_errno("EAGAIN")


@requirement("socket/connecting-is-blocking-io-error")
def test_connect_that_would_wait_raises_blocking_io_error(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """With EINPROGRESS, to a listener whose queue is full."""
    listening_peer.listen(SPECS["inet"], tested.address(), backlog=0)
    tested.stream("first").do("connect", listening_peer.address)
    sock = tested.stream()
    sock.do("setblocking", False)

    error = sock.attempt("connect", listening_peer.address).error

    if error is None and sock.attempt("getpeername").error is None:
        raise NotApplicable("this system lets nobody wait for a connection")
    expected = "BlockingIOError, as there is no connection yet"
    check(
        error is not None and error.is_a("BlockingIOError") and error.errno_name == "EINPROGRESS",
        expected=expected,
        actual=str(error or "it returned"),
    )


def _ready(tested: ModuleUnderTest, sock: HeldSocket, wait_s: float) -> tuple[bool, bool]:
    """Whether select() finds it readable, and writable, within so long."""
    given: tuple[Any, ...] = [sock.kept], [sock.kept], [], wait_s
    readable, writable, _ = tested.library("select").do("select", *given)
    return bool(readable), bool(writable)


def _with_octets(tested: ModuleUnderTest, peers: Peers) -> HeldSocket:
    sock, peer = connection(tested, peers)
    peer.send(b"abcdef")
    sock.expect(b"abcdef", "recv", 100, Constant("MSG_PEEK"))  # so they are there
    return sock


def _with_a_rest(tested: ModuleUnderTest, peers: Peers) -> HeldSocket:
    sock = _with_octets(tested, peers)
    sock.expect(b"ab", "recv", 2)
    return sock


def _ended(tested: ModuleUnderTest, peers: Peers) -> HeldSocket:
    sock, peer = connection(tested, peers)
    peer.half_close()
    sock.expect(b"", "recv", 1)
    return sock


def _with_a_client(tested: ModuleUnderTest, peers: Peers) -> HeldSocket:
    listener = tested.listening("sock")
    peers.stream().connect(listener)
    return listener


_READY: dict[str, tuple[Scene, tuple[bool, bool]]] = {
    "silent": (_quiet, (False, True)),
    "octets": (_with_octets, (True, True)),
    "rest-of-octets": (_with_a_rest, (True, True)),
    "ended": (_ended, (True, True)),
    "full": (_full, (False, False)),
    "listener": (_listener, (False, False)),
    "listener-with-a-client": (_with_a_client, (True, False)),
}


@requirement("socket/readiness-is-that-of-the-socket", variants=_READY)
def test_socket_is_ready_for_what_it_can_do(
    tested: ModuleUnderTest,
    peers: Peers,
    capable: Capable,
    variant: tuple[Scene, tuple[bool, bool]],
) -> None:
    """select() takes the socket itself."""
    make, wanted = variant
    _needs_of(make, capable)
    sock = make(tested, peers)

    # A client is there when its own connect() has returned, and its listener hears of it next.
    found = _ready(tested, sock, 5.0 if make is _with_a_client else 0.0)

    same(wanted, found, "whether it is readable, and writable")


@requirement("socket/room-makes-writable")
def test_full_socket_is_writable_once_it_is_read(tested: ModuleUnderTest, capable: Capable) -> None:
    """And sends again."""
    needs(capable, "path")
    a, b = tested.pair()
    a.do("setblocking", False)
    sent = 0
    while (ended := a.attempt("send", Room(1 << 20))).error is None:
        sent += ended.value
    b.do("recv", sent, Constant("MSG_WAITALL"))

    tested.library("select").do("select", [], [a.kept], [], 5.0)

    a.expect(4, "send", b"more")
    b.expect(b"more", "recv", 100)


_AFTER: dict[str, tuple[Scene, tuple[Any, ...]]] = {
    "accept": (_with_a_client, ()),
    "recv": (_with_octets, (8,)),
    "recv_into": (_with_octets, (Room(8),)),
    "recvmsg": (_with_octets, (8,)),
    "send": (_quiet, (b"x",)),
}


@requirement("socket/ready-call-does-not-wait", variants=_AFTER)
def test_call_that_need_not_wait_is_done(
    tested: ModuleUnderTest, peers: Peers, variant: tuple[Scene, tuple[Any, ...]]
) -> None:
    """By a socket that does not wait, once select() says that it is ready."""
    make, given = variant
    name = next(key for key, value in _AFTER.items() if value is variant)
    sock = make(tested, peers)
    sock.do("setblocking", False)
    readable, writable = ([], [sock.kept]) if name == "send" else ([sock.kept], [])
    tested.library("select").do("select", readable, writable, [], 5.0)

    sock.do(name, *given, keep=("conn", "address") if name == "accept" else None)


def _begun(tested: ModuleUnderTest, address: Any) -> HeldSocket:
    """A connection that was begun without waiting, and is decided."""
    sock = tested.stream()
    sock.do("setblocking", False)
    sock.do("connect_ex", address)
    tested.library("select").do("select", [], [sock.kept], [], 5.0)
    return sock


@requirement("socket/refusal-is-a-pending-error")
def test_refused_connection_is_told_by_so_error(tested: ModuleUnderTest) -> None:
    """ECONNREFUSED, once the socket is writable."""
    sock = _begun(tested, tested.bound("holder").address)

    found = sock.do("getsockopt", *_SO_ERROR)

    refused = tested.library("errno").get("ECONNREFUSED")
    same(refused, found, "SO_ERROR")


@requirement("socket/connect-ex-again-tells-that-it-is-done")
def test_connect_ex_tells_that_a_connection_has_come_about(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """0 or EISCONN, as who asks again and again relies on; and it can be used."""
    listening_peer.listen(SPECS["inet"], tested.address())
    sock = _begun(tested, listening_peer.address)

    told = sock.attempt("connect_ex", listening_peer.address)

    found = in_words("connect_ex", told)
    check(found in ("nothing", "done", "EISCONN"), expected="0 or EISCONN", actual=found)
    sock.do("sendall", b"hello")
    listening_peer.accept().expect(b"hello")


@requirement("socket/accepted-from-what-does-not-wait")
def test_mode_of_a_connection_of_a_listener_that_does_not_wait(
    tested: ModuleUnderTest, peers: Peers, observe: Observe
) -> None:
    """It depends on the system, as the documentation has it."""
    listener = tested.listening()
    peers.stream().connect(listener)
    listener.do("setblocking", False)

    conn = listener.accepted()

    observe("gettimeout()", conn.do("gettimeout"))


@requirement("socket/full-queue-of-a-unix-listener")
def test_what_a_full_queue_of_a_unix_listener_gives(
    tested: ModuleUnderTest, capable: Capable, observe: Observe
) -> None:
    """To who does not wait, and to who has a timeout."""
    needs(capable, "path")
    listener = tested.listening(family="path", backlog=0)
    tested.stream("first", "path").do("connect", listener.address)

    for name, timeout in {"non-blocking": 0.0, "timeout": 0.05}.items():
        sock = tested.stream("sock", "path")
        sock.do("settimeout", timeout)
        error = sock.attempt("connect", listener.address).error
        observe(name, error.name if error else "it connects")
        sock.do("close")
