"""Blocking modes and timeouts: what is told of them, and that they are applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fixtures import (
    SPECS,
    Capable,
    HeldSocket,
    ListeningPeer,
    ModuleUnderTest,
    NotApplicable,
    Peers,
    Room,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection, needs

_TIMEOUTS = {"none": None, "zero": 0.0, "a-half": 0.5, "whole": 3}


@requirement("socket/blocking-by-default")
def test_new_socket_blocks(tested: ModuleUnderTest) -> None:
    """It has no timeout."""
    sock = tested.stream()

    same(None, sock.do("gettimeout"), "gettimeout() of a new socket")
    same(None, tested.do("getdefaulttimeout"), "getdefaulttimeout() at first")


@requirement("socket/timeout-is-told-as-set", variants=_TIMEOUTS)
def test_timeout_is_what_it_was_set_to(tested: ModuleUnderTest, variant: float | None) -> None:
    """By gettimeout()."""
    sock = tested.stream()

    sock.do("settimeout", variant)

    same(variant, sock.do("gettimeout"), "gettimeout()")


@requirement("socket/setblocking-is-a-timeout", variants={"on": (True, None), "off": (False, 0.0)})
def test_setblocking_is_short_for_a_timeout(
    tested: ModuleUnderTest, variant: tuple[bool, float | None]
) -> None:
    """None of blocking, and 0 of non-blocking, whatever it was before."""
    flag, timeout = variant
    sock = tested.stream()
    sock.do("settimeout", 4.0)

    sock.do("setblocking", flag)

    same(timeout, sock.do("gettimeout"), f"gettimeout() after setblocking({flag})")


@requirement("socket/getblocking-tells-the-mode", variants=_TIMEOUTS)
def test_getblocking_tells_whether_it_is_zero(
    tested: ModuleUnderTest, variant: float | None
) -> None:
    """A socket with a timeout is one that blocks."""
    sock = tested.stream()

    sock.do("settimeout", variant)

    same(variant != 0, sock.do("getblocking"), "getblocking()")


@requirement("socket/negative-timeout-is-refused", variants={"socket": "sock", "default": ""})
def test_negative_timeout_is_refused(tested: ModuleUnderTest, variant: str) -> None:
    """ValueError; the timeout stays as it was."""
    sock = tested.stream()
    where: Any = tested.held(variant) if variant else tested
    what = "settimeout" if variant else "setdefaulttimeout"

    where.expect_raised("ValueError", what, -1)

    same(None, sock.do("gettimeout"), "gettimeout() after it")


@requirement("socket/default-timeout-is-of-new-sockets")
def test_default_timeout_is_that_of_new_sockets(tested: ModuleUnderTest) -> None:
    """Not of those that are there already; None takes it back."""
    before = tested.stream("before")
    tested.do("setdefaulttimeout", 6.5)

    after = tested.stream("after")
    tested.do("setdefaulttimeout", None)

    same(None, before.do("gettimeout"), "gettimeout() of one that was there before")
    same(6.5, after.do("gettimeout"), "gettimeout() of one that is made then")
    same(None, tested.stream("last").do("gettimeout"), "gettimeout() once it is taken back")


def _in_vain(tested: ModuleUnderTest, listening_peer: ListeningPeer) -> tuple[HeldSocket, Any]:
    listening_peer.listen(SPECS["inet"], tested.address(), backlog=0)
    tested.stream("first").do("connect", listening_peer.address)
    return tested.stream(), listening_peer.address


def _to_a_full_queue(tested: ModuleUnderTest, _: Peers) -> tuple[HeldSocket, tuple[Any, ...]]:
    """A datagram socket, and what it is to send to one that takes no more."""
    other = tested.bound_datagram("other", "path")
    sock = tested.datagram("sock", "path")
    sock.do("setblocking", False)
    given = (b"x", other.address)
    while sock.attempt("sendto", *given).error is None:
        continue
    return sock, given


_WAITING: dict[str, Callable[[ModuleUnderTest, Peers], tuple[HeldSocket, tuple[Any, ...]]]] = {
    "accept": lambda tested, _: (tested.listening("sock"), ()),
    "recv": lambda tested, peers: (connection(tested, peers)[0], (10,)),
    "recv_into": lambda tested, peers: (connection(tested, peers)[0], (Room(10),)),
    "recvfrom": lambda tested, _: (tested.bound_datagram(), (10,)),
    "recvfrom_into": lambda tested, _: (tested.bound_datagram(), (Room(10),)),
    "recvmsg": lambda tested, peers: (connection(tested, peers)[0], (10,)),
    "recvmsg_into": lambda tested, peers: (connection(tested, peers)[0], ([Room(10)],)),
    "sendto": _to_a_full_queue,
    "sendall": lambda tested, peers: (connection(tested, peers)[0], (Room(32 << 20),)),
}
_SHORT_S = 0.05
# A full queue ends no wait for room: who waits anew each time finds its timeout up by chance, once
# it is not run for as long.
_TIMEOUTS_S = {"sendto": 0.5}


@requirement("socket/timeout-ends-a-call", variants={name: name for name in _WAITING})
def test_call_that_waits_in_vain_ends_by_its_timeout(
    tested: ModuleUnderTest, peers: Peers, variant: str, capable: Capable
) -> None:
    """A timeout that is told is one that is applied."""
    needs(capable, "path" if variant == "sendto" else "inet")
    sock, given = _WAITING[variant](tested, peers)
    sock.do("settimeout", _TIMEOUTS_S.get(variant, _SHORT_S))

    error = sock.refused(variant, *given)

    check(
        error.is_a("timeout", "TimeoutError") and not error.errno_name,
        expected="socket.timeout is raised",
        actual=str(error),
    )


@requirement("socket/timeout-ends-a-connect")
def test_connect_that_nobody_answers_ends_by_its_timeout(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """At a listener whose queue is full."""
    sock, address = _in_vain(tested, listening_peer)
    sock.do("settimeout", _SHORT_S)

    ended = sock.attempt("connect", address)

    if ended.error is None:
        raise NotApplicable("this system lets nobody wait for a connection")
    check(
        ended.error.is_a("timeout", "TimeoutError"),
        expected="socket.timeout is raised",
        actual=str(ended.error),
    )


@requirement("socket/timeout-leaves-the-socket-usable")
def test_socket_goes_on_after_a_timeout(tested: ModuleUnderTest, peers: Peers) -> None:
    """What comes later is received then."""
    sock, peer = connection(tested, peers)
    sock.do("settimeout", _SHORT_S)
    sock.refused("recv", 10)

    peer.send(b"late")

    sock.do("settimeout", 5)
    sock.expect(b"late", "recv", 10)


@requirement("socket/timeout-is-an-oserror")
def test_timeout_is_an_oserror(tested: ModuleUnderTest) -> None:
    """As all errors of the module are."""
    for name in ("timeout", "gaierror", "herror"):
        same(True, tested.value_of(f"issubclass(tested.{name}, OSError)"), f"{name} is an OSError")
    same(True, tested.value_of("tested.error is OSError"), "error is OSError")


@requirement("socket/timeout-is-timeout-error")
def test_timeout_is_the_builtin_one(tested: ModuleUnderTest) -> None:
    """Another name for TimeoutError."""
    same(True, tested.value_of("tested.timeout is TimeoutError"), "timeout is TimeoutError")


@requirement("socket/accepted-socket-blocks")
def test_connection_of_a_socket_with_a_timeout_blocks(
    tested: ModuleUnderTest, peers: Peers
) -> None:
    """The timeout of the listener is not that of its connections."""
    listener = tested.listening()
    listener.do("settimeout", 5.0)
    peers.stream().connect(listener)

    conn = listener.accepted()

    same(None, conn.do("gettimeout"), "gettimeout() of the connection")


@requirement("socket/accepted-socket-has-the-default-timeout")
def test_connection_has_the_default_timeout(tested: ModuleUnderTest, peers: Peers) -> None:
    """Where there is one."""
    listener = tested.listening()
    tested.do("setdefaulttimeout", 8.5)
    peers.stream().connect(listener)

    conn = listener.accepted()

    same(8.5, conn.do("gettimeout"), "gettimeout() of the connection")


@requirement("socket/recv-waits-for-octets", variants={"no timeout": None, "a timeout": 60.0})
def test_recv_waits_until_octets_come(
    tested: ModuleUnderTest, peers: Peers, variant: float | None
) -> None:
    """And returns what came."""
    sock, peer = connection(tested, peers)
    sock.do("settimeout", variant)

    call = sock.begin("recv", 100)
    waits = call.comes_to_wait()
    peer.send(b"at last")

    check(waits, expected="recv() waits while nothing comes", actual="it has ended")
    same(b"at last", call.expect_return(), "what recv() returns")


@requirement("socket/accept-waits-for-a-client", variants={"no timeout": None, "a timeout": 60.0})
def test_accept_waits_until_a_client_comes(
    tested: ModuleUnderTest, peers: Peers, variant: float | None
) -> None:
    """And returns its connection."""
    listener = tested.listening()
    listener.do("settimeout", variant)

    call = listener.begin("accept", keep=("conn", "address"))
    waits = call.comes_to_wait()
    peer = peers.stream().connect(listener)

    check(waits, expected="accept() waits while nobody comes", actual="it has ended")
    same(peer.address, call.expect_return()[1], "the address that accept() returns")


@requirement("socket/shutdown-ends-a-recv-that-waits")
def test_shutdown_ends_a_recv_of_another_thread(tested: ModuleUnderTest, peers: Peers) -> None:
    """It returns the end of the stream."""
    sock, _ = connection(tested, peers)
    call = sock.begin("recv", 100)
    call.comes_to_wait()

    sock.do("shutdown", 2)

    same(b"", call.expect_return(), "what recv() returns")
