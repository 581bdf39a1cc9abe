"""A file of examples is begun by the command, with what the server was seen to answer; and what is
told where that cannot be."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

import pytest

from fixtures.partners.service.table import SERVED
from sockproof.check.service.exchange_file import read_exchanges
from suites.selftest.checked import bad_rows, rows_of
from suites.selftest.runs import Ended, sockproof_
from suites.selftest.watching import FILE, served

CHAT = """
import socketserver
class ChatHandler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline().upper())
class ChatServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
"""
CLASS = ("--server", "chat.py:ChatServer", "--handler", "chat.py:ChatHandler")


def checked(folder: Path, file: str = FILE) -> int:
    """The status of a check of the file, in which nothing but the exchange is played."""
    words = ("check", "--exchanges", file, "--report-dir", "out", "-k", "exchange-is-answered")
    ended = sockproof_(folder, *words)
    assert "Traceback" not in ended.stderr
    return ended.status


def begun(folder: Path, *words: str) -> Ended:
    (folder / "chat.py").write_text(CHAT)
    return sockproof_(folder, "init", *words)


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("file", [FILE, "below/chat.toml", "beside/../x.toml"])
def test_class_is_asked_once_and_checked_at_once(tmp_path: Path, file: str) -> None:
    """From this folder, wherever the file is. It tells what else there is."""
    for folder in ("below", "beside"):
        (tmp_path / folder).mkdir()

    ended = begun(tmp_path, *CLASS, "--say", r"hello\n", "-o", file)

    assert ended.status == 0, ended
    told = f"{file} has what the server answered; try it: sockproof check --exchanges {file}"
    assert ended.stderr == f"sockproof: {told}\n"
    text = (tmp_path / file).read_text("utf-8")
    assert 'send = "hello\\n"\nexpect = "HELLO\\n"\nuntil = "end"\n' in text
    for key in ("keeps", "after", "varies", "half_close", "expect_regex", "arguments", "stop"):
        assert f"\n# {key} = " in text
    assert checked(tmp_path, file) == 0
    assert bad_rows(rows_of(tmp_path)) == []


def test_what_else_there_is_can_be_put_in(tmp_path: Path) -> None:
    """Each commented key of the exchange is one, and in order."""
    begun(tmp_path, *CLASS, "--say", r"hello\n")
    file = tmp_path / FILE
    lines = [line for line in file.read_text("utf-8").splitlines() if line.startswith("# ")]
    keys = [line[2:] for line in lines if " = " in line]

    for key in keys[keys.index(next(one for one in keys if one.startswith("send_hex"))) :]:
        name = key.partition(" ")[0]
        own = "send = 'login 0000'\n" * (not name.startswith("send"))
        own += "expect = 'b'\n" * (not name.startswith("expect"))
        first = "[[exchange]]\nname = 'login'\nexpect = 'a'\nkeeps = true\n" * (name == "after")
        file.write_text(f"{first}[[exchange]]\n{own}{key}\n", "utf-8")
        assert read_exchanges(file).exchanges


@pytest.mark.parametrize(
    ("name", "say", "names"),
    [
        ("login", "", ["greeting"]),
        ("login", r"NAME eve\r\n", ["greeting", "exchange-1"]),
        ("datagrams", "", ["exchange-1"]),
        ("threads", "", ["exchange-1"]),
        ("reads_to_the_end", "abc", ["exchange-1"]),
    ],
)
@pytest.mark.by_turns(5)
def test_servers_of_every_kind_are_asked(
    tmp_path: Path, name: str, say: str, names: list[str]
) -> None:
    """What greets, what answers datagrams, and what answers only when its client has said all."""
    path = SERVED[name].path
    words = ("--server", f"{path}:Server", "--handler", f"{path}:Handler")

    ended = sockproof_(tmp_path, "init", *words, *(["--say", say] if say else []))

    assert ended.status == 0, ended
    exchanges = read_exchanges(tmp_path / FILE).exchanges.all
    assert [one.name for one in exchanges] == names
    assert exchanges[-1].half_closes is (name == "reads_to_the_end")
    assert checked(tmp_path) == 0


TIME = """
import socketserver, time
class Time(socketserver.BaseRequestHandler):
    def handle(self):
        self.request[1].sendto(b"%d\\n" % time.time(), self.client_address)
class TimeServer(socketserver.ThreadingUDPServer):
    pass
class Ticks(socketserver.StreamRequestHandler):
    ticks = 0
    def handle(self):
        for line in self.rfile:
            self.ticks += 1
            self.wfile.write(b"%d ticks\\n" % self.ticks)
class TickServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
"""


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("server", "handler", "wanted"),
    [
        ("TimeServer", "Time", "expect_regex = '[0-9]+\\n'\n"),
        ("TickServer", "Ticks", "expect_regex = '[0-9]+ ticks\\n'\nkeeps = true\n"),
    ],
)
def test_what_is_another_each_time_is_a_pattern(
    tmp_path: Path, server: str, handler: str, wanted: str
) -> None:
    """It is asked once more; and where that is answered on the connection, it is kept."""
    (tmp_path / "own.py").write_text(TIME)
    words = ("--server", f"own.py:{server}", "--handler", f"own.py:{handler}")

    ended = sockproof_(tmp_path, "init", *words, "--say", r"now\n")

    assert ended.status == 0, ended
    assert wanted in (tmp_path / FILE).read_text("utf-8")
    assert checked(tmp_path) == 0


@pytest.mark.by_turns(5)
def test_program_is_started_and_its_dates_may_change(tmp_path: Path) -> None:
    """Its words stand in the file as they were given."""
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("hello")
    web = ("-m", "http.server", "--bind", "127.0.0.1", "--directory", "page", "{port}")

    ended = sockproof_(tmp_path, "init", "--", sys.executable, *web)

    assert ended.status == 0, ended
    text = (tmp_path / FILE).read_text("utf-8")
    assert f'command = "{sys.executable} {" ".join(web)}"\n' in text
    assert "Date: [A-Za-z]+, [0-9]+ [A-Za-z]+ [0-9]+" in text
    assert checked(tmp_path) == 0


@pytest.mark.by_turns(5)
def test_server_that_is_known_by_its_name_is_asked(tmp_path: Path) -> None:
    """Its file names it in the same way."""
    ended = sockproof_(tmp_path, "init", "--server", "http.server")

    assert ended.status == 0, ended
    assert '[server]\nclass = "http.server"\n' in (tmp_path / FILE).read_text("utf-8")
    assert checked(tmp_path) == 0


@pytest.mark.by_turns(5)
def test_server_at_an_address_is_asked(tmp_path: Path) -> None:
    """It is there already, and stays."""
    with served(lambda client: client.sendall(client.recv(99).upper())) as (host, port):
        ended = sockproof_(tmp_path, "init", f"{host}:{port}", "--say", "a")

        assert ended.status == 0, ended
        assert f'[server]\naddress = "{host}:{port}"\n' in (tmp_path / FILE).read_text("utf-8")
        assert checked(tmp_path) == 0


@pytest.mark.by_turns(5)
def test_server_that_says_nothing_leaves_an_example_to_fill_in(tmp_path: Path) -> None:
    """Which is said, and is in order."""

    is_over = threading.Event()

    def keeps_silent(_client: socket.socket) -> None:
        is_over.wait()

    with served(keeps_silent) as (host, port):
        ended = sockproof_(tmp_path, "init", f"{host}:{port}")
        is_over.set()

    assert ended.status == 0, ended
    assert "has an example to fill in: the server was found to answer nothing" in ended.stderr
    assert "# It was found to answer nothing" in (tmp_path / FILE).read_text("utf-8")
    assert read_exchanges(tmp_path / FILE).exchanges.named("exchange-1").request == b"hello\n"


@pytest.mark.by_turns(5)
def test_file_is_overwritten_if_asked_for_alone(tmp_path: Path) -> None:
    """It is refused before anything is started."""
    (tmp_path / FILE).write_text("mine")

    refused = begun(tmp_path, *CLASS, "--say", "a\\n")
    kept = (tmp_path / FILE).read_text()
    forced = begun(tmp_path, *CLASS, "--say", "a\\n", "--force")

    assert (refused.status, kept) == (4, "mine")
    assert refused.error == f"{FILE} is there already; name another with -o, or add --force"
    assert forced.status == 0
    assert read_exchanges(tmp_path / FILE).exchanges.all[0].request == b"a\n"


# Who cannot be asked, with the status and the line of a check of the same.
BAD = [
    ("", 4, "nothing to check"),
    ("nowhere:", 4, "is no address"),
    ("127.0.0.1:1", 3, "nobody can be reached at 127.0.0.1:1: connection refused"),
    ("192.0.2.1:80", 4, "192.0.2.1 is not this machine's loopback"),
    ("-- no-such-program {port}", 3, "cannot start 'no-such-program': no such file"),
    ("-- false {port}", 3, "it ended with status 1 before it listened at"),
    ("-- sleep 1", 4, "nothing says at which port the program listens"),
    ("--server gone.py:A", 4, "--server 'gone.py:A': there is no file gone.py"),
    ("--server chat.py:Gone", 4, "chat has no 'Gone'"),
    ("--handler chat.py:ChatHandler", 4, "--handler is for --server"),
]


@pytest.mark.by_turns(5)
@pytest.mark.parametrize(("words", "status", "error"), BAD)
def test_bad_ones_are_told_as_by_a_check(
    tmp_path: Path, words: str, status: int, error: str
) -> None:
    """In one line; nothing is written."""
    ended = begun(tmp_path, *words.split())
    check = sockproof_(tmp_path, "check", "--report-dir", "out", *words.split())

    assert (ended.status, check.status) == (status, status), (ended, check)
    assert error in ended.error
    assert error in check.error
    assert not (tmp_path / FILE).exists()


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("options", "status", "error"),
    [
        (("--say", "\\x"), 4, "--say '\\\\x'"),
        (("-o", "no/such/file"), 4, "no folder no/such"),
        (("--nope",), 4, "No such option '--nope'"),
    ],
)
def test_bad_options_are_told(
    tmp_path: Path, options: tuple[str, ...], status: int, error: str
) -> None:
    """Before anything is started."""
    ended = begun(tmp_path, *options, *CLASS)

    assert ended.status == status, ended
    assert error in ended.error
    assert not (tmp_path / FILE).exists()


def test_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """With what it was asked."""

    def resets(client: socket.socket) -> None:
        client.recv(1)

    with served(resets) as (host, port):
        ended = sockproof_(tmp_path, "init", f"{host}:{port}", "--say", "hello")

    assert ended.status == 3
    assert "does not answer b'hello': it resets the connection" in ended.error
    assert not (tmp_path / FILE).exists()
