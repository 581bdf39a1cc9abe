"""Sockets whose descriptor is larger than select() can take, as those of busy programs are."""

from __future__ import annotations

from collections.abc import Callable

from fixtures import Fill, HeldSocket, ModuleUnderTest, NotApplicable, Peers, requirement, same
from suites.socket.scenes import connection, file_with

# Of which the limit of a descriptor is raised, where it may be.
_LARGE = """
import fcntl, os, resource
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
enough = limits[1] == resource.RLIM_INFINITY or limits[1] > 2048
if enough:
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], 2048), limits[1]))
def made_large(fd):
    large = fcntl.fcntl(fd, fcntl.F_DUPFD, 1500)
    os.set_inheritable(large, False)
    os.close(fd)
    return large
"""
_AS_BEFORE = "resource.setrlimit(resource.RLIMIT_NOFILE, limits)"


def _large(tested: ModuleUnderTest, sock: HeldSocket) -> HeldSocket:
    """The same socket with a large descriptor, with a timeout, so that it has to wait for events.

    Raises:
        NotApplicable: none so large may be had.
    """
    fd = sock.do("detach")
    tested.execute(_LARGE)
    if not tested.value_of("enough"):
        tested.library("os").do("close", fd)
        raise NotApplicable("no descriptor beyond 1,500 may be had here")
    tested.do("socket", fileno=tested.value_of(f"made_large({fd})"), keep="large")
    large = tested.held("large")
    large.do("settimeout", 60.0)
    return large


def _receives(tested: ModuleUnderTest, peers: Peers) -> None:
    sock, peer = connection(tested, peers)
    call = _large(tested, sock).begin("recv", 100)
    call.comes_to_wait()
    peer.send(b"hello")
    same(b"hello", call.expect_return(), "what recv() returns")


def _sends(tested: ModuleUnderTest, peers: Peers) -> None:
    sock, peer = connection(tested, peers)
    data = Fill(12_000_000)
    call = _large(tested, sock).begin("sendall", data)
    call.comes_to_wait()
    peer.expect(data)
    call.expect_return()


def _sends_a_file(tested: ModuleUnderTest, peers: Peers) -> None:
    sock, peer = connection(tested, peers)
    large = _large(tested, sock)
    data = Fill(12_000_000)
    call = large.begin("sendfile", file_with(tested, data).kept)
    if not call.comes_to_wait():
        call.expect_return()
    peer.expect(data)
    same(data.length_octets, call.expect_return(), "what sendfile() returns")


def _connects(tested: ModuleUnderTest, _: Peers) -> None:
    listener = tested.listening()
    large = _large(tested, tested.stream())
    large.do("connect", listener.address)
    same(listener.address, large.do("getpeername"), "getpeername()")


def _accepts(tested: ModuleUnderTest, peers: Peers) -> None:
    large = _large(tested, tested.listening())
    call = large.begin("accept", keep=("conn", "at"))
    call.comes_to_wait()
    peer = peers.stream().connect(large)
    same(peer.address, call.expect_return()[1], "who has come")


_CALLS: dict[str, Callable[[ModuleUnderTest, Peers], None]] = {
    "recv": _receives,
    "sendall": _sends,
    "sendfile": _sends_a_file,
    "accept": _accepts,
    "connect": _connects,
}


@requirement("socket/descriptor-may-be-large", variants=_CALLS)
def test_socket_with_a_large_descriptor_waits(
    tested: ModuleUnderTest, peers: Peers, variant: Callable[[ModuleUnderTest, Peers], None]
) -> None:
    """With a timeout: each call ends as with a small one."""
    try:
        variant(tested, peers)
    finally:
        if tested.value_of("'limits' in globals()"):
            tested.execute(_AS_BEFORE)
