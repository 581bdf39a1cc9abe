"""Timeouts that are told, and applied to each call that waits; files that are sent in part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fixtures import (
    SPECS,
    Capable,
    Fill,
    HeldSocket,
    Kept,
    ListeningPeer,
    ModuleUnderTest,
    NotApplicable,
    Observe,
    Peers,
    RaisedError,
    Room,
    check,
    requirement,
)
from suites.socket.scenes import connection, file_with, needs, some_are_sent

_MUCH = 32 << 20
_SHORT_S = 0.05


def _is_timeout(error: RaisedError | None) -> bool:
    return error is not None and error.is_a("timeout", "TimeoutError") and error.errno_name in ("",)


def _expect_timeout(call: str, error: RaisedError | None) -> None:
    check(
        _is_timeout(error),
        expected=f"{call}() raises socket.timeout",
        actual=str(error or "it returned"),
    )


_SENT: dict[str, tuple[Any, ...]] = {"send": (Room(_MUCH),), "sendmsg": ([Room(_MUCH)],)}


@requirement("socket/timeout-ends-a-send", variants={name: name for name in _SENT})
def test_send_without_room_ends_by_its_timeout(
    tested: ModuleUnderTest, peers: Peers, variant: str
) -> None:
    """The first takes what there is room for, as may the next ones."""
    sock, _ = connection(tested, peers)
    sock.do("settimeout", _SHORT_S)

    while (ended := sock.attempt(variant, *_SENT[variant])).error is None:
        some_are_sent(ended.value)

    _expect_timeout(variant, ended.error)


@requirement("socket/timeout-of-sendall-is-total")
def test_timeout_is_of_all_that_is_sent(
    tested: ModuleUnderTest, peers: Peers, capable: Capable
) -> None:
    """Though a reader makes room again and again, always before the timeout of one send: it reads
    some forty times until there is some. It takes so little each time that it has not read all for
    long after the timeout: thousands of times it sees the sender wait."""
    needs(capable, "path")  # whose room is small: there is some soon
    sock, peer = connection(tested, peers, "path")
    sock.do("settimeout", 0.3)
    call = sock.begin("sendall", Room(32 << 20))

    while call.comes_to_wait():
        peer.receive(1 << 12)

    _expect_timeout("sendall", call.wait().error)


_NEW: dict[str, Callable[[ModuleUnderTest, Peers], HeldSocket]] = {
    "socket": lambda tested, _: tested.bound_datagram(),
    "accept": lambda tested, peers: connection(tested, peers)[0],
    "socketpair": lambda tested, _: tested.pair("sock", "other")[0],
}


@requirement("socket/default-timeout-is-applied", variants=_NEW)
def test_default_timeout_ends_a_call(
    tested: ModuleUnderTest, peers: Peers, variant: Callable[..., HeldSocket]
) -> None:
    """Of a socket that nobody has given another."""
    tested.do("setdefaulttimeout", _SHORT_S)
    sock = variant(tested, peers)

    ended = sock.attempt("recv", 10)

    _expect_timeout("recv", ended.error)


@requirement("socket/tiny-timeout-waits")
def test_timeout_below_all_clocks_is_a_timeout(tested: ModuleUnderTest) -> None:
    """It is not taken for 0, of which there is another exception."""
    a, _ = tested.pair()
    a.do("settimeout", 1e-10)

    ended = a.attempt("recv", 10)

    _expect_timeout("recv", ended.error)


def _in_vain(tested: ModuleUnderTest, there: ListeningPeer) -> Any:
    """The address of a listener whose queue is full."""
    there.listen(SPECS["inet"], tested.address(), backlog=0)
    tested.stream("first").do("connect", there.address)
    return there.address


@requirement("socket/create-connection-heeds-its-timeout")
def test_timeout_ends_a_connection_that_nobody_takes(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """That of the argument, and nothing is left open."""
    where = _in_vain(tested, listening_peer)

    ended = tested.attempt("create_connection", where, 0.1, keep="made")

    if ended.error is None:
        raise NotApplicable("this system lets nobody wait for a connection")
    check(
        ended.error.is_a("timeout", "TimeoutError"),
        expected="socket.timeout is raised",
        actual=str(ended.error),
    )


@requirement("socket/connect-ex-tells-of-a-timeout")
def test_connect_ex_in_vain_is_not_well(
    tested: ModuleUnderTest, listening_peer: ListeningPeer
) -> None:
    """A number that is not 0, or socket.timeout: it is not connected."""
    where = _in_vain(tested, listening_peer)
    sock = tested.stream()
    sock.do("settimeout", 0.1)

    ended = sock.attempt("connect_ex", where)

    if ended.error is None and sock.attempt("getpeername").error is None:
        raise NotApplicable("this system lets nobody wait for a connection")
    is_told = _is_timeout(ended.error) or bool(ended.value)
    check(is_told, expected="another number than 0", actual=str(ended.error or ended.value))


_FILL = Fill(3_000)
_DATA = bytes(_FILL)
_BEGINNINGS: dict[str, tuple[tuple[int, ...], bytes]] = {
    "at-the-beginning": ((), _DATA),
    "at-0": ((0,), _DATA),
    "at-7": ((7,), _DATA[7:]),
    "a-part": ((7, 100), _DATA[7:107]),
}


@requirement("socket/sendfile-begins-at-its-offset", variants=_BEGINNINGS)
def test_sendfile_begins_at_its_offset_wherever_the_file_is(
    tested: ModuleUnderTest, peers: Peers, variant: tuple[tuple[int, ...], bytes]
) -> None:
    """Which has been read to its middle."""
    given, wanted = variant
    sock, peer = connection(tested, peers)
    file_with(tested, _FILL).do("seek", 1_500)

    sock.expect(len(wanted), "sendfile", Kept("file"), *given)

    peer.expect(wanted)


@requirement("socket/sendfile-of-memory-that-was-read")
def test_beginning_of_octets_in_memory_is_recorded(
    tested: ModuleUnderTest, peers: Peers, observe: Observe
) -> None:
    """Where they have been read to their middle: CPython goes on there, whatever it promises."""
    sock, _ = connection(tested, peers)
    tested.library("io").do("BytesIO", b"0123456789", keep="memory")
    tested.held("memory").do("seek", 5)

    ended = sock.attempt("sendfile", Kept("memory"))

    observe("octets sent", ended.error.name if ended.error else ended.value)


@requirement("socket/sendfile-ends-by-its-timeout")
def test_sendfile_in_vain_ends_by_its_timeout(tested: ModuleUnderTest, peers: Peers) -> None:
    """While nobody reads."""
    sock, _ = connection(tested, peers)
    file_with(tested, Fill(12_000_000))
    sock.do("settimeout", 0.1)

    ended = sock.attempt("sendfile", Kept("file"))

    _expect_timeout("sendfile", ended.error)
