"""Files that are sent: those of the system and those in memory, and what sendfile() refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fixtures import (
    Capable,
    Constant,
    Fill,
    HeldSocket,
    Kept,
    ModuleUnderTest,
    Peers,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection, file_with, memory_with, needs

_FILL = Fill(20_000)
_DATA = bytes(_FILL)
# More than the buffers of a connection hold.
_MUCH = Fill(12_000_000)
# What sendfile() is given, and what of the file it is to send.
_Part = tuple[tuple[int, ...], bytes]
_PARTS: dict[str, _Part] = {
    "whole": ((), _DATA),
    "offset": ((7,), _DATA[7:]),
    "count": ((0, 11), _DATA[:11]),
    "offset-and-count": ((5_001, 9_003), _DATA[5_001:14_004]),
    "one-octet": ((0, 1), _DATA[:1]),
    "more-than-there-is": ((19_990, 100), _DATA[19_990:]),
    "beyond-the-end": ((20_001,), b""),
}


def _sends_its_part(
    tested: ModuleUnderTest, peers: Peers, made: Callable[..., HeldSocket], part: _Part
) -> None:
    given, wanted = part
    sock, peer = connection(tested, peers)
    file = made(tested, _FILL)

    call = sock.begin("sendfile", file.kept, *given)
    data, _ = peer.receive(len(wanted))
    sent = call.expect_return()

    same((wanted, len(wanted)), (data, sent), "what comes, and what sendfile() returns")
    if wanted:  # of nothing that was sent nobody says where the file is
        same((*given, 0)[0] + len(wanted), file.do("tell"), "where the file is then")
    sock.do("close")
    peer.expect_end()


@requirement("socket/sendfile-of-any-file-sends-its-part", variants=_PARTS)
def test_part_of_a_file_in_memory_is_sent(
    tested: ModuleUnderTest, peers: Peers, variant: _Part
) -> None:
    """As of one that has a descriptor; it is then behind what was sent."""
    _sends_its_part(tested, peers, memory_with, variant)


def _unread(tested: ModuleUnderTest, data: bytes | Fill) -> HeldSocket:
    """A file of the system that nobody can read in Python."""
    file = file_with(tested, data)
    for name in ("read", "read1", "readinto", "readinto1"):
        tested.library("builtins").do("setattr", file.kept, name, None)
    return file


@requirement("socket/sendfile-has-the-system-send", variants=_PARTS)
def test_part_of_a_file_is_sent_without_being_read(
    tested: ModuleUnderTest, peers: Peers, variant: _Part
) -> None:
    """By os.sendfile(): the file's own methods for reading cannot be called."""
    _sends_its_part(tested, peers, _unread, variant)


_WAITS: dict[str, float | None] = {"blocking": None, "timeout": 60.0}


@requirement("socket/sendfile-has-the-system-wait", variants=_WAITS)
def test_slow_reader_gets_a_file_that_is_not_read(
    tested: ModuleUnderTest, peers: Peers, variant: float | None
) -> None:
    """Without a timeout and with one: all of it comes, also beyond what there is room for."""
    sock, peer = connection(tested, peers)
    sock.do("settimeout", variant)
    file = _unread(tested, _MUCH)
    call = sock.begin("sendfile", file.kept, 5, _MUCH.length_octets - 7)
    if not call.comes_to_wait():
        call.expect_return()

    data, _ = peer.receive(_MUCH.length_octets - 7)

    wanted = bytes(_MUCH)[5:-2]
    same(len(wanted), call.expect_return(), "what sendfile() returns")
    check(data == wanted, expected="the part of the file", actual="something else comes")
    same(len(wanted) + 5, file.do("tell"), "where the file is then")


@requirement("socket/sendfile-of-memory-to-a-slow-reader", variants=_WAITS)
def test_slow_reader_gets_all_of_a_file_in_memory(
    tested: ModuleUnderTest, capable: Capable, variant: float | None
) -> None:
    """Though there is less room than for one part of it."""
    needs(capable, "path")
    a, b = tested.pair()
    a.do("settimeout", variant)
    a.do("setsockopt", Constant("SOL_SOCKET"), Constant("SO_SNDBUF"), 1)
    file = memory_with(tested, _FILL)
    call = a.begin("sendfile", file.kept, 3)
    if not call.comes_to_wait():
        call.expect_return()

    came = b""
    while len(came) < len(_DATA) - 3:
        part = b.do("recv", 1_000)
        check(part, expected="more of the file", actual=f"the end, after {len(came)} octets")
        came += part

    same(len(_DATA) - 3, call.expect_return(), "what sendfile() returns")
    check(came == _DATA[3:], expected="the file", actual="something else comes")


_FILES = {"of-the-system": file_with, "in-memory": memory_with}
_COUNTS: dict[str, tuple[Any, str]] = {
    "zero": (0, "ValueError"),
    "negative": (-1, "ValueError"),
    "fraction": (1.5, "TypeError"),
    "text": ("5", "TypeError"),
}


@requirement("socket/sendfile-of-an-empty-file", variants=_FILES)
def test_empty_file_is_sent_at_once(tested: ModuleUnderTest, peers: Peers, variant: Any) -> None:
    """Nothing goes, with a count and without one, and it returns 0."""
    sock, peer = connection(tested, peers)
    file = variant(tested, b"")

    sock.expect(0, "sendfile", file.kept)
    sock.expect(0, "sendfile", file.kept, 0, 5)

    sock.do("sendall", b"next")
    peer.expect(b"next")


@requirement("socket/sendfile-refuses-counts", variants=_COUNTS)
def test_count_that_is_no_positive_integer_is_refused(
    tested: ModuleUnderTest, peers: Peers, variant: tuple[Any, str]
) -> None:
    """Whichever kind of file it is; one that is possible is taken then."""
    count, error = variant
    sock, peer = connection(tested, peers)

    for made in _FILES.values():
        made(tested, b"abc")
        sock.expect_raised(error, "sendfile", Kept("file"), 0, count)
        sock.expect(1, "sendfile", Kept("file"), 0, 1)

    peer.expect(b"aa")


@requirement("socket/sendfile-of-any-file-refuses-the-same")
def test_file_in_memory_needs_a_stream_that_waits(tested: ModuleUnderTest, peers: Peers) -> None:
    """ValueError, of sockets that do not block and of datagrams."""
    sock, _ = connection(tested, peers)
    memory_with(tested, b"abc")

    sock.do("setblocking", False)

    sock.expect_raised("ValueError", "sendfile", Kept("file"))
    tested.datagram("udp").expect_raised("ValueError", "sendfile", Kept("file"))


@requirement("socket/sendfile-that-fails-leaves-the-file-there", variants=_FILES)
def test_file_is_behind_what_was_sent_before_a_timeout(
    tested: ModuleUnderTest, peers: Peers, variant: Any
) -> None:
    """tell() is how much the peer has got, once it reads."""
    sock, peer = connection(tested, peers)
    file = variant(tested, _MUCH)
    sock.do("settimeout", 0.2)

    error = sock.refused("sendfile", Kept("file"), 1_000)
    told = file.do("tell") - 1_000
    sock.do("close")
    data, _ = peer.receive(told + 1)

    check(error.is_a("timeout", "TimeoutError"), expected="a timeout", actual=str(error))
    same(told, len(data), "octets that come, of those that tell() says")


@requirement("socket/sendfile-tells-of-a-reset", variants=_FILES)
def test_sendfile_raises_when_the_peer_is_gone(
    tested: ModuleUnderTest, peers: Peers, variant: Any
) -> None:
    """While it waits, with a part of the file sent: EPIPE or ECONNRESET."""
    sock, peer = connection(tested, peers)
    file = variant(tested, _MUCH)
    call = sock.begin("sendfile", Kept("file"))
    call.comes_to_wait()

    peer.reset()

    error = call.wait().error
    where = file.do("tell")
    check(
        error is not None and error.errno_name in ("EPIPE", "ECONNRESET"),
        expected="EPIPE or ECONNRESET",
        actual=str(error or "it returns"),
    )
    check(where > 0, expected="the file is behind what was sent", actual="it is at its beginning")
