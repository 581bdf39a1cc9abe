"""makefile(): modes, buffers, and what closes what."""

from __future__ import annotations

from typing import Any

from fixtures import Fill, HeldSocket, ModuleUnderTest, Peers, check, requirement, same
from suites.socket.scenes import connection


def _file(tested: ModuleUnderTest, sock: HeldSocket, *given: Any, **options: Any) -> HeldSocket:
    sock.do("makefile", *given, keep="file", **options)
    return tested.held("file")


@requirement("socket/makefile-reads-octets")
def test_file_of_octets_reads_lines_and_all(tested: ModuleUnderTest, peers: Peers) -> None:
    """Whatever pieces they come in."""
    sock, peer = connection(tested, peers)
    file = _file(tested, sock, "rb")

    peer.send(b"first\nsec").send(b"ond\nrest")
    peer.half_close()

    same([b"first\n", b"second\n"], [file.do("readline"), file.do("readline")], "two lines")
    same(b"rest", file.do("read"), "what is left")
    same(b"", file.do("read"), "what comes after the end")


@requirement("socket/makefile-is-text-by-default")
def test_file_is_of_text_by_default(tested: ModuleUnderTest, peers: Peers) -> None:
    """And ends of lines are those of Python."""
    sock, peer = connection(tested, peers)
    file = _file(tested, sock)

    peer.send(b"one\r\ntwo\n")

    same(["one\n", "two\n"], [file.do("readline"), file.do("readline")], "two lines")


@requirement("socket/makefile-encodes-as-asked")
def test_file_has_the_encoding_and_ends_of_lines_asked_for(
    tested: ModuleUnderTest, peers: Peers
) -> None:
    """In both directions."""
    sock, peer = connection(tested, peers)
    file = _file(tested, sock, "rw", encoding="latin-1", newline="\r\n")

    file.do("write", "\xe9\n")
    file.do("flush")
    peer.send(b"\xe8\r\n")

    peer.expect(b"\xe9\r\n")
    same("\xe8\r\n", file.do("readline"), "a line")


_MUCH = Fill(12_000_000)


@requirement(
    "socket/makefile-writes-all-to-a-slow-reader", variants={"blocking": None, "timeout": 60.0}
)
def test_slow_reader_gets_all_that_is_written(
    tested: ModuleUnderTest, peers: Peers, variant: float | None
) -> None:
    """More than there is room for, through the buffer of a file."""
    sock, peer = connection(tested, peers)
    sock.do("settimeout", variant)
    file = _file(tested, sock, "wb")

    call = file.begin("write", _MUCH)
    call.comes_to_wait()
    peer.expect(_MUCH)

    same(_MUCH.length_octets, call.expect_return(), "what write() returns")


@requirement("socket/unbuffered-file-tells-what-was-sent")
def test_file_without_a_buffer_tells_how_much_was_sent(
    tested: ModuleUnderTest, peers: Peers
) -> None:
    """Where there is no room for all of it, write() returns less, and just that much comes."""
    sock, peer = connection(tested, peers)
    sock.do("setblocking", False)
    file = _file(tested, sock, "wb", buffering=0)

    written = file.do("write", _MUCH)

    check(0 < written < _MUCH.length_octets, expected="a part of it", actual=written)
    file.do("close")
    sock.do("close")
    data, _ = peer.receive_to_end()
    same(written, len(data), "how many octets come")


@requirement("socket/makefile-treats-errors-as-asked")
def test_file_treats_wrong_octets_as_asked(tested: ModuleUnderTest, peers: Peers) -> None:
    """Those that are not of the encoding: replaced, or refused by default."""
    sock, peer = connection(tested, peers)
    file = _file(tested, sock, "r", encoding="ascii", errors="replace")

    peer.send(b"a\xffb\n")

    same("a\ufffdb\n", file.do("readline"), "a line")
    strict = _file(tested, sock, "r", encoding="ascii")
    peer.send(b"a\xffb\n")
    strict.expect_raised("UnicodeDecodeError", "readline")


@requirement("socket/makefile-buffers-what-is-written")
def test_written_octets_wait_for_a_flush(tested: ModuleUnderTest, peers: Peers) -> None:
    """What is sent past the file comes first."""
    sock, peer = connection(tested, peers)
    file = _file(tested, sock, "wb")

    file.do("write", b"second")
    sock.do("sendall", b"first ")
    file.do("flush")

    peer.expect(b"first second")


@requirement("socket/makefile-without-a-buffer")
def test_file_without_a_buffer_sends_at_once(tested: ModuleUnderTest, peers: Peers) -> None:
    """write() returns how much was sent."""
    sock, peer = connection(tested, peers)
    file = _file(tested, sock, "wb", buffering=0)

    same(5, file.do("write", b"first"), "what write() returns")
    sock.do("sendall", b" second")

    peer.expect(b"first second")


_MODES = {"binary": "a", "unknown": "x", "update": "rb+"}


@requirement("socket/makefile-tells-of-a-reset")
def test_file_tells_of_a_reset(tested: ModuleUnderTest, peers: Peers) -> None:
    """Once read and once written, after the peer has reset the connection."""
    sock, peer = connection(tested, peers)
    file = _file(tested, sock, "rwb", buffering=0)

    peer.reset()

    for call, given in (("read", 1), ("write", b"x")):
        ended = file.attempt(call, given)
        check(
            ended.error is not None and ended.error.is_a("OSError", "error"),
            expected=f"{call}() raises OSError",
            actual=str(ended.error or f"it returns {ended.value!r}"),
        )


@requirement("socket/makefile-refuses-other-modes", variants=_MODES)
def test_unknown_mode_is_refused(tested: ModuleUnderTest, variant: str) -> None:
    """ValueError."""
    a, _ = tested.pair()

    a.expect_raised("ValueError", "makefile", variant)


@requirement("socket/makefile-text-needs-a-buffer")
def test_text_without_a_buffer_is_refused(tested: ModuleUnderTest) -> None:
    """ValueError, as of open()."""
    a, _ = tested.pair()

    a.expect_raised("ValueError", "makefile", "r", buffering=0)


@requirement("socket/makefile-tells-what-it-is")
def test_file_tells_what_it_can(tested: ModuleUnderTest) -> None:
    """Reading and writing, and the descriptor of the socket."""
    a, _ = tested.pair()

    for mode, wanted in (("rb", (True, False)), ("wb", (False, True)), ("rwb", (True, True))):
        file = _file(tested, a, mode, buffering=0)
        same(wanted, (file.do("readable"), file.do("writable")), f"what mode {mode} can")
        same(a.do("fileno"), file.do("fileno"), "fileno() of the file")
        file.do("close")


@requirement("socket/closed-file-leaves-the-socket")
def test_closing_a_file_leaves_the_socket_open(tested: ModuleUnderTest, peers: Peers) -> None:
    """And its other files."""
    sock, peer = connection(tested, peers)
    sock.do("makefile", "wb", keep="other")
    file = _file(tested, sock, "wb")

    file.do("close")

    sock.do("sendall", b"still ")
    tested.held("other").do("write", b"here")
    tested.held("other").do("flush")
    peer.expect(b"still here")
    file.expect_raised("ValueError", "write", b"x")
    tested.held("other").do("close")
    sock.do("sendall", b" and here")
    peer.expect(b" and here")


@requirement("socket/last-file-ends-the-connection")
def test_connection_lasts_as_long_as_its_last_file(tested: ModuleUnderTest, peers: Peers) -> None:
    """Of three, whichever is closed first; the socket itself is closed before."""
    sock, peer = connection(tested, peers)
    for name in ("first", "second", "third"):
        sock.do("makefile", "wb", keep=name)
    sock.do("close")

    tested.held("first").do("close")
    tested.held("second").do("close")
    tested.held("third").do("write", b"still here")
    tested.held("third").do("flush")

    peer.expect(b"still here")
    tested.held("third").do("close")
    peer.expect_end()


@requirement("socket/each-file-is-of-its-own-socket")
def test_files_of_two_sockets_keep_apart(tested: ModuleUnderTest, peers: Peers) -> None:
    """Their octets, their directions, and a timeout of one of them."""
    first, first_peer = connection(tested, peers)
    first.do("makefile", "rb", buffering=0, keep="reading")
    a, b = tested.pair()
    a.do("settimeout", 0.05)
    a.do("makefile", "wb", buffering=0, keep="writing")
    a.do("makefile", "rb", buffering=0, keep="waiting")

    tested.held("waiting").expect_raised("timeout TimeoutError", "read", 10)
    first_peer.send(b"of the first")
    tested.held("writing").do("write", b"of the second")

    same(b"of the first", tested.held("reading").do("read", 100), "what is read of the first")
    b.expect(b"of the second", "recv", 100)
    same(first.do("fileno"), tested.held("reading").do("fileno"), "fileno() of the first")
    tested.held("writing").do("close")
    same(True, tested.held("reading").do("readable"), "whether the first can be read")


@requirement("socket/makefile-has-the-buffer-asked-for", variants={"one-way": "", "both": "w"})
def test_buffer_of_a_file_has_the_size_asked_for(
    tested: ModuleUnderTest, peers: Peers, variant: str
) -> None:
    """More than it holds is sent at once, and what it does not hold is left to the socket."""
    sock, peer = connection(tested, peers)
    sock.do("makefile", f"r{variant}b", buffering=4, keep="reading")
    sock.do("makefile", "rwb" if variant else "wb", buffering=4, keep="writing")

    tested.held("writing").do("write", b"more than four")
    peer.expect(b"more than")  # of the rest some may be in the buffer still
    peer.send(b"12345678")
    peer.half_close()
    tested.held("writing").do("flush")

    peer.expect(b" four")
    sock.do("settimeout", 60.0)
    same(b"1", tested.held("reading").do("read", 1), "the first octet")
    left = sock.do("recv", 100)
    right = b"2345678".endswith(left) and len(left) >= 4
    check(right, expected="what the buffer does not hold: b'5678', or more", actual=left)


@requirement("socket/file-is-of-no-use-after-a-timeout")
def test_file_is_refused_after_a_timeout(tested: ModuleUnderTest) -> None:
    """OSError: what was read before the timeout may be lost."""
    a, _ = tested.pair()
    a.do("settimeout", 0.05)
    file = _file(tested, a, "rb")

    first = file.refused("read", 1)
    second = file.refused("read", 1)

    check(first.is_a("timeout", "TimeoutError"), expected="a timeout", actual=str(first))
    is_other = second.is_a("OSError") and not second.is_a("timeout", "TimeoutError")
    check(is_other, expected="another OSError", actual=str(second))


@requirement("socket/file-without-waiting-gives-none")
def test_file_of_a_non_blocking_socket_gives_none(tested: ModuleUnderTest) -> None:
    """Where nothing is there to be read, as raw files do."""
    a, b = tested.pair()
    a.do("setblocking", False)
    file = _file(tested, a, "rb", buffering=0)

    same(None, file.do("read", 10), "what read() gives of nothing")
    b.do("sendall", b"abc")
    same(b"abc", file.do("read", 10), "what read() gives then")
