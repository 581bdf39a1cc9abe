"""A watch relays what comes as it comes: octets, ends and resets, for many at once."""

from __future__ import annotations

import hashlib
import os
import resource
import select
import signal
import socket
import struct
import threading
from pathlib import Path

import pytest

from suites.selftest.runs import DEADLINE_S
from suites.selftest.watching import FILE, exchanges_in, said, served, watching

RESET = struct.pack("ii", 1, 0)
# More than all buffers on the way hold together.
MUCH = 64 << 20
# What they may hold, and more than a relay that reads no more than it gets rid of can have.
HELD = 32 << 20


def echo(client: socket.socket) -> None:
    while data := client.recv(65536):
        client.sendall(data)


def capitals(client: socket.socket) -> None:
    for line in client.makefile("rb"):
        client.sendall(line.upper())


def at_the_end(client: socket.socket) -> None:
    """Answers when its client has said all."""
    data = b"".join(iter(lambda: client.recv(65536), b""))
    client.sendall(b"%d octets\n" % len(data))


def rest_of(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def test_first_line_says_where(tmp_path: Path) -> None:
    """At once, in a pipe as well."""
    with served(echo) as at, watching(tmp_path, at) as watch, watch.client() as client:
        assert said(client, b"hello\n") == b"hello\n"
        ended = watch.end()

    host, port = at
    told = f" leads to {host}:{port}; Ctrl-C ends it and writes {FILE}"
    assert watch.first_line == f"127.0.0.1:{watch.address[1]}{told}"
    assert ended.status == 0, ended
    assert ended.stderr == (
        f"sockproof: 1 exchange of 1 connection in {FILE}; "
        f"try them: sockproof check --exchanges {FILE}\n"
    )


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it(tmp_path: Path, number: signal.Signals) -> None:
    """With the file, also of a connection that is still there."""
    with served(capitals) as at, watching(tmp_path, at) as watch, watch.client() as client:
        said(client, b"hello\n")
        ended = watch.end(number)

    assert ended.status == 0, ended
    assert [one.request for one in exchanges_in(tmp_path).values()] == [b"hello\n"]


def test_half_close_is_relayed(tmp_path: Path) -> None:
    """The answer comes behind it, and then the server's own end."""
    with served(at_the_end) as at, watching(tmp_path, at) as watch:
        with watch.client() as client:
            client.sendall(b"abc")
            client.shutdown(socket.SHUT_WR)
            assert rest_of(client) == b"3 octets\n"
        watch.end()

    (exchange,) = exchanges_in(tmp_path).values()
    assert (exchange.half_closes, exchange.answer.to_end) == (True, True)


def test_server_is_half_closed_and_still_hears(tmp_path: Path) -> None:
    """In the other direction as well."""
    heard: list[bytes] = []
    done = threading.Event()

    def ends_first(client: socket.socket) -> None:
        client.sendall(b"bye\n")
        client.shutdown(socket.SHUT_WR)
        heard.append(rest_of(client))
        done.set()

    with served(ends_first) as at, watching(tmp_path, at) as watch, watch.client() as client:
        assert rest_of(client) == b"bye\n"
        client.sendall(b"one last word")
        client.shutdown(socket.SHUT_WR)
        assert done.wait(DEADLINE_S)

    assert heard == [b"one last word"]


def test_reset_of_a_client_is_one_for_the_server(tmp_path: Path) -> None:
    """Behind what it had said."""
    seen: list[object] = []
    done = threading.Event()

    def waits(client: socket.socket) -> None:
        try:
            while data := client.recv(10):
                seen.append(data)
                client.sendall(data)
            seen.append("end")
        except ConnectionResetError:
            seen.append("reset")
        done.set()

    with served(waits) as at, watching(tmp_path, at) as watch:
        client = watch.client()
        said(client, b"abc\n")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
        assert done.wait(DEADLINE_S)

    assert seen == [b"abc\n", "reset"]


def test_reset_of_a_server_is_one_for_the_client(tmp_path: Path) -> None:
    """Behind what it had answered, which the client gets."""

    def closes_with_octets_unread(client: socket.socket) -> None:
        client.recv(1)
        client.sendall(b"x" * 10_000)

    with served(closes_with_octets_unread) as at, watching(tmp_path, at) as watch:
        client = watch.client()
        answer = said(client, b"abcd", size=10_000)
        with client, pytest.raises(ConnectionResetError):
            client.recv(1)
        watch.end()

    assert answer == b"x" * 10_000
    assert "# The server resets the connection behind this answer." in watch.text


@pytest.mark.by_turns(3)
def test_reset_of_a_client_is_one_though_its_server_reads_nothing(tmp_path: Path) -> None:
    """What the server has not read by then is no reason to wait."""
    is_reset = threading.Event()

    def waits_for_the_reset(client: socket.socket) -> None:
        poll = select.poll()
        poll.register(client, 0)
        if poll.poll(DEADLINE_S * 1000):
            is_reset.set()

    with served(waits_for_the_reset) as at, watching(tmp_path, at) as watch:
        with watch.client() as client:
            client.setblocking(False)
            while select.select([], [client], [], 0.5)[1]:
                client.send(b"x" * 65536)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        assert is_reset.wait(DEADLINE_S)


def test_who_finds_no_descriptor_left_waits_and_is_served(tmp_path: Path) -> None:
    """As at any server: when others have left."""
    with served(capitals) as at, watching(tmp_path, at) as watch:
        resource.prlimit(watch.process.pid, resource.RLIMIT_NOFILE, (40, 40))
        clients = [watch.client() for _ in range(60)]
        for number, client in enumerate(clients):
            client.sendall(b"client %d\n" % number)
        answers = []
        for client in clients:
            answers.append(said(client, b""))
            client.close()
        ended = watch.end()

    assert answers == [b"CLIENT %d\n" % number for number in range(60)]
    assert ended.status == 0, ended


def test_server_that_has_gone_resets_who_comes(tmp_path: Path) -> None:
    """It was there when the watch began."""
    server = socket.create_server(("127.0.0.1", 0))
    with server, watching(tmp_path, server.getsockname()) as watch:
        server.close()
        with pytest.raises(ConnectionResetError):
            watch.first_octet()
        ended = watch.end()

    assert ended.status == 5
    assert ended.error.endswith("the server was not there for any of them")


@pytest.mark.by_turns(3)
def test_much_comes_whole_and_waits_for_who_reads_slowly(tmp_path: Path) -> None:
    """A server that sends is held up when its client does not read: nothing is hoarded."""
    sent, block = [0], os.urandom(1 << 16)
    digest = hashlib.sha256(block * (MUCH // len(block))).hexdigest()
    is_held = threading.Event()

    def sends(client: socket.socket) -> None:
        client.recv(1)
        while sent[0] < MUCH:
            if not select.select([], [client], [], 0.5)[1]:
                is_held.set()
            client.sendall(block)
            sent[0] += len(block)

    with served(sends) as at, watching(tmp_path, at) as watch, watch.client() as client:
        client.sendall(b"x")
        assert is_held.wait(DEADLINE_S)
        held = sent[0]
        data = rest_of(client)

    assert held < HELD
    assert hashlib.sha256(data).hexdigest() == digest


def test_watch_of_ipv6_listens_there(tmp_path: Path) -> None:
    """Where nothing else is said."""
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    to = f"[::1]:{server.getsockname()[1]}"
    with server, watching(tmp_path, to) as watch, socket.create_connection(watch.address) as client:
        accepted, _address = server.accept()
        client.sendall(b"abc")
        with accepted:
            heard = accepted.recv(3)

    assert heard == b"abc"
    assert watch.first_line.startswith("[::1]:")


@pytest.mark.by_turns(3)
def test_many_at_once_each_get_their_own(tmp_path: Path) -> None:
    """Two hundred connections stand side by side, and one that says nothing delays nobody."""
    with served(capitals) as at, watching(tmp_path, at) as watch, watch.client():
        clients = [watch.client() for _ in range(200)]
        for number, client in enumerate(clients):
            client.sendall(b"client %d\n" % number)
        answers = [said(client, b"") for client in clients]
        for client in clients:
            client.close()
        ended = watch.end()

    assert answers == [b"CLIENT %d\n" % number for number in range(200)]
    assert ended.stderr.startswith("sockproof: 100 exchanges of 201 connections")
    assert "# Left out, 100 times: more than 100 examples (--limit-exchanges)." in watch.text


def test_unix_socket_leads_to_another(temporary: Path) -> None:
    """Its file goes with the watch."""
    place, front = str(temporary / "s"), temporary / "front"
    options = ("--listen", f"unix:{front}")
    with served(at_the_end, place) as at, watching(temporary, f"unix:{at}", *options) as watch:
        with watch.client() as client:
            client.sendall(b"abc")
            client.shutdown(socket.SHUT_WR)
            assert rest_of(client) == b"3 octets\n"
        ended = watch.end()

    assert ended.status == 0, ended
    assert f'address = "unix:{place}"' in watch.text
    assert not front.exists()
    assert [one.request for one in exchanges_in(temporary).values()] == [b"abc"]


def test_datagrams_go_both_ways(tmp_path: Path) -> None:
    """Each client gets its own answers."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        with watching(tmp_path, f"udp:127.0.0.1:{port}") as watch:
            clients = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(3)]
            for number, client in enumerate(clients):
                client.settimeout(DEADLINE_S)
                client.sendto(b"ask %d" % number, watch.address)
                data, sender = server.recvfrom(100)
                server.sendto(data.upper(), sender)
            answers = [client.recv(100) for client in clients]
            for client in clients:
                client.close()
            ended = watch.end()

    assert answers == [b"ASK 0", b"ASK 1", b"ASK 2"]
    assert ended.status == 0, ended
    assert [one.answer.octets for one in exchanges_in(tmp_path).values()] == answers
