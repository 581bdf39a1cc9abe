"""The send family: counts, all of it, files, messages in pieces, descriptors."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Capable,
    Constant,
    Fill,
    Kept,
    ModuleUnderTest,
    Peers,
    Room,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection, file_with, message_of, needs, some_are_sent

_FILL = Fill(20_000)
_DATA = bytes(_FILL)
# More than the buffers of a connection hold.
_MUCH = 32 << 20


@requirement("socket/send-tells-how-much-was-sent")
def test_send_tells_how_much_of_it_was_sent(tested: ModuleUnderTest, peers: Peers) -> None:
    """Of more than there is room for it is less, and just that much comes."""
    sock, peer = connection(tested, peers)
    sock.do("setblocking", False)

    sent = sock.do("send", Room(_MUCH))

    some_are_sent(sent, _MUCH)
    sock.do("close")
    data, ending = peer.receive_to_end()
    same((sent, "end of stream"), (len(data), str(ending)), "how much comes, and what then")


@requirement("socket/send-counts-small-amounts")
def test_send_of_few_octets_is_whole(tested: ModuleUnderTest, peers: Peers) -> None:
    """It returns their number."""
    sock, peer = connection(tested, peers)

    sock.expect(5, "send", b"hello")

    peer.expect(b"hello")


@requirement("socket/sendall-sends-all-of-it", variants={"no-timeout": None, "timeout": 60.0})
def test_sendall_sends_all_to_a_slow_reader(
    tested: ModuleUnderTest, peers: Peers, variant: float | None
) -> None:
    """More than the buffers hold: it waits, and returns None when all is gone."""
    sock, peer = connection(tested, peers)
    sock.do("settimeout", variant)
    data = Fill(12_000_000)

    call = sock.begin("sendall", data)
    waits = call.comes_to_wait()
    peer.expect(data)

    check(waits, expected="sendall() waits while nobody reads", actual="it has ended")
    same(None, call.expect_return(), "what sendall() returns")


@requirement("socket/sendall-takes-what-has-octets")
def test_sendall_takes_whatever_has_octets(tested: ModuleUnderTest, peers: Peers) -> None:
    """A bytearray, and a memoryview of more than octets."""
    sock, peer = connection(tested, peers)
    tested.library("array").do("array", "H", [258, 258], keep="numbers")

    sock.do("sendall", Room(3))
    sock.do("sendall", Kept("numbers"))

    peer.expect(b"\0\0\0\1\2\1\2".replace(b"\1\2", b"\2\1"))


@requirement("socket/sendall-tells-of-a-gone-peer")
def test_sendall_raises_when_the_peer_is_gone(tested: ModuleUnderTest, peers: Peers) -> None:
    """While it waits: EPIPE or ECONNRESET."""
    sock, peer = connection(tested, peers)
    call = sock.begin("sendall", Room(_MUCH))
    call.comes_to_wait()

    peer.reset()

    error = call.wait().error
    check(
        error is not None and error.errno_name in ("EPIPE", "ECONNRESET"),
        expected="EPIPE or ECONNRESET",
        actual=str(error),
    )


@requirement("socket/sendmsg-sends-buffers-in-order")
def test_sendmsg_sends_all_buffers(tested: ModuleUnderTest, peers: Peers) -> None:
    """One after the other, and returns how much."""
    sock, peer = connection(tested, peers)

    sock.expect(9, "sendmsg", [b"abc", b"", b"def", Room(3)])

    peer.expect(b"abcdef\0\0\0")


@requirement("socket/sendto-goes-to-its-address", variants={"address": (), "flags": (0,)})
def test_sendto_goes_where_it_says(tested: ModuleUnderTest, variant: tuple[int, ...]) -> None:
    """With flags before the address, or without; it returns how much was sent."""
    sock, first, second = (tested.bound_datagram(name) for name in ("sock", "first", "second"))

    sock.expect(3, "sendto", b"two", *variant, second.address)
    sock.expect(3, "sendto", b"one", *variant, first.address)

    first.expect(b"one", "recv", 100)
    second.expect(b"two", "recv", 100)


@requirement("socket/connected-datagrams-have-one-peer")
def test_connected_datagram_socket_has_one_peer(tested: ModuleUnderTest) -> None:
    """send() needs no address, and what comes from elsewhere is not received."""
    sock, peer, other = (tested.bound_datagram(name) for name in ("sock", "friend", "other"))
    sock.do("connect", peer.address)

    sock.do("send", b"hello")
    other.do("sendto", b"from elsewhere", sock.address)
    peer.do("sendto", b"from the peer", sock.address)

    peer.expect(b"hello", "recv", 100)
    sock.expect(b"from the peer", "recv", 100)


_PARTS: dict[str, tuple[dict[str, Any], bytes]] = {
    "whole": ({}, _DATA),
    "offset": ({"offset": 7}, _DATA[7:]),
    "count": ({"count": 11}, _DATA[:11]),
    "offset-and-count": ({"offset": 5_001, "count": 9_003}, _DATA[5_001:14_004]),
    "more-than-there-is": ({"offset": 19_990, "count": 100}, _DATA[19_990:]),
    "beyond-the-end": ({"offset": 20_001}, b""),
}


@requirement("socket/sendfile-sends-its-part", variants=_PARTS)
def test_sendfile_sends_the_part_that_was_asked_for(
    tested: ModuleUnderTest, peers: Peers, variant: tuple[dict[str, Any], bytes]
) -> None:
    """From the offset, as much as the count; it returns how much, and that is where the file is."""
    given, wanted = variant
    sock, peer = connection(tested, peers)
    file = file_with(tested, _FILL)

    call = sock.begin("sendfile", Kept("file"), **given)
    data, _ = peer.receive(len(wanted))
    sent = call.expect_return()

    same(wanted, data, "what comes")
    same(len(wanted), sent, "what sendfile() returns")
    if wanted:  # of nothing that was sent nobody says where the file is
        same(given.get("offset", 0) + len(wanted), file.do("tell"), "where the file is then")
    sock.do("close")
    peer.expect_end()


@requirement("socket/sendfile-takes-any-binary-file")
def test_sendfile_takes_a_file_without_a_descriptor(tested: ModuleUnderTest, peers: Peers) -> None:
    """Octets in memory: it reads and sends."""
    sock, peer = connection(tested, peers)
    tested.library("io").do("BytesIO", b"0123456789", keep="file")

    sent = sock.do("sendfile", Kept("file"), 2, 5)

    peer.expect(b"23456")
    same(5, sent, "what sendfile() returns")
    same(7, tested.held("file").do("tell"), "where the file is then")


@requirement("socket/sendfile-refuses-text")
def test_sendfile_refuses_a_file_of_text(tested: ModuleUnderTest, peers: Peers) -> None:
    """ValueError."""
    sock, _ = connection(tested, peers)
    tested.library("tempfile").do("TemporaryFile", "w+", keep="file")

    sock.expect_raised("ValueError", "sendfile", Kept("file"))


@requirement("socket/sendfile-refuses-what-does-not-wait")
def test_sendfile_refuses_a_non_blocking_socket(tested: ModuleUnderTest, peers: Peers) -> None:
    """ValueError."""
    sock, _ = connection(tested, peers)
    file_with(tested, b"abc")
    sock.do("setblocking", False)

    sock.expect_raised("ValueError", "sendfile", Kept("file"))


@requirement("socket/sendfile-refuses-datagrams")
def test_sendfile_refuses_a_datagram_socket(tested: ModuleUnderTest) -> None:
    """ValueError."""
    file_with(tested, b"abc")

    tested.bound_datagram().expect_raised("ValueError", "sendfile", Kept("file"))


def _pipe(tested: ModuleUnderTest) -> tuple[int, int]:
    ends: tuple[int, int] = tested.library("os").do("pipe")
    return ends


def _close(tested: ModuleUnderTest, *fds: int) -> None:
    for fd in fds:
        tested.library("os").do("close", fd)


@requirement("socket/descriptors-go-through-a-unix-socket")
def test_descriptor_that_was_sent_is_of_the_same_file(
    tested: ModuleUnderTest, capable: Capable
) -> None:
    """send_fds() and recv_fds(): it is another descriptor, of the same pipe, beside the octets."""
    needs(capable, "path")
    a, b = tested.pair()
    readable, writable = _pipe(tested)

    sent = tested.do("send_fds", a.kept, [b"a ", b"pipe"], [writable])
    told = message_of(tested, "recv_fds", b.kept, 100, 4)

    kinds = [type(part) for part in (told if isinstance(told, tuple) else ())]
    same([bytes, list, int], kinds[:3], "the types of what recv_fds() returns")
    data, fds, _, _ = told
    same((6, b"a pipe", 1), (sent, data, len(fds)), "octets sent, octets that came, descriptors")
    check(fds[0] != writable, expected="another descriptor", actual=fds[0])
    _close(tested, writable)
    tested.library("os").do("write", fds[0], b"through it")
    same(b"through it", tested.library("os").do("read", readable, 100), "what the pipe gives")
    _close(tested, readable, *fds)


@requirement("socket/descriptors-are-ancillary-data")
def test_descriptors_are_ancillary_data(tested: ModuleUnderTest, capable: Capable) -> None:
    """sendmsg() and recvmsg() of SCM_RIGHTS: level, type, and the numbers of two descriptors."""
    needs(capable, "path")
    a, b = tested.pair()
    ends = _pipe(tested)
    rights = Constant("SOL_SOCKET"), Constant("SCM_RIGHTS")
    tested.library("array").do("array", "i", list(ends), keep="numbers")

    a.do("sendmsg", [b"x"], [(*rights, Kept("numbers"))])
    data, ancillary, flags, _ = message_of(b, "recvmsg", 10, tested.do("CMSG_SPACE", 8))

    same((b"x", 1, 0), (data, len(ancillary), flags & 0x20), "octets, messages, nothing was cut")
    told = ancillary[0][2]
    same(8, len(told), "octets of the descriptors")
    fds = [int.from_bytes(told[n : n + 4], "little") for n in (0, 4)]
    for fd in fds:
        tested.library("os").do("fstat", fd)
    _close(tested, *ends, *fds)


@requirement("socket/cut-ancillary-data-is-told")
def test_ancillary_data_without_room_is_told(tested: ModuleUnderTest, capable: Capable) -> None:
    """MSG_CTRUNC, and no descriptor is left open."""
    needs(capable, "path")
    a, b = tested.pair()
    ends = _pipe(tested)
    rights = Constant("SOL_SOCKET"), Constant("SCM_RIGHTS")
    tested.library("array").do("array", "i", list(ends), keep="numbers")

    a.do("sendmsg", [b"x"], [(*rights, Kept("numbers"))])
    data, ancillary, flags, _ = message_of(b, "recvmsg", 10)

    same((b"x", []), (data, ancillary), "octets and ancillary data")
    check(flags & 8, expected="MSG_CTRUNC in the flags", actual=flags)
    _close(tested, *ends)
