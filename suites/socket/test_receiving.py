"""The recv family: sizes, ends, flags, buffers, datagrams, ancillary data."""

from __future__ import annotations

import socket

from fixtures import (
    Capable,
    Constant,
    Kept,
    ModuleUnderTest,
    Peers,
    Room,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection, message_of, needs

_FAMILIES = {"inet": "inet", "inet6": "inet6", "path": "path"}


@requirement("socket/recv-gives-no-more-than-asked")
def test_recv_gives_at_most_so_many_octets(tested: ModuleUnderTest, peers: Peers) -> None:
    """The rest comes with the next call."""
    sock, peer = connection(tested, peers)
    peer.send(b"abcdef")

    sock.expect(b"ab", "recv", 2)
    sock.expect(b"cdef", "recv", 100)


@requirement("socket/recv-tells-the-end")
def test_recv_gives_nothing_at_the_end(tested: ModuleUnderTest, peers: Peers) -> None:
    """Once what was sent before it is read; and again after that."""
    sock, peer = connection(tested, peers)
    peer.send(b"last words")
    peer.half_close()

    sock.expect(b"last words", "recv", 100)
    sock.expect(b"", "recv", 100)
    sock.expect(b"", "recv", 100)


@requirement("socket/recv-of-zero-octets-is-nothing")
def test_recv_of_zero_octets_takes_nothing(tested: ModuleUnderTest, peers: Peers) -> None:
    """And leaves what is there."""
    sock, peer = connection(tested, peers)
    peer.send(b"abc")
    sock.expect(b"a", "recv", 1)

    sock.expect(b"", "recv", 0)
    sock.expect(b"bc", "recv", 100)


@requirement("socket/negative-size-is-refused", variants={"recv": "recv", "recvfrom": "recvfrom"})
def test_negative_size_is_refused(tested: ModuleUnderTest, peers: Peers, variant: str) -> None:
    """ValueError, and nothing is lost."""
    sock, peer = connection(tested, peers)
    peer.send(b"abc")

    sock.expect_raised("ValueError", variant, -1)

    sock.expect(b"abc", "recv", 100)


@requirement("socket/recv-into-fills-a-buffer")
def test_recv_into_writes_to_the_buffer(tested: ModuleUnderTest, peers: Peers) -> None:
    """It returns how much came, and leaves the rest of the buffer."""
    sock, peer = connection(tested, peers)
    peer.send(b"abcdef")
    tested.library("builtins").do("bytearray", b"........", keep="room")

    same(6, sock.do("recv_into", Kept("room")), "what recv_into() returns")

    same(b"abcdef..", tested.library("builtins").do("bytes", Kept("room")), "the buffer")


@requirement("socket/recv-into-takes-a-size", variants={"some": (3, 3), "all": (0, 6)})
def test_recv_into_gives_at_most_the_size(
    tested: ModuleUnderTest, peers: Peers, variant: tuple[int, int]
) -> None:
    """Of 0 octets it is as many as the buffer holds."""
    size, wanted = variant
    sock, peer = connection(tested, peers)
    peer.send(b"abcdef")

    same(wanted, sock.do("recv_into", Room(8), size), "what recv_into() returns")


@requirement("socket/recv-into-refuses-more-than-the-buffer")
def test_recv_into_refuses_a_size_beyond_the_buffer(tested: ModuleUnderTest, peers: Peers) -> None:
    """ValueError; a negative size too."""
    sock, peer = connection(tested, peers)
    peer.send(b"abcdef")

    for size in (9, -1):
        sock.expect_raised("ValueError", "recv_into", Room(8), size)


@requirement("socket/recv-peek-leaves-the-octets")
def test_peeked_octets_are_there_still(tested: ModuleUnderTest, peers: Peers) -> None:
    """MSG_PEEK."""
    sock, peer = connection(tested, peers)
    peer.send(b"abc")

    sock.expect(b"abc", "recv", 100, Constant("MSG_PEEK"))
    sock.expect(b"abc", "recv", 100)


@requirement("socket/recv-waitall-waits-for-all")
def test_waitall_gives_all_that_was_asked_for(tested: ModuleUnderTest, peers: Peers) -> None:
    """Though it comes in two pieces."""
    sock, peer = connection(tested, peers)
    peer.send(b"abc")

    call = sock.begin("recv", 6, Constant("MSG_WAITALL"))
    waits = call.comes_to_wait()
    peer.send(b"def")

    check(waits, expected="recv() waits for the rest", actual="it has ended")
    same(b"abcdef", call.expect_return(), "what recv() returns")


@requirement("socket/recv-dontwait-does-not-wait")
def test_dontwait_raises_at_once(tested: ModuleUnderTest, peers: Peers) -> None:
    """EAGAIN of a socket that blocks."""
    sock, _ = connection(tested, peers)

    sock.expect_error("EAGAIN", "recv", 100, Constant("MSG_DONTWAIT"))


@requirement("socket/recvfrom-tells-the-sender", variants=_FAMILIES)
def test_recvfrom_tells_who_has_sent(
    tested: ModuleUnderTest, variant: str, capable: Capable
) -> None:
    """Of a datagram, by the address that its socket has; recvfrom_into() as well."""
    needs(capable, variant)
    sock, other = tested.bound_datagram("sock", variant), tested.bound_datagram("other", variant)
    own = other.address
    for _ in range(2):
        other.do("sendto", b"hello", sock.address)

    same((b"hello", own), sock.do("recvfrom", 100), "recvfrom()")
    same((5, own), sock.do("recvfrom_into", Room(100)), "recvfrom_into()")


@requirement("socket/datagrams-stay-apart")
def test_each_recv_gives_one_datagram(tested: ModuleUnderTest) -> None:
    """An empty one is one, too; what does not fit is lost."""
    sock, other = tested.bound_datagram(), tested.bound_datagram("other")
    for data in (b"first", b"", b"third"):
        other.do("sendto", data, sock.address)

    sock.expect(b"fir", "recv", 3)
    sock.expect(b"", "recv", 100)
    sock.expect(b"third", "recv", 100)


@requirement("socket/recvmsg-tells-four-things")
def test_recvmsg_gives_data_and_all_about_it(tested: ModuleUnderTest) -> None:
    """The octets, no ancillary data, no flag, and the sender."""
    sock, other = tested.bound_datagram(), tested.bound_datagram("other")
    other.do("sendto", b"hello", sock.address)

    data, ancillary, flags, sender = message_of(sock, "recvmsg", 100)

    same((b"hello", [], 0), (data, ancillary, flags), "data, ancillary data and flags")
    same(other.address, sender, "the sender")


@requirement("socket/recvmsg-tells-what-was-cut")
def test_recvmsg_tells_of_a_datagram_that_was_cut(tested: ModuleUnderTest) -> None:
    """MSG_TRUNC."""
    sock, other = tested.bound_datagram(), tested.bound_datagram("other")
    other.do("sendto", b"hello", sock.address)

    data, _, flags, _ = message_of(sock, "recvmsg", 2)

    same(b"he", data, "the octets")
    check(flags & socket.MSG_TRUNC, expected="MSG_TRUNC in the flags", actual=flags)


@requirement("socket/recvmsg-into-fills-buffers")
def test_recvmsg_into_fills_one_buffer_after_the_other(tested: ModuleUnderTest) -> None:
    """It returns how many octets came."""
    a, b = tested.pair()
    for name in ("one", "two"):
        tested.library("builtins").do("bytearray", 3, keep=name)
    a.do("sendall", b"abcde")

    told = message_of(b, "recvmsg_into", [Kept("one"), Kept("two")])

    same(5, told[0], "how many octets came")
    as_octets = [tested.library("builtins").do("bytes", Kept(name)) for name in ("one", "two")]
    same([b"abc", b"de\0"], as_octets, "the buffers")
