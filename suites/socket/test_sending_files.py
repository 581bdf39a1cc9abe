"""Files that are sent: those of the system and those in memory, and what sendfile() refuses."""

from __future__ import annotations

from typing import Any

from fixtures import Fill, Kept, ModuleUnderTest, Peers, check, requirement, same
from suites.socket.scenes import connection, file_with, memory_with

_FILL = Fill(20_000)
_DATA = bytes(_FILL)
_PARTS: dict[str, tuple[tuple[int, ...], bytes]] = {
    "whole": ((), _DATA),
    "offset": ((7,), _DATA[7:]),
    "count": ((0, 11), _DATA[:11]),
    "offset-and-count": ((5_001, 9_003), _DATA[5_001:14_004]),
    "more-than-there-is": ((19_990, 100), _DATA[19_990:]),
    "beyond-the-end": ((20_001,), b""),
}


@requirement("socket/sendfile-of-any-file-sends-its-part", variants=_PARTS)
def test_part_of_a_file_in_memory_is_sent(
    tested: ModuleUnderTest, peers: Peers, variant: tuple[tuple[int, ...], bytes]
) -> None:
    """As of one that has a descriptor; it is then behind what was sent."""
    given, wanted = variant
    sock, peer = connection(tested, peers)
    file = memory_with(tested, _FILL)

    call = sock.begin("sendfile", Kept("file"), *given)
    data, _ = peer.receive(len(wanted))
    sent = call.expect_return()

    same((wanted, len(wanted)), (data, sent), "what comes, and what sendfile() returns")
    if wanted:
        same((*given, 0)[0] + len(wanted), file.do("tell"), "where the file is then")
    sock.do("close")
    peer.expect_end()


_FILES = {"of-the-system": file_with, "in-memory": memory_with}
_COUNTS: dict[str, tuple[Any, str]] = {
    "zero": (0, "ValueError"),
    "negative": (-1, "ValueError"),
    "fraction": (1.5, "TypeError"),
    "text": ("5", "TypeError"),
}


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
    file = variant(tested, Fill(12_000_000))
    sock.do("settimeout", 0.2)

    error = sock.refused("sendfile", Kept("file"))
    told = file.do("tell")
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
    variant(tested, Fill(12_000_000))
    call = sock.begin("sendfile", Kept("file"))
    call.comes_to_wait()

    peer.reset()

    error = call.wait().error
    check(
        error is not None and error.errno_name in ("EPIPE", "ECONNRESET"),
        expected="EPIPE or ECONNRESET",
        actual=str(error or "it returns"),
    )
