"""close() and shutdown(): what the other end sees, and what is left."""

from __future__ import annotations

from fixtures import RESET, Constant, ModuleUnderTest, Peers, requirement
from suites.socket.scenes import connection


@requirement("socket/close-ends-the-stream")
def test_peer_of_a_closed_socket_sees_the_end(tested: ModuleUnderTest, peers: Peers) -> None:
    """After all that was sent before."""
    sock, peer = connection(tested, peers)
    sock.do("sendall", b"last words")

    sock.do("close")

    peer.expect(b"last words").expect_end()


@requirement("socket/close-frees-the-descriptor")
def test_descriptor_of_a_closed_socket_is_free(tested: ModuleUnderTest) -> None:
    """The system knows it no more."""
    sock = tested.listening("sock")
    fd, address = sock.do("fileno"), sock.address

    sock.do("close")

    tested.library("os").expect_error("EBADF", "fstat", fd)
    tested.stream("next").do("bind", address)


@requirement("socket/shutdown-of-writing-ends-the-stream")
def test_shutdown_of_writing_ends_one_direction(tested: ModuleUnderTest, peers: Peers) -> None:
    """The peer sees the end, and what it sends is received still."""
    sock, peer = connection(tested, peers)

    sock.do("shutdown", Constant("SHUT_WR"))

    peer.expect_end()
    peer.send(b"answer")
    sock.expect(b"answer", "recv", 100)


@requirement("socket/shutdown-of-reading-gives-the-end")
def test_shutdown_of_reading_gives_the_end(tested: ModuleUnderTest, peers: Peers) -> None:
    """And what is sent comes to the peer still."""
    sock, peer = connection(tested, peers)

    sock.do("shutdown", Constant("SHUT_RD"))

    sock.expect(b"", "recv", 100)
    sock.do("sendall", b"still")
    peer.expect(b"still")


@requirement("socket/shutdown-ends-all-copies")
def test_shutdown_is_of_the_connection(tested: ModuleUnderTest, peers: Peers) -> None:
    """Though another descriptor has it, too."""
    sock, peer = connection(tested, peers)
    sock.do("dup", keep="copy")

    sock.do("shutdown", Constant("SHUT_RDWR"))

    peer.expect_end()
    tested.held("copy").expect(b"", "recv", 100)


@requirement("socket/files-keep-the-connection-open")
def test_connection_lasts_as_long_as_its_files(tested: ModuleUnderTest, peers: Peers) -> None:
    """close() of the socket closes it for use; the last file that is closed ends the connection."""
    sock, peer = connection(tested, peers)
    sock.do("makefile", "wb", keep="file")
    file = tested.held("file")

    sock.do("close")
    file.do("write", b"by the file")
    file.do("close")

    peer.expect(b"by the file").expect_end()


@requirement("socket/reset-by-linger")
def test_closing_without_lingering_resets(tested: ModuleUnderTest, peers: Peers) -> None:
    """SO_LINGER of no time, given as octets."""
    sock, peer = connection(tested, peers)
    linger = tested.library("struct").do("pack", "ii", 1, 0)
    sock.do("setsockopt", Constant("SOL_SOCKET"), Constant("SO_LINGER"), linger)

    sock.do("close")

    peer.expect(RESET)
