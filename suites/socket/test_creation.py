"""What a new socket is, and its descriptor."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

from fixtures import (
    Capable,
    Constant,
    HeldSocket,
    Kept,
    ModuleUnderTest,
    Observe,
    Peers,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection, needs, told_by

Maker = Callable[[ModuleUnderTest, Peers], HeldSocket]
_CONSTANTS = {"inet": "AF_INET", "inet6": "AF_INET6", "path": "AF_UNIX"}
_NEW = {f"{family}-{kind}": (family, kind) for family in _CONSTANTS for kind in ("STREAM", "DGRAM")}


@requirement("socket/default-family-and-type")
def test_socket_without_arguments_is_a_tcp_socket(tested: ModuleUnderTest) -> None:
    """AF_INET, SOCK_STREAM and protocol 0."""
    tested.do("socket", keep="sock")

    sock = tested.held("sock")
    same(int(socket.AF_INET), sock.get("family"), "its family")
    same(int(socket.SOCK_STREAM), sock.get("type"), "its type")
    same(0, sock.get("proto"), "its protocol")


@requirement("socket/family-and-type-are-kept", variants=_NEW)
def test_socket_has_the_family_and_type_asked_for(
    tested: ModuleUnderTest, variant: tuple[str, str], capable: Capable
) -> None:
    """As attributes, and as the system has it."""
    family, kind = variant
    needs(capable, family)
    asked = Constant(_CONSTANTS[family]), Constant(f"SOCK_{kind}")

    tested.do("socket", *asked, keep="sock")

    sock = tested.held("sock")
    same(int(getattr(socket, _CONSTANTS[family])), sock.get("family"), "its family")
    same(int(getattr(socket, f"SOCK_{kind}")), sock.get("type"), "its type")
    of_system = sock.do("getsockopt", Constant("SOL_SOCKET"), Constant("SO_TYPE"))
    same(int(getattr(socket, f"SOCK_{kind}")), of_system, "its type as the system has it")


def _accepted(tested: ModuleUnderTest, peers: Peers) -> HeldSocket:
    return connection(tested, peers)[0]


def _copy(tested: ModuleUnderTest, _peers: Peers) -> HeldSocket:
    tested.stream("first").do("dup", keep="sock")
    return tested.held("sock")


def _of_descriptor(tested: ModuleUnderTest, _peers: Peers) -> HeldSocket:
    fd = tested.stream("first").do("fileno")
    tested.do("fromfd", fd, Constant("AF_INET"), Constant("SOCK_STREAM"), keep="sock")
    return tested.held("sock")


_MAKERS: Mapping[str, Maker] = {
    "socket": lambda tested, _: tested.stream(),
    "socketpair": lambda tested, _: tested.pair("sock", "other")[0],
    "accept": _accepted,
    "dup": _copy,
    "fromfd": _of_descriptor,
}


@requirement("socket/new-sockets-are-not-inherited", variants=_MAKERS)
def test_no_program_inherits_a_new_socket(
    tested: ModuleUnderTest, peers: Peers, variant: Maker
) -> None:
    """However it was made."""
    sock = variant(tested, peers)

    same(False, sock.do("get_inheritable"), "get_inheritable()")
    inherited = tested.library("os").do("get_inheritable", sock.do("fileno"))
    same(False, inherited, "what the system says of its descriptor")


@requirement("socket/inheritance-can-be-chosen")
def test_inheritance_is_as_it_was_set(tested: ModuleUnderTest) -> None:
    """On and off again, for the system too."""
    sock = tested.stream()
    fd = sock.do("fileno")

    for wanted in (True, False):
        sock.do("set_inheritable", wanted)

        same(wanted, sock.do("get_inheritable"), "get_inheritable()")
        same(wanted, tested.library("os").do("get_inheritable", fd), "what the system says")


@requirement("socket/with-statement-closes")
def test_leaving_a_with_statement_closes(tested: ModuleUnderTest, peers: Peers) -> None:
    """The name after 'as' is the socket, and at the end the peer's stream ends."""
    sock, peer = connection(tested, peers)

    sock.do("__enter__", keep="entered")
    sock.do("__exit__", None, None, None)

    peer.expect_end()
    same(-1, sock.do("fileno"), "fileno() of the socket after the with statement")
    same(-1, tested.held("entered").do("fileno"), "fileno() of what it was entered as")


@requirement("socket/fileno-is-an-open-descriptor")
def test_fileno_is_a_descriptor_that_the_system_knows(tested: ModuleUnderTest) -> None:
    """One that can be asked for what it is, and -1 once it is closed."""
    sock = tested.stream()

    fd = sock.do("fileno")

    check(isinstance(fd, int) and fd >= 0, expected="a descriptor", actual=fd)
    tested.library("os").do("fstat", fd)
    sock.do("close")
    same(-1, sock.do("fileno"), "fileno() of a closed socket")
    tested.library("os").expect_error("EBADF", "fstat", fd)


@requirement("socket/socket-of-a-descriptor-finds-its-family")
def test_socket_of_a_descriptor_is_what_that_is(tested: ModuleUnderTest, capable: Capable) -> None:
    """Neither family nor type is given."""
    needs(capable, "inet6")
    fd = tested.datagram("first", "inet6").do("detach")

    tested.do("socket", fileno=fd, keep="sock")

    sock = tested.held("sock")
    same(int(socket.AF_INET6), sock.get("family"), "its family")
    same(int(socket.SOCK_DGRAM), sock.get("type"), "its type")
    same(fd, sock.do("fileno"), "its descriptor")


@requirement("socket/socket-of-a-descriptor-finds-its-protocol")
def test_socket_of_a_descriptor_has_its_protocol(tested: ModuleUnderTest) -> None:
    """That of the system, which a stream has even if none was asked for."""
    fd = tested.stream("first").do("detach")

    tested.do("socket", fileno=fd, keep="sock")

    same(int(socket.IPPROTO_TCP), tested.held("sock").get("proto"), "its protocol")


@requirement("socket/family-without-a-name-is-a-number")
def test_family_and_type_without_a_name_are_numbers(tested: ModuleUnderTest) -> None:
    """Of a descriptor, for which they are given, and so are not found."""
    tested.stream("first").do("detach", keep="fd")

    tested.do("socket", 250, 77, 0, Kept("fd"), keep="sock")

    sock = tested.held("sock")
    same(250, sock.get("family"), "its family")
    same(77, sock.get("type"), "its type")


@requirement("socket/detach-keeps-the-descriptor-open")
def test_detached_descriptor_stays_open(tested: ModuleUnderTest, peers: Peers) -> None:
    """The socket is closed, and the connection goes on."""
    sock, peer = connection(tested, peers)
    before = sock.do("fileno")

    fd = sock.do("detach")

    same(before, fd, "what detach() returns")
    same(-1, sock.do("fileno"), "fileno() after detach()")
    tested.library("os").do("write", fd, b"still here")
    peer.expect(b"still here")
    tested.library("os").do("close", fd)


@requirement("socket/dup-is-independent")
def test_copy_outlives_what_it_was_made_of(tested: ModuleUnderTest, peers: Peers) -> None:
    """It has another descriptor, of the same connection."""
    sock, peer = connection(tested, peers)

    sock.do("dup", keep="copy")
    copy = tested.held("copy")
    other = copy.do("fileno") != sock.do("fileno")
    sock.do("close")

    check(other, expected="another descriptor", actual="the same")
    same(int(socket.AF_INET), copy.get("family"), "its family")
    copy.do("sendall", b"by the copy")
    peer.expect(b"by the copy")
    copy.do("close")
    peer.expect_end()


@requirement("socket/copy-leaves-the-mode")
def test_copy_of_what_does_not_wait_leaves_it_so(tested: ModuleUnderTest) -> None:
    """The mode of the system is that of both: neither comes to wait."""
    a, _ = tested.pair()
    a.do("setblocking", False)

    a.do("dup", keep="copy")

    same(0.0, tested.held("copy").do("gettimeout"), "gettimeout() of the copy")
    a.expect_error("EAGAIN", "recv", 10)
    tested.held("copy").expect_error("EAGAIN", "recv", 10)


@requirement("socket/fromfd-duplicates")
def test_socket_of_fromfd_has_a_descriptor_of_its_own(
    tested: ModuleUnderTest, peers: Peers
) -> None:
    """To close it does not close the one that it was made of."""
    sock, peer = connection(tested, peers)
    fd = sock.do("fileno")

    tested.do("fromfd", fd, Constant("AF_INET"), Constant("SOCK_STREAM"), keep="copy")
    other = tested.held("copy").do("fileno") != fd
    tested.held("copy").do("close")

    check(other, expected="another descriptor", actual="the same")
    sock.do("sendall", b"still here")
    peer.expect(b"still here")


@requirement("socket/module-close-closes-a-descriptor")
def test_close_of_the_module_closes_a_descriptor(tested: ModuleUnderTest) -> None:
    """That of a socket, which nobody has any more."""
    fd = tested.stream().do("detach")

    tested.do("close", fd)

    tested.library("os").expect_error("EBADF", "fstat", fd)


_PAIRS = {"default": (), "stream": ("SOCK_STREAM",), "datagram": ("SOCK_DGRAM",)}


@requirement("socket/pair-is-connected", variants=_PAIRS)
def test_what_one_of_a_pair_sends_the_other_receives(
    tested: ModuleUnderTest, variant: tuple[str, ...], capable: Capable
) -> None:
    """In both directions; of AF_UNIX, where there is that."""
    needs(capable, "path")
    kinds = [Constant(kind) for kind in variant]
    given = [Constant("AF_UNIX"), *kinds] if kinds else []

    tested.do("socketpair", *given, keep=("a", "b"))

    a, b = tested.held("a"), tested.held("b")
    for one, other in ((a, b), (b, a)):
        one.do("send", b"to the other")
        other.expect(b"to the other", "recv", 100)
    same(int(socket.AF_UNIX), a.get("family"), "the family of a pair")
    same(int(getattr(socket, (*variant, "SOCK_STREAM")[0])), b.get("type"), "the type of a pair")


@requirement("socket/pair-is-of-the-module")
def test_both_of_a_pair_are_sockets_of_the_module(
    tested: ModuleUnderTest, capable: Capable
) -> None:
    """With all that these have, and of the protocol asked for."""
    needs(capable, "path")

    a, b = tested.pair()

    for name, sock in {"first": a, "second": b}.items():
        is_one = tested.library("builtins").do("isinstance", sock.kept, Constant("socket"))
        check(is_one, expected=f"the {name} is a socket of the module", actual="it is none")
        same(0, sock.get("proto"), f"the protocol of the {name}")
    # Of Unix sockets Linux knows one more number, that of their family.
    given = Constant("AF_UNIX"), Constant("SOCK_STREAM"), 1
    if tested.attempt("socketpair", *given, keep=("c", "d")).error is None:
        for name in ("c", "d"):
            same(1, tested.held(name).get("proto"), f"the protocol of {name}, made with 1")


_NO_PAIRS = {"of-ipv4": ("AF_INET", "SOCK_STREAM", 0), "protocol": ("AF_UNIX", "SOCK_STREAM", 99)}


@requirement("socket/pair-that-cannot-be-is-refused", variants=_NO_PAIRS)
def test_pair_that_the_system_has_not_is_refused(
    tested: ModuleUnderTest, variant: tuple[str, str, int], capable: Capable
) -> None:
    """OSError, as of the system, or ValueError; who makes one of IPv4 by itself gives just that. Of
    Unix sockets nobody can make one of a protocol that they have not."""
    needs(capable, "path")
    family, kind, protocol = variant

    made = tested.attempt("socketpair", Constant(family), Constant(kind), protocol, keep=("a", "b"))

    if made.error is not None or family == "AF_UNIX":
        right = made.error is not None and made.error.is_a("OSError", "ValueError")
        told = str(made.error or "a pair is made")
        check(right, expected="OSError or ValueError", actual=told)
        return
    for name in ("a", "b"):
        sock = tested.held(name)
        same(int(getattr(socket, family)), sock.get("family"), f"the family of {name}")
        same(protocol, sock.get("proto"), f"the protocol of {name}")


@requirement("socket/sockets-are-referred-to-weakly")
def test_socket_is_referred_to_weakly(tested: ModuleUnderTest) -> None:
    """While there is a strong reference, the weak one leads to it."""
    sock = tested.stream()

    tested.library("weakref").do("ref", sock.kept, keep="weak")
    tested.held("weak").do("__call__", keep="found")

    same(sock.do("fileno"), tested.held("found").do("fileno"), "where the weak reference leads")


@requirement("socket/forgotten-sockets-are-closed")
def test_collected_socket_is_closed(tested: ModuleUnderTest, peers: Peers) -> None:
    """Once nobody refers to it, and garbage was collected."""
    _, peer = connection(tested, peers)

    tested.forget("sock")
    tested.library("gc").do("collect")

    peer.expect_end()


@requirement("socket/text-of-a-socket")
def test_text_of_a_socket_is_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """What repr() says of a new one and of a closed one, but for numbers of descriptors."""
    tested.do("socket", keep="sock")
    sock = tested.held("sock")

    for state in ("new", "closed"):
        observe(state, told_by(tested, str(sock.do("__repr__")), sock.do("fileno")))
        sock.do("close")


_NEVER_MADE = """
try:
    told = repr(tested.socket.__new__(tested.socket))
except Exception as error:
    told = type(error).__name__
"""
_DETACHED = """
import os
class Counted(tested.socket):
    closed = 0
    def close(self):
        Counted.closed += 1
with Counted() as counted:
    os.close(counted.detach())
"""


@requirement("socket/text-of-odd-sockets")
def test_text_of_odd_sockets_is_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """What repr() says of one that was never made, and of one whose descriptor was closed."""
    tested.execute(_NEVER_MADE)
    observe("never made", told_by(tested, str(tested.value_of("told"))))
    sock = tested.stream()
    fd = sock.do("fileno")
    sock.do("makefile", "rb", buffering=0, keep="file")
    tested.library("os").do("close", fd)

    ended = sock.attempt("__repr__")
    observe("closed by os", told_by(tested, str(ended.error or ended.value), fd))
    sock.do("close")
    file = tested.held("file")
    observe("its last file", str(file.attempt("close").error))
    closed = tested.library("builtins").do("getattr", file.kept, "closed")
    text = told_by(tested, str(sock.do("__repr__")))
    observe("closed then", f"{text}, its file: {closed}")
    other = tested.stream("other")
    tested.library("os").do("close", other.do("fileno"))
    error, text = other.attempt("close").error, told_by(tested, str(other.do("__repr__")))
    observe("close() of such a one", f"{error}, {text}")
    given = (other.kept, "no_such_attribute", 1)
    observe("a new attribute", str(tested.library("builtins").attempt("setattr", *given).error))
    tested.execute(_DETACHED)
    times = tested.value_of("Counted.closed")
    observe("how often a with statement closes what was detached", str(times))
