"""sendmsg() and recvmsg() in their forms, descriptors beside octets, and broadcasts."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Capable,
    Constant,
    Kept,
    ModuleUnderTest,
    NotApplicable,
    Observe,
    Peers,
    Room,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection, message_of, needs, some_are_sent

_RIGHTS = Constant("SOL_SOCKET"), Constant("SCM_RIGHTS")
_MUCH = 32 << 20
_CTRUNC = 8
# SO_PASSCRED of Linux, which not every module has.
_PASSCRED = 16


@requirement("socket/sendmsg-goes-to-its-address")
def test_sendmsg_goes_where_it_says(tested: ModuleUnderTest) -> None:
    """The buffers are one datagram, to the address after ancillary data and flags."""
    sock, first, second = (tested.bound_datagram(name) for name in ("sock", "first", "second"))

    sock.expect(6, "sendmsg", [b"to ", b"two"], [], 0, second.address)
    sock.expect(3, "sendmsg", [b"one"], [], 0, first.address)

    first.expect(b"one", "recv", 100)
    second.expect(b"to two", "recv", 100)


@requirement("socket/sendmsg-takes-any-iterable", variants={"tuple": "tuple", "iterator": "iter"})
def test_sendmsg_takes_buffers_from_any_iterable(
    tested: ModuleUnderTest, peers: Peers, variant: str
) -> None:
    """In their order."""
    sock, peer = connection(tested, peers)
    tested.library("builtins").do(variant, [b"abc", b"de", Room(1)], keep="buffers")

    sock.expect(6, "sendmsg", Kept("buffers"))

    peer.expect(b"abcde\0")


@requirement("socket/sendmsg-tells-how-much-was-sent")
def test_sendmsg_tells_how_much_of_it_was_sent(tested: ModuleUnderTest, peers: Peers) -> None:
    """Of more than there is room for it is less, and just that much comes."""
    sock, peer = connection(tested, peers)
    sock.do("setblocking", False)

    sent = sock.do("sendmsg", [Room(_MUCH), Room(_MUCH)])

    some_are_sent(sent, 2 * _MUCH)
    sock.do("close")
    data, ending = peer.receive_to_end()
    same((sent, "end of stream"), (len(data), str(ending)), "how much comes, and what then")


@requirement("socket/recvmsg-gives-no-more-than-asked")
def test_recvmsg_gives_at_most_so_many_octets(tested: ModuleUnderTest, peers: Peers) -> None:
    """Of a stream the rest comes with the next call; a negative size is refused."""
    sock, peer = connection(tested, peers)
    peer.send(b"abcdef")

    first = message_of(sock, "recvmsg", 2)[0]
    sock.expect_raised("ValueError", "recvmsg", -1)
    rest = message_of(sock, "recvmsg", 100)[0]

    same((b"ab", b"cdef"), (first, rest), "what two calls give")


@requirement("socket/recvmsg-heeds-its-flags")
def test_recvmsg_peeks(tested: ModuleUnderTest, peers: Peers) -> None:
    """MSG_PEEK, after the room for ancillary data: the octets are there still."""
    sock, peer = connection(tested, peers)
    peer.send(b"abc")

    for flags in (Constant("MSG_PEEK"), 0):
        same(b"abc", message_of(sock, "recvmsg", 100, 0, flags)[0], "what recvmsg() gives")


def _pipe(tested: ModuleUnderTest) -> tuple[int, int]:
    ends: tuple[int, int] = tested.library("os").do("pipe")
    return ends


def _close(tested: ModuleUnderTest, *fds: int) -> None:
    for fd in fds:
        tested.library("os").do("close", fd)


@requirement("socket/recvmsg-into-tells-four-things")
def test_recvmsg_into_gives_all_about_the_message(
    tested: ModuleUnderTest, capable: Capable
) -> None:
    """The number of octets, ancillary data, flags, and the address of who has sent it."""
    needs(capable, "path")
    sock = tested.bound_datagram("sock", "path")
    other = tested.bound_datagram("other", "path")
    ends = _pipe(tested)
    tested.library("array").do("array", "i", [ends[0]], keep="numbers")
    other.do("sendmsg", [b"hello"], [(*_RIGHTS, Kept("numbers"))], 0, sock.address)

    told = message_of(sock, "recvmsg_into", [Room(100)], tested.do("CMSG_SPACE", 4))

    same((5, other.address), (told[0], told[3]), "how many octets came, and from where")
    same(0, told[2] & _CTRUNC, "MSG_CTRUNC in the flags")
    fds = [int.from_bytes(one[2], "little") for one in told[1]]
    same(1, len(fds), "how many descriptors came")
    _close(tested, *ends, *fds)


_PEEKING: dict[str, tuple[Any, ...]] = {
    "recv_into": (Room(3), 0),
    "recvfrom": (3,),
    "recvfrom_into": (Room(3), 0),
    "recvmsg": (3, 0),
    "recvmsg_into": ([Room(3)], 0),
}


@requirement("socket/any-call-peeks", variants=_PEEKING)
def test_any_call_that_receives_can_peek(
    tested: ModuleUnderTest, peers: Peers, variant: tuple[Any, ...]
) -> None:
    """MSG_PEEK: the octets are there still."""
    call = next(one for one, given in _PEEKING.items() if given is variant)
    sock, peer = connection(tested, peers)
    peer.send(b"abc")
    peer.half_close()

    sock.do(call, *variant, Constant("MSG_PEEK"))

    sock.expect(b"abc", "recv", 100)


@requirement("socket/recv-fds-keeps-to-its-number")
def test_recv_fds_gives_at_most_so_many_descriptors(
    tested: ModuleUnderTest, capable: Capable
) -> None:
    """Of two that were sent it is one, and the flags tell it."""
    needs(capable, "path")
    a, b = tested.pair()
    ends = _pipe(tested)
    tested.do("send_fds", a.kept, [b"x"], list(ends))

    data, fds, flags, _ = message_of(tested, "recv_fds", b.kept, 100, 1)

    same((b"x", 1), (data, len(fds)), "the octets, and how many descriptors")
    check(flags & _CTRUNC, expected="MSG_CTRUNC in the flags", actual=flags)
    _close(tested, *ends, *fds)


@requirement("socket/recv-fds-has-room-for-its-number")
def test_recv_fds_gives_as_many_descriptors_as_it_is_asked_for(
    tested: ModuleUnderTest, capable: Capable
) -> None:
    """Of five that were sent it is five."""
    needs(capable, "path")
    a, b = tested.pair()
    ends = _pipe(tested)
    tested.do("send_fds", a.kept, [b"x"], [ends[0]] * 5)

    kept = ("data", "fds", "flags", "address")
    data, fds, flags, _ = message_of(tested, "recv_fds", b.kept, 100, 5, keep=kept)

    tested.library("builtins").expect(5, "len", Kept("fds"))
    same((b"x", 5), (data, len(set(fds))), "the octets, and how many descriptors differ")
    same(0, flags & _CTRUNC, "MSG_CTRUNC in the flags")
    _close(tested, *ends, *fds)


@requirement("socket/recv-fds-gives-descriptors-alone")
def test_recv_fds_gives_descriptors_alone(tested: ModuleUnderTest, capable: Capable) -> None:
    """Of a socket that is given the credentials of its peer as well, with room for all."""
    needs(capable, "path")
    a, b = tested.pair()
    ends = _pipe(tested)
    b.do("setsockopt", Constant("SOL_SOCKET"), _PASSCRED, 1)
    tested.do("send_fds", a.kept, [b"x"], [ends[0]])

    data, fds, flags, _ = message_of(tested, "recv_fds", b.kept, 100, 32)

    same((b"x", 1), (data, len(fds)), "the octets, and how many descriptors")
    same(0, flags & _CTRUNC, "MSG_CTRUNC in the flags")
    _close(tested, *ends, *fds)


@requirement("socket/listener-goes-through-a-unix-socket")
def test_listener_that_was_sent_takes_clients(
    tested: ModuleUnderTest, peers: Peers, capable: Capable
) -> None:
    """Its descriptor comes, and is made a socket, after the first one is closed."""
    needs(capable, "path")
    a, b = tested.pair()
    listener = tested.listening()
    tested.do("send_fds", a.kept, [b"x"], [listener.do("fileno")])
    where = listener.address
    listener.do("close")

    fds = message_of(tested, "recv_fds", b.kept, 1, 1)[1]
    same(1, len(fds), "how many descriptors come")
    tested.do("socket", fileno=fds[0], keep="again")

    again = tested.held("again")
    same(where, again.address, "where it listens")
    peer = peers.stream().connect(again)
    same(peer.address, again.do("accept", keep=("conn", "at"))[1], "who has come")


@requirement("socket/what-helpers-of-descriptors-heed")
def test_what_send_fds_and_recv_fds_heed_is_recorded(
    tested: ModuleUnderTest, capable: Capable, observe: Observe
) -> None:
    """The address of one and the flags of the other; and whether programs inherit what comes."""
    needs(capable, "path")
    a, b = tested.pair()
    ends = _pipe(tested)
    other = tested.bound_datagram("other", "path")
    alone = tested.datagram("alone", "path")

    sent = tested.attempt("send_fds", alone.kept, [b"x"], [ends[0]], 0, other.address)
    observe("an address of send_fds()", sent.error.name if sent.error else "it is sent there")
    tested.do("send_fds", a.kept, [b"x"], [ends[0]])
    came = message_of(tested, "recv_fds", b.kept, 1, 1, Constant("MSG_PEEK"))[1]
    b.do("setblocking", False)
    again = b.attempt("recv", 1)
    observe("MSG_PEEK of recv_fds()", "it takes the octet" if again.error else "it leaves it")
    inheritable = [tested.library("os").do("get_inheritable", fd) for fd in came[:1]]
    observe("inheritable", inheritable[0] if inheritable else "nothing comes")
    _close(tested, *ends, *came)


@requirement("socket/broadcast-needs-permission")
def test_broadcast_is_refused_unless_it_is_allowed(tested: ModuleUnderTest) -> None:
    """EACCES without SO_BROADCAST; with it, a datagram to all of loopback is sent."""
    everybody = tested.datagram("everybody")
    if everybody.attempt("bind", ("127.255.255.255", 0)).error is not None:
        raise NotApplicable("loopback has no address for all here")
    sock = tested.datagram()

    sock.expect_error("EACCES", "sendto", b"refused", everybody.address)
    sock.do("setsockopt", Constant("SOL_SOCKET"), Constant("SO_BROADCAST"), 1)
    sock.expect(7, "sendto", b"allowed", everybody.address)

    everybody.expect(b"allowed", "recv", 100)


_NULL: dict[str, Any] = {"of-four": 4, "of-none": 0}


@requirement("socket/option-of-no-value", variants=_NULL)
def test_option_without_a_value_comes_to_the_system(tested: ModuleUnderTest, variant: int) -> None:
    """None and a length: the system finds no number there."""
    given = Constant("SOL_SOCKET"), Constant("SO_REUSEADDR"), None, variant

    error = tested.stream().refused("setsockopt", *given)

    found = error.errno_name
    check(found in ("EFAULT", "EINVAL"), expected="EFAULT or EINVAL", actual=str(error))


@requirement("socket/option-of-no-value-needs-a-length")
def test_option_without_value_and_length_is_refused(tested: ModuleUnderTest) -> None:
    """TypeError; a length beside a value, too."""
    option = Constant("SOL_SOCKET"), Constant("SO_REUSEADDR")
    sock = tested.stream()

    for more in ((None,), (1, 4), (b"\1\0\0\0", 4)):
        sock.expect_raised("TypeError", "setsockopt", *option, *more)
