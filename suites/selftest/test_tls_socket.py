"""The socket with TLS, held against servers of Python's own: it is a socket to whoever uses it."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from sockproof.case.tls_socket import SecuredSocket
from suites.selftest.papers import Papers, answering, listening_with

BOUND_S = 10.0
LARGE = bytes(range(256)) * 8192


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers"))


def trusting(papers: Papers) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(papers.ca)
    return context


@contextmanager
def connected(papers: Papers, port: int) -> Iterator[SecuredSocket]:
    with closing(SecuredSocket(socket.AF_INET, trusting(papers), "localhost")) as one:
        one.settimeout(BOUND_S)
        one.connect(("127.0.0.1", port))
        yield one


def received(one: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := one.recv(size - len(data))):
        data += part
    return data


def test_what_is_said_comes_back(papers: Papers) -> None:
    """However much that is, and though it is read a little at a time."""
    with listening_with(papers.context()) as port, connected(papers, port) as one:
        one.sendall(b"hello")
        first = received(one, 2), received(one, 3)
        for at in range(0, len(LARGE), 1 << 16):  # as much as it echoes at a time
            one.sendall(LARGE[at : at + (1 << 16)])
            assert received(one, 1 << 16) == LARGE[at : at + (1 << 16)].upper()

    assert first == (b"HE", b"LLO")


def test_it_says_nothing_before_its_first_word(papers: Papers) -> None:
    """A client that is connected and silent is silent in the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with connected(papers, listener.getsockname()[1]) as one:
            server = listener.accept()[0]
            silent = not select.select([server], [], [], 0)[0]
            one.send_plain(one.begin())
            assert server.recv(1) == b"\x16"  # it was silent until then
        server.close()

    assert silent


def test_a_half_close_is_a_close_notify(papers: Papers) -> None:
    """The server hears an end, and is heard."""

    def after_its_end(one: ssl.SSLSocket) -> None:
        data = b""
        while part := one.recv(1 << 16):
            data += part
        one.sendall(b"all of " + data)
        one.unwrap().close()

    with listening_with(papers.context(), after_its_end) as port, connected(papers, port) as one:
        one.sendall(b"it")
        one.shutdown(socket.SHUT_WR)
        heard = received(one, 9), one.recv(9), one.is_cut_off

    assert heard == (b"all of it", b"", False)


@pytest.mark.parametrize("is_told", [True, False])
def test_an_end_that_nobody_tells_is_known(papers: Papers, is_told: bool) -> None:
    """Both are an end; the one within TLS is another than that of the connection."""

    def ending(one: ssl.SSLSocket) -> None:
        one.sendall(b"bye")
        if is_told:
            with suppress(OSError):
                one.unwrap()

    with listening_with(papers.context(), ending) as port, connected(papers, port) as one:
        heard = received(one, 4)
        one.shake_hands()  # it has, and does nothing more

    assert heard == b"bye"
    assert one.is_cut_off != is_told


def test_it_waits_for_nobody_if_it_does_not_block(papers: Papers) -> None:
    """As a socket that does not block has it: select() tells when to come again."""
    with listening_with(papers.context()) as port, connected(papers, port) as one:
        one.setblocking(False)
        while not one.is_agreed:
            with suppress(BlockingIOError):
                one.shake_hands()
            assert one.is_agreed or select.select([one], [], [], BOUND_S)[0]
        one.send(b"hello")
        heard = b""
        while not heard and select.select([one], [], [], BOUND_S)[0]:
            with suppress(BlockingIOError):  # what comes may be of TLS alone
                heard = one.recv(99)

    assert heard == b"HELLO"


def test_nobody_who_is_silent_holds_it_up(papers: Papers) -> None:
    """Where nothing has come, it says so at once."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        connected(papers, listener.getsockname()[1]) as one,
    ):
        one.setblocking(False)

        with pytest.raises(BlockingIOError):
            one.shake_hands()
        with pytest.raises(BlockingIOError):
            one.recv(9)


def test_the_kernel_tells_of_each_record(papers: Papers) -> None:
    """Of what comes no more is taken than one record: select() sees the next."""

    def twice(one: ssl.SSLSocket) -> None:
        one.sendall(b"one")
        one.sendall(b"two")
        answering(one)

    with listening_with(papers.context(), twice) as port, connected(papers, port) as one:
        first = one.recv(99)
        is_seen = bool(select.select([one], [], [], BOUND_S)[0])
        second = one.recv(99)

    assert (first, is_seen, second) == (b"one", True, b"two")


def test_what_is_no_tls_resets(papers: Papers) -> None:
    """In the words of TLS."""
    with (
        listening_with(None) as port,
        connected(papers, port) as one,
        pytest.raises(ConnectionResetError, match=r"wrong version number|record layer failure"),
    ):
        one.sendall(b"hello")
