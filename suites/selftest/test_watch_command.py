"""The whole way of a watch: a server, clients through the watch, and a check of what it wrote; and
what the command refuses."""

from __future__ import annotations

import contextlib
import http.client
import runpy
import signal
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.partners.service.table import SERVED
from suites.selftest.checked import bad_rows, rows_of
from suites.selftest.runs import DEADLINE_S, Ended, sockproof_, wait_until
from suites.selftest.watching import FILE, Watch, exchanges_in, said, served, watching

ANSWERED = "exchange-is-answered"


@contextlib.contextmanager
def partner_serving(name: str) -> Iterator[Any]:
    """A little server of the fixtures, in a thread; its address."""
    names = runpy.run_path(str(SERVED[name].path))
    server: socketserver.BaseServer = names["Server"](("127.0.0.1", 0), names["Handler"])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def checked(folder: Path, *more: str) -> Ended:
    """A check of what a watch has written; it needs no other word."""
    words = ("check", "--exchanges", FILE, "--report-dir", "out", "--patience", "2")
    return sockproof_(folder, *words, "-k", " or ".join([ANSWERED, *more]))


def lines(*texts: bytes) -> Callable[[Watch], None]:
    """A client that says lines, and hears a line to each."""

    def talk(watch: Watch) -> None:
        with watch.client() as client:
            for text in texts:
                said(client, text)

    return talk


def logs_in(watch: Watch) -> None:
    with watch.client() as client:
        for text in (b"", b"NAME eve\r\n", b"good day\r\n", b"good day\r\n", b"bye\r\n"):
            said(client, text)


def posts(watch: Watch) -> None:
    """On a connection that is kept, until the answers have had two dates."""
    dates: set[str | None] = set()
    client = http.client.HTTPConnection(*watch.address)
    while len(dates) < 2:
        client.request("POST", "/", b"hello", {"Cookie": "sid=abcdefgh"})
        answer = client.getresponse()
        dates.add(answer.headers["Date"])
        assert answer.read() == b"HELLO"
    client.close()


def says_all(watch: Watch) -> None:
    with watch.client() as client:
        client.sendall(b"one\ntwo\n")
        client.shutdown(socket.SHUT_WR)
        while client.recv(100):
            pass


def in_datagrams(watch: Watch) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(DEADLINE_S)
        client.sendto(b"hello\n", watch.address)
        client.recv(100)


# Servers with their clients, how many examples come of it, and how a check of them ends.
WAYS: list[tuple[str, Callable[[Watch], None], int, list[str]]] = [
    ("login", logs_in, 4, []),
    ("http_kept", posts, 1, []),
    ("threads", lines(b"hello\n", b"hello\n", b"world\n"), 3, []),
    ("reads_to_the_end", says_all, 1, []),
    ("datagrams", in_datagrams, 1, []),
    ("one_recv_is_a_message", lines(b"hello\n"), 1, ["octet-by-octet"]),
    ("drops_the_rest_of_a_segment", lines(b"hello\n", b"hello\n"), 1, ["several-at-once"]),
]


@pytest.mark.by_turns(len(WAYS))
@pytest.mark.parametrize(("name", "talk", "number", "found"), WAYS)
def test_what_was_seen_can_be_checked_at_once(
    tmp_path: Path, name: str, talk: Callable[[Watch], None], number: int, found: list[str]
) -> None:
    """A right server has no findings, and of a wrong one its mistake is found."""
    with partner_serving(name) as at:
        kind = "udp:" if name == "datagrams" else ""
        with watching(tmp_path, f"{kind}127.0.0.1:{at[1]}") as watch:
            talk(watch)
            ended = watch.end()
        status = checked(tmp_path, *(found or ["octet-by-octet"])).status

    assert ended.status == 0, ended
    assert len(exchanges_in(tmp_path)) == number, watch.text
    bad = {row.partition("[")[0].partition("/")[2] for row in bad_rows(rows_of(tmp_path))}
    assert (status, sorted(bad)) == (int(bool(found)), found)


@pytest.mark.by_turns(5)
def test_masked_exchange_may_be_refused(tmp_path: Path) -> None:
    """As its file says; once what the server takes is put in, it is answered."""

    def wants_a_password(client: socket.socket) -> None:
        for line in client.makefile("rb"):
            client.sendall(b"+OK\n" if line == b"PASS hunter22\n" else b"-ERR\n")

    with served(wants_a_password) as at:
        with watching(tmp_path, at) as watch:
            lines(b"PASS hunter22\n")(watch)
            ended = watch.end()
        refused = checked(tmp_path)
        file = tmp_path / FILE
        file.write_text(file.read_text("utf-8").replace("xxxxxxxx", "hunter22"), "utf-8")
        taken = checked(tmp_path)

    assert "1 masked, which the server may refuse" in ended.stderr
    assert refused.status == 3
    assert r"it gets b'-ERR\n', not b'+OK\n'" in refused.error
    assert taken.status == 0, taken


def test_two_interrupts_at_once_are_one(tmp_path: Path) -> None:
    """As timeout(1) sends them; here they wait for a process that was stopped."""
    echo = served(lambda client: client.sendall(client.recv(9)))
    with echo as at, watching(tmp_path, at) as watch:
        lines(b"a\n")(watch)
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
            watch.process.send_signal(number)
        ended = watch.ended()

    assert ended.status == 0, ended
    assert len(exchanges_in(tmp_path)) == 1


def test_killed_watch_leaves_nothing(tmp_path: Path) -> None:
    """What it has seen is in memory alone."""
    echo = served(lambda client: client.sendall(client.recv(9)))
    with echo as at, watching(tmp_path, at) as watch:
        lines(b"a\n")(watch)
        ended = watch.end(signal.SIGKILL)

    assert ended.status == -signal.SIGKILL
    assert [one.name for one in tmp_path.iterdir()] == ["printed"]


def test_mask_without_an_end_can_be_interrupted(tmp_path: Path) -> None:
    """A pattern that goes back and forth for ever; there is no file then."""
    echo = served(lambda client: client.sendall(client.recv(99)))
    with echo as at, watching(tmp_path, at, "--mask", "(a|aa)+$") as watch:
        lines(b"a" * 60 + b"!\n")(watch)

        def is_interrupted() -> bool:
            watch.process.send_signal(signal.SIGINT)
            return watch.process.poll() is not None

        wait_until(is_interrupted)
        ended = watch.ended()

    assert ended.status == 3
    assert ended.stderr.splitlines()[-1] == "sockproof: error: interrupted"
    assert "Traceback" not in ended.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["printed"]


def test_nobody_came(tmp_path: Path) -> None:
    """Which is a status of its own, and no file."""
    with served(lambda _client: None) as at, watching(tmp_path, at) as watch:
        ended = watch.end()

    assert ended.status == 5
    assert ended.error == "nobody came, and nothing is written; have a client come to the watch"
    assert not (tmp_path / FILE).exists()


def test_nobody_was_answered(tmp_path: Path) -> None:
    """The line says why there is nothing to write."""
    heard = threading.Event()

    def hears(client: socket.socket) -> None:
        client.recv(1)
        heard.set()
        client.recv(1)

    with served(hears) as at, watching(tmp_path, at) as watch, watch.client() as client:
        client.sendall(b"a")
        assert heard.wait(DEADLINE_S)
        ended = watch.end()

    assert ended.status == 5
    assert ended.error.startswith("1 connection, and no example: nothing is written; what was")
    assert not (tmp_path / FILE).exists()


def test_file_is_overwritten_if_asked_for_alone(tmp_path: Path) -> None:
    """Who makes one meanwhile keeps it: what was seen goes beside it."""
    file = tmp_path / FILE
    with served(lambda client: client.sendall(client.recv(9))) as at:
        with watching(tmp_path, at) as watch:
            lines(b"a\n")(watch)
            file.write_text("mine")
            beside = watch.end()
        refused = sockproof_(tmp_path, "watch", "--to", f"127.0.0.1:{at[1]}")
        kept = file.read_text()
        with watching(tmp_path, at, "--force") as watch:
            lines(b"a\n")(watch)
            forced = watch.end()

    assert "in exchanges-2.toml" in beside.stderr
    assert (tmp_path / "exchanges-2.toml").exists()
    assert (refused.status, kept) == (4, "mine")
    assert refused.error == f"{FILE} is there already; name another with -o, or add --force"
    assert forced.status == 0
    assert [one.request for one in exchanges_in(tmp_path).values()] == [b"a\n"]


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(
    ("options", "status", "error"),
    [
        ("--to 127.0.0.1:1", 3, "nobody can be reached at 127.0.0.1:1: connection refused"),
        ("--to udp:127.0.0.1:1", 3, "nobody has bound udp:127.0.0.1:1"),
        ("--to unix:gone", 3, "nobody can be reached at unix:gone: no such file"),
        ("--to 127.0.0.1:{port} --listen {port}", 3, "cannot listen at 127.0.0.1:"),
        ("--to 127.0.0.1:{port} --listen unix:no/such/folder", 3, "cannot listen at unix:no/such"),
        ("", 4, "Missing option '--to'"),
        ("--to nowhere", 4, "'nowhere' is no address"),
        ("--to unixgram:a", 4, "--to unixgram:a: datagrams at a path are not watched"),
        ("--to 192.0.2.1:80", 4, "192.0.2.1 is not this machine's loopback"),
        ("--to 127.0.0.1:{port} --listen 0.0.0.0:0", 4, "0.0.0.0 is not this machine's loopback"),
        ("--to 127.0.0.1:{port} --listen udp:127.0.0.1:0", 4, "is not of the kind of 127.0.0.1:"),
        ("--to 127.0.0.1:{port} --listen 99999", 4, "'127.0.0.1:99999' is no address"),
        ("--to 127.0.0.1:{port} --mask (", 4, "--mask '(' is no regular expression"),
        ("--to 127.0.0.1:{port} -o no/such/file.toml", 4, "no folder no/such"),
        ("--to 127.0.0.1:{port} --limit-octets 0", 4, "Invalid value for '--limit-octets'"),
        ("--to 127.0.0.1:{port} --limit-exchanges none", 4, "Invalid value for '--limit-exch"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    tmp_path: Path, options: str, status: int, error: str
) -> None:
    """Before anything is relayed, and nothing is written."""
    with served(lambda _client: None) as (_host, port):
        ended = sockproof_(tmp_path, "watch", *options.replace("{port}", str(port)).split())

    assert ended.status == status, ended
    assert error in ended.error
    assert ended.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.by_turns(5)
def test_help_tells_what_is_masked(tmp_path: Path) -> None:
    """And how to say otherwise."""
    told = sockproof_(tmp_path, "watch", "--help").stdout

    assert {"--to", "--listen", "--mask", "--force", "--limit-octets"} <= set(told.split())
    assert "--no-default-masks" in told
