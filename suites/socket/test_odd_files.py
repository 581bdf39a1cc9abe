"""Files that sendfile() cannot have the system send, and what it does of which nobody speaks."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Capable,
    Constant,
    Fill,
    HeldSocket,
    Kept,
    ModuleUnderTest,
    Observe,
    Outcome,
    Peers,
    Room,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection, file_with, memory_with, needs

_FILL = Fill(20_000)
# More than the buffers of a connection hold.
_MUCH = Fill(12_000_000)


def _with_descriptor_of(tested: ModuleUnderTest, file: HeldSocket, other: HeldSocket) -> None:
    """Have a file in memory tell the descriptor of something else as its own."""
    attributes = tested.library("builtins")
    attributes.do("getattr", other.kept, "fileno", keep="descriptor")
    attributes.do("setattr", file.kept, "fileno", tested.held("descriptor").kept)


def _of_nothing(tested: ModuleUnderTest) -> HeldSocket:
    """What tells -1: a socket that is closed."""
    closed = tested.stream("closed")
    closed.do("close")
    return closed


def _not_for_reading(tested: ModuleUnderTest) -> HeldSocket:
    """A file of the system, of some octets, that is for writing alone."""
    path = tested.address("path")
    tested.library("io").do("open", path, "wb", buffering=0, keep="written")
    tested.library("os").do("unlink", path)
    written = tested.held("written")
    written.do("write", b"what nobody may read")
    return written


@requirement("socket/sendfile-reads-what-the-system-cannot-send")
def test_file_that_the_system_refuses_is_read(tested: ModuleUnderTest, peers: Peers) -> None:
    """It tells a descriptor, which is none, and has octets in memory."""
    sock, peer = connection(tested, peers)
    file = memory_with(tested, b"0123456789")
    _with_descriptor_of(tested, file, _of_nothing(tested))

    sent = sock.do("sendfile", file.kept, 2, 5)

    same(5, sent, "what sendfile() returns")
    peer.expect(b"23456")
    same(7, file.do("tell"), "where the file is then")


@requirement("socket/sendfile-tells-of-a-file-that-fails")
def test_error_amid_a_file_is_told(tested: ModuleUnderTest, capable: Capable) -> None:
    """Its descriptor is made one that cannot be read, while a part has been sent; and how much."""
    needs(capable, "path")
    a, b = tested.pair()
    a.do("settimeout", 60.0)
    file = file_with(tested, _MUCH)
    call = a.begin("sendfile", file.kept, 5)
    call.comes_to_wait()

    _not_for_reading(tested).do("fileno", keep="of_written")
    file.do("fileno", keep="of_file")
    tested.library("os").do("dup2", Kept("of_written"), Kept("of_file"))
    came = _all_of(b)
    b.do("settimeout", 1.0)
    while call.comes_to_wait():  # who has a descriptor of its own, or has read all, goes on
        came += b.attempt("recv", 1 << 20).value or b""
    error = call.wait().error
    where = file.do("tell")
    a.do("close")

    came += _all_of(b)
    if error is None:
        same(_MUCH.length_octets - 5, len(came), "octets that come, of all that are told as sent")
    else:
        error.expect_errno("EBADF")
    check(came == bytes(_MUCH)[5:][: len(came)], expected="a part of it", actual="other octets")
    same(5 + len(came), where, "where the file is then")


def _all_of(sock: HeldSocket) -> bytes:
    """What has come so far, or all where the stream has ended."""
    sock.do("setblocking", False)
    came = b""
    while part := sock.attempt("recv", 1 << 20).value:
        came += part
    return came


@requirement("socket/sendfile-of-odd-files")
def test_what_becomes_of_odd_files_is_recorded(
    tested: ModuleUnderTest, peers: Peers, observe: Observe
) -> None:
    """Pipes, files that cannot seek, and where a file is of which nothing was sent."""
    sock, _ = connection(tested, peers)
    readable, writable = tested.library("os").do("pipe")
    tested.library("os").do("write", writable, b"piped")
    tested.library("os").do("close", writable)
    tested.library("io").do("open", readable, "rb", buffering=0, keep="pipe")
    observe("a pipe", _told(sock, tested.held("pipe")))
    file = memory_with(tested, b"0123456789")
    _with_descriptor_of(tested, file, _not_for_reading(tested))
    observe("a descriptor that is not for reading", _told(sock, file))

    for name, made in {"the system": file_with, "memory": memory_with}.items():
        file = made(tested, b"0123456789")
        sent = _told(sock, file, 20)
        observe(f"beyond the end of {name}", f"{sent}, it is at {file.do('tell')}")
        file.do("seek", 0, 2)
        sent = _told(sock, file)
        observe(f"at the end of {name}", f"{sent}, it is at {file.do('tell')}")
        file.do("seek", 4)
        sock.do("setblocking", False)
        sock.attempt("sendfile", file.kept, 2)
        sock.do("setblocking", True)
        observe(f"{name}, refused", f"it is at {file.do('tell')}")
        observe(f"{name}, without seek()", _told(sock, _parts_of(tested, file, name), 0, 7))
    tested.execute(_READING)
    for given in ((0, 9_000), (0,)):
        sock.attempt("sendfile", Constant("reading"), *given)
    observe("octets asked for at once", str(tested.value_of("reading.asked")))


# Tells how many octets it is asked for each time.
_READING = """
import io
class Reading(io.BytesIO):
    asked = []
    def read(self, size=-1):
        self.asked.append(size)
        return super().read(size)
tested.reading = reading = Reading(bytes(20_000))
"""


def _told(sock: HeldSocket, file: HeldSocket, *given: int) -> str:
    return _of(sock.attempt("sendfile", file.kept, *given))


def _of(ended: Outcome) -> str:
    return str(ended.error or f"{ended.value} sent")


def _parts_of(tested: ModuleUnderTest, file: HeldSocket, kind: str) -> HeldSocket:
    """Something that has no more of a file than how it is read, and its descriptor if any."""
    file.do("seek", 0)
    parts = ("read", "fileno") if kind == "the system" else ("read",)
    for part in parts:
        tested.library("builtins").do("getattr", file.kept, part, keep=part)
    kept = {part: tested.held(part).kept for part in parts}
    tested.library("types").do("SimpleNamespace", keep="parts", **kept)
    return tested.held("parts")


_MADE = {"of-the-system": file_with, "in-memory": memory_with}


@requirement("socket/sendfile-beside-a-copy-that-does-not-wait", variants=_MADE)
def test_copy_that_does_not_wait_is_recorded(
    tested: ModuleUnderTest, peers: Peers, variant: Any, observe: Observe, capable: Capable
) -> None:
    """Which is a setting of both, though the first has no timeout: how it waits, what comes."""
    needs(capable, "path")
    sock, peer = connection(tested, peers, "path")
    sock.do("dup", keep="copy")
    tested.held("copy").do("setblocking", False)
    before = 0
    while sent := tested.held("copy").attempt("send", Room(1 << 20)).value:
        before += sent
    file = variant(tested, _FILL)

    call = sock.begin("sendfile", file.kept)
    if variant is file_with:
        observe("it comes to wait", str(call.comes_to_wait()))
    for _ in range(1_000):  # until it has been read, and is about to be sent
        if variant is file_with or file.do("tell"):
            break
    data, _ = peer.receive(before + _FILL.length_octets)

    observe("it ends", _of(call.wait()))
    came = data[before:]
    observe("what comes", "the file" if came == bytes(_FILL) else f"{len(came)} octets")


@requirement("socket/sendfile-that-has-sent-all")
def test_what_follows_when_all_is_sent_is_recorded(
    tested: ModuleUnderTest, observe: Observe, capable: Capable
) -> None:
    """With a timeout, where there was room for all of a file, and none is left for more."""
    needs(capable, "path")
    a, b = tested.pair()
    a.do("settimeout", 0.05)
    a.do("setsockopt", Constant("SOL_SOCKET"), Constant("SO_SNDBUF"), 100_000)
    file = file_with(tested, Fill(80_000))

    for name, given in {"whole": (), "count": (0, 80_000)}.items():
        observe(name, _told(a, file, *given))
        observe(f"{name}: what comes", len(_all_of(b)))
