"""What no other case looks at: files that are closed, enumerations,
and the words of what is refused."""

from __future__ import annotations

import re
from typing import Any

from fixtures import (
    Capable,
    Constant,
    Fill,
    HeldSocket,
    Kept,
    ModuleUnderTest,
    Observe,
    Peers,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection, memory_with, names_of_host, needs, told_by

_ASKED = ("readable", "writable", "fileno")


@requirement("socket/closed-files-refuse-everything")
def test_closed_file_refuses_everything(tested: ModuleUnderTest) -> None:
    """ValueError, as io says, and of the file that was below a buffer, too."""
    a, _ = tested.pair()
    for mode, call, given in (("rb", "read", 1), ("wb", "write", b"x")):
        a.do("makefile", mode, buffering=0, keep="file")
        file = tested.held("file")

        file.do("close")

        for name in _ASKED:
            file.expect_raised("ValueError", name)
        file.expect_raised("ValueError", call, given)
        file.do("close")


@requirement("socket/file-refuses-the-other-direction")
def test_file_refuses_the_other_direction(tested: ModuleUnderTest) -> None:
    """UnsupportedOperation, which is OSError and ValueError, though the socket could."""
    a, b = tested.pair()
    b.do("sendall", b"abc")
    a.do("makefile", "rb", buffering=0, keep="reading")
    a.do("makefile", "wb", buffering=0, keep="writing")

    tested.held("reading").expect_raised("UnsupportedOperation", "write", b"x")
    tested.held("writing").expect_raised("UnsupportedOperation", "read", 1)


@requirement("socket/file-without-waiting-writes-none")
def test_file_of_a_full_socket_writes_none(tested: ModuleUnderTest) -> None:
    """Once there is no room, and after it has written as much as there was."""
    a, _ = tested.pair()
    a.do("setblocking", False)
    a.do("makefile", "wb", buffering=0, keep="file")
    file = tested.held("file")

    written = [file.do("write", Fill(100_000)) for _ in range(200)]

    check(bool(written[0]), expected="octets are written at first", actual=str(written[0]))
    same(None, written[-1], "what write() returns of a full socket")


@requirement("socket/sockets-are-not-pickled")
def test_socket_cannot_be_pickled(tested: ModuleUnderTest) -> None:
    """TypeError, by any protocol."""
    sock = tested.stream()

    for protocol in (0, 2):
        tested.library("pickle").expect_raised("TypeError", "dumps", sock.kept, protocol)


_HOSTS = ("localhost", "127.0.0.1", " localhost ")


@requirement("socket/getfqdn-is-the-first-name-with-a-dot", variants={str(n): n for n in range(3)})
def test_getfqdn_is_the_first_name_with_a_dot(tested: ModuleUnderTest, variant: int) -> None:
    """Of what gethostbyaddr() gives, or else the host name of that; unchanged if it gives none."""
    host = _HOSTS[variant]
    found = tested.attempt("gethostbyaddr", host.strip())
    names = names_of_host(found.value) if found.error is None else []
    dotted = [name for name in names if "." in name]

    told = tested.do("getfqdn", host)

    same([*dotted, *names[:1], host.strip()][0], told, "getfqdn()")


# By one of them: of MsgFlag and AddressInfo no document says that they can be imported by name.
_ENUMS = {
    "AddressFamily": "AF_INET",
    "SocketKind": "SOCK_STREAM",
    "MsgFlag": "MSG_PEEK",
    "AddressInfo": "AI_PASSIVE",
}


@requirement("socket/constants-are-enumerations", variants=_ENUMS)
def test_constants_of_a_kind_are_of_their_enumeration(
    tested: ModuleUnderTest, variant: str
) -> None:
    """All that begin so, and no others."""
    name = next(one for one, constant in _ENUMS.items() if constant == variant)
    prefix = variant[: variant.index("_") + 1]
    kind, begins = f"type(tested.{variant})", f"n.startswith({prefix!r}) and n.isupper()"

    others = tested.value_of(
        f"sorted(n for n in dir(tested) if {begins} and type(getattr(tested, n)) is not {kind})"
    )
    foreign = tested.value_of(f"sorted(n for n in {kind}.__members__ if not ({begins}))")
    members = tested.value_of(f"len({kind}.__members__)")

    same(([], []), (others, foreign), f"constants that are none, and members that are no {prefix}")
    check(members > 1, expected=f"several of {name}", actual=members)
    same(name, tested.value_of(f"{kind}.__name__"), "what they are members of")


@requirement("socket/star-import-gives-all-names")
def test_star_import_gives_all_that_is_documented(tested: ModuleUnderTest) -> None:
    """What a program without a prefix needs: functions, classes and constants."""
    documented = (
        "socket create_connection fromfd socketpair getfqdn getaddrinfo getnameinfo gethostname "
        "gethostbyname inet_aton inet_pton htons ntohl setdefaulttimeout error timeout gaierror "
        "AF_INET AF_INET6 SOCK_STREAM SOCK_DGRAM SOL_SOCKET SO_REUSEADDR SHUT_RDWR has_ipv6 "
        "SOMAXCONN AddressFamily SocketKind"
    )
    newer = "create_server has_dualstack_ipv6 send_fds recv_fds close"

    given = "getattr(tested, '__all__', dir(tested))"
    missing = tested.value_of(f"[n for n in {documented.split()!r} if n not in {given}]")
    there = tested.value_of(
        f"[n for n in {newer.split()!r} if hasattr(tested, n) and n not in {given}]"
    )

    same(([], []), (missing, there), "names that a star import does not give")


@requirement("socket/protocol-is-kept")
def test_socket_has_the_protocol_it_was_made_with(tested: ModuleUnderTest) -> None:
    """As an attribute and for the system; so has a copy of it."""
    tcp = tested.get("IPPROTO_TCP")
    tested.do("socket", Constant("AF_INET"), Constant("SOCK_STREAM"), tcp, keep="sock")
    sock = tested.held("sock")

    sock.do("dup", keep="copy")

    for one in (sock, tested.held("copy")):
        same(tcp, one.get("proto"), "proto")
        got = one.do("getsockopt", Constant("SOL_SOCKET"), Constant("SO_PROTOCOL"))
        same(tcp, got, "SO_PROTOCOL")


@requirement("socket/dual-stack-is-told")
def test_dual_stack_is_told_as_it_is(tested: ModuleUnderTest, capable: Capable) -> None:
    """True where a socket of AF_INET6 takes the option, and no descriptor is left open."""
    needs(capable, "inet6")
    tested.do("socket", Constant("AF_INET6"), Constant("SOCK_STREAM"), keep="sock")
    before = len(tested.library("os").do("listdir", "/proc/self/fd"))

    told = tested.do("has_dualstack_ipv6")

    same(True, told, "has_dualstack_ipv6()")
    now = len(tested.library("os").do("listdir", "/proc/self/fd"))
    same(before, now, "how many descriptors are open")


def _refusals(tested: ModuleUnderTest) -> dict[str, tuple[HeldSocket, str, tuple[Any, ...]]]:
    a, _ = tested.pair("one", "two")
    still, _ = tested.pair("three", "four")
    still.do("setblocking", False)
    memory_with(tested, b"abc")
    tested.library("tempfile").do("TemporaryFile", "w+", keep="text")
    file = Kept("file")
    return {
        "mode": (a, "makefile", ("a",)),
        "text-without-a-buffer": (a, "makefile", ("r", 0)),
        "text": (a, "sendfile", (Kept("text"),)),
        "does-not-wait": (still, "sendfile", (file,)),
        "datagram": (tested.datagram("udp"), "sendfile", (file,)),
        "count": (a, "sendfile", (file, 0, 0)),
        "count-as-text": (a, "sendfile", (file, 0, "5")),
        "pickled": (a, "__getstate__", ()),
    }


@requirement("socket/words-of-errors")
def test_words_of_what_is_refused_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """The class and the text of each error."""
    for name, (sock, call, given) in _refusals(tested).items():
        ended = sock.attempt(call, *given)
        observe(name, str(ended.error or "nothing is raised"))


@requirement("socket/words-of-making")
def test_words_of_failed_making_are_recorded(
    tested: ModuleUnderTest, observe: Observe, capable: Capable
) -> None:
    """Of create_server() and create_connection(), but for addresses."""
    needs(capable, "inet6")
    taken = tested.listening().address
    both = tested.attempt("create_server", taken, dualstack_ipv6=True)
    used = tested.attempt("create_server", taken)
    gone = tested.bound("gone").address
    refused = tested.attempt("create_connection", gone, all_errors=True)

    told = {"dual-stack-of-ipv4": both, "taken": used, "all-errors": refused}
    for name, ended in told.items():
        observe(name, _alike(str(ended.error or "nothing is raised"), taken, gone))


def _alike(text: str, *addresses: Any) -> str:
    """A text without what differs each time: hosts of loopback, and the ports of addresses."""
    for _, port in addresses:
        text = text.replace(str(port), "PORT")
    return re.sub(r"127(\.\d+){3}", "HOST", text)


@requirement("socket/words-of-files")
def test_what_files_tell_is_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """Their mode and name, open and closed, and what is raised of closed ones."""
    a, _ = tested.pair()

    for mode in ("rb", "wb", "rwb"):
        a.do("makefile", mode, buffering=0, keep="file")
        file = tested.held("file")
        observe(f"mode-{mode}", _attribute(tested, "mode"))
        observe(f"name-{mode}", str(_attribute(tested, "name") == str(a.do("fileno"))))
        observe(f"seeks-{mode}", str(file.do("seekable")))
        file.do("close")
        observe(f"closed-name-{mode}", _attribute(tested, "name"))
    for call in (*_ASKED, "seekable"):
        observe(f"closed-{call}", str(file.attempt(call).error))


def _attribute(tested: ModuleUnderTest, name: str) -> str:
    """Of the file; it may have none of that name."""
    return str(tested.library("builtins").do("getattr", Kept("file"), name, "none"))


@requirement("socket/text-of-connected-sockets")
def test_text_of_connected_sockets_is_recorded(
    tested: ModuleUnderTest, peers: Peers, observe: Observe
) -> None:
    """repr() of those that are bound and connected, but for what differs each time."""
    sock, peer = connection(tested, peers)
    tested.pair()
    sock.do("dup", keep="copy")
    fd = sock.do("detach")

    for name in ("listener", "copy", "sock", "a"):
        held = tested.held(name)
        text = told_by(tested, str(held.do("__repr__")), held.do("fileno"))
        observe(name, _alike(text, tested.held("listener").address, peer.address))
    tested.library("os").do("close", fd)


@requirement("socket/timeouts-of-copies")
def test_timeouts_of_copies_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """What dup() and fromfd() make of a timeout."""
    sock = tested.stream()
    sock.do("settimeout", 7.5)
    kinds = Constant("AF_INET"), Constant("SOCK_STREAM")

    sock.do("dup", keep="copy")
    tested.do("fromfd", sock.do("fileno"), *kinds, keep="made")

    observe("dup", str(tested.held("copy").do("gettimeout")))
    observe("fromfd", str(tested.held("made").do("gettimeout")))
    observe("kind", str((tested.held("made").get("type"), tested.held("made").get("proto"))))
