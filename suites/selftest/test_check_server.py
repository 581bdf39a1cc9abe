"""``check --server``: a class or a factory of the user's own is made, served and judged."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from sockproof.check import starter
from sockproof.check.scripts.confirming import SCRIPT, SHOWN
from sockproof.record.reader import read_record
from suites.selftest.record_schema import validate_record
from suites.selftest.runs import Mark, living, sockproof_

CHAT = """
import socketserver

class Upper(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())

class Datagrams(socketserver.DatagramRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read().upper())

class OnePiece(socketserver.BaseRequestHandler):
    def handle(self):
        data = self.request.recv(100)
        if data.endswith(b"\\n"):
            self.request.sendall(data.upper())

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

class Server6(Server):
    address_family = socketserver.socket.AF_INET6

def make_server(port, *, host, handler=Upper, suffix=""):
    assert suffix == f"at {host}:{port}", suffix
    return Server((host, port), handler)

class Apart:
    Server = Server

def no_server(address):
    return None

number = 5
"""
FACTORY = """
[server]
class = "chat.py:make_server"
arguments = ["{port}"]
keywords = { host = "{host}", suffix = "at {address}" }

[[exchange]]
send = "hello\\n"
expect = "HELLO\\n"
keeps = true
"""
EXAMPLE = '[[exchange]]\nsend = "hello\\n"\nexpect = "HELLO\\n"\n'
AT_REST = ("-k", "at-rest or stop-ends-in-time and idle")
CUT = "service/cut-anywhere[TCP/inet,exchange-1]"
FAULT, USAGE = 3, 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a module, and examples."""
    (tmp_path / "chat.py").write_text(CHAT, "utf-8")
    (tmp_path / "factory.toml").write_text(FACTORY.replace("{address}", "{host}:{port}"), "utf-8")
    (tmp_path / "example.toml").write_text(EXAMPLE, "utf-8")
    (tmp_path / "wrong.toml").write_text(EXAMPLE.replace("HELLO", "WORLD"), "utf-8")
    (tmp_path / "lost.toml").write_text(FACTORY.replace("make_server", "Gone"), "utf-8")
    (tmp_path / "broken.py").write_text("import no_such_module_of_anybody\n", "utf-8")
    (tmp_path / "closed.toml").write_text(f"{EXAMPLE}keeps = true\n", "utf-8")
    return tmp_path


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("--server chat:Server --handler chat:Upper", "127.0.0.1:0"),
        ("--server chat.py:Server --handler ./chat.py:Upper", "127.0.0.1:0"),
        ("--server chat:Apart.Server --handler chat:Upper", "127.0.0.1:0"),
        ("--server chat:Server6 --handler chat:Upper", "[::1]:0"),
        ("--server socketserver:UDPServer --handler chat:Datagrams", "udp:127.0.0.1:0"),
        ("--server socketserver:ThreadingUnixStreamServer --handler chat:Upper", "unix:"),
        ("--server socketserver:UnixDatagramServer --handler chat:Datagrams", "unixgram:"),
        (f"--server chat:Server@{sys.executable} --handler chat:Upper", "127.0.0.1:0"),
        ("--exchanges factory.toml", "127.0.0.1:0"),
    ],
)
def test_server_is_made_and_judged(folder: Path, words: str, address: str) -> None:
    """Where its class has its place; the record tells what it is, not how we start it."""
    mark = Mark.new()

    ended = sockproof_(folder, "check", *AT_REST, *words.split(), **mark.variables)

    assert ended.status == 0, ended.stdout + ended.stderr
    (path,) = (folder / "sockproof-report").glob("*.jsonl")
    record = read_record(path)
    assert validate_record(path)
    assert record.subject is not None
    assert (record.subject.kind, record.subject.address) == ("server", address)
    assert "starter" not in path.read_text("utf-8").splitlines()[0]
    assert list(living(mark)) == []


@pytest.mark.by_turns(6)
def test_finding_is_shown_again(folder: Path) -> None:
    """By its script, which needs no sockproof, by the reported command, by replay and repro."""
    named = ("--server", "chat:Server", "--handler", "chat:OnePiece", "--exchanges", "example.toml")
    ended = sockproof_(folder, "check", "-k", CUT, *named)
    record = "sockproof-report/chat-Server.jsonl"

    (case,) = read_record(folder / record).cases
    script = folder / "sockproof-report/scripts/cut-anywhere-exchange-1.py"
    assert ended.status == 1, ended.stderr
    assert case.observations[SCRIPT] == f"scripts/{script.name} {SHOWN}"
    assert f"check --exchanges example.toml -k '{CUT}' {' '.join(named[:4])}" in ended.stdout
    told = f"replay {record} '{CUT}' --exchanges example.toml {' '.join(named[:4])}"
    assert told in ended.stdout

    alone = subprocess.run(
        [sys.executable, "-I", str(script)], cwd=folder, capture_output=True, text=True
    )
    assert (alone.returncode, alone.stderr) == (1, ""), alone.stdout
    assert "sockproof" not in script.read_text("utf-8").replace(sys.executable, "python")
    for command, told in (("replay", "1 of 1 ended as stored"), ("repro", "it shows it")):
        output = ("-o", "again.py") if command == "repro" else ()
        same = sockproof_(folder, command, record, CUT, *output, *named)
        assert (same.status, told in same.stdout) == (0, True), same.stdout + same.stderr
    trusted = sockproof_(folder, "replay", record, CUT, "--trust-record")
    assert trusted.status == 0, trusted.stderr
    other = sockproof_(folder, "replay", record, CUT, *named[:3], "chat:Upper", *named[4:])
    assert "0 of 1 ended as stored" in other.stdout


@pytest.mark.by_turns(8)
@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ("--server chat:Gone", USAGE, "chat:Gone: chat has no 'Gone'"),
        ("--server gone:X", USAGE, "there is no module gone; such as"),
        ("--server chat.gone:X", USAGE, "there is no module chat.gone"),
        ("--server broken:X", FAULT, "cannot import broken: ModuleNotFoundError: No module"),
        ("--server broken:X --listens 127.0.0.1:{port}", FAULT, "cannot import broken: "),
        ("--server chat:number", USAGE, "chat:number is no class and no function, but of type int"),
        ("--server chat:Server", FAULT, "TypeError: "),
        ("--server chat:Server --handler chat:Gone", USAGE, "--handler chat:Gone: chat has no"),
        ("--server chat:no_server", FAULT, "gives a NoneType, which has no serve_forever()"),
        ("--server gone.py:X", USAGE, "there is no file gone.py"),
        ("--server chat:Gone --listens 127.0.0.1:{port}", USAGE, "chat has no 'Gone'"),
        ("--server chat:Server --handler gone:X", USAGE, "--handler gone:X: there is no module"),
        ("--server chat:Server --handler gone.py:X", USAGE, "there is no file gone.py"),
        ("--exchanges lost.toml", USAGE, "chat has no 'Gone'"),
        ("--server chat", USAGE, "'chat' names no class and no function"),
        ("--server chat:Server@no-such-python", USAGE, "no interpreter 'no-such-python'"),
        ("--handler chat:Upper", USAGE, "--handler is for --server"),
        ("--server chat:Server 127.0.0.1:9", USAGE, "leave out 127.0.0.1:9"),
        ("--exchanges gone.toml 127.0.0.1:9", USAGE, "cannot read gone.toml"),
        ("--exchanges example.toml", USAGE, "nothing to check"),
        ("--exchanges example.toml 127.0.0.1:1", FAULT, "nobody can be reached at 127.0.0.1:1"),
        (
            "--exchanges closed.toml --server chat:Server --handler chat:OnePiece",
            FAULT,
            "it gets its end, not a connection that goes on, as keeps = true says",
        ),
        (
            "--exchanges wrong.toml --server chat:Server --handler chat:Upper",
            FAULT,
            r"exchange 'exchange-1': it gets b'HELLO\n', not b'WORLD\n'",
        ),
    ],
)
def test_what_is_no_server_is_one_line(folder: Path, words: str, status: int, told: str) -> None:
    """Of the user's module, of the words, or of the example; nothing is written, none is left."""
    mark = Mark.new()

    ended = sockproof_(folder, "check", *AT_REST, *words.split(), **mark.variables)

    assert (ended.status, ended.stdout) == (status, ""), ended
    assert told in ended.error
    assert not (folder / "sockproof-report").exists()
    assert list(living(mark)) == []


@pytest.mark.by_turns(3)
def test_program_and_address_take_examples_too(folder: Path) -> None:
    """From the command line or from the file."""
    (folder / "main.py").write_text(
        "import sys, chat\n"
        "with chat.Server(('127.0.0.1', int(sys.argv[1])), chat.Upper) as server:\n"
        "    server.serve_forever()\n"
    )
    command = f"[server]\ncommand = '{sys.executable} main.py {{port}}'\n{EXAMPLE}"
    (folder / "command.toml").write_text(command, "utf-8")
    program = ("--exchanges", "example.toml", "--", sys.executable, "main.py", "{port}")

    for words in (program, ("--exchanges", "command.toml")):
        ended = sockproof_(folder, "check", "-k", "cut-anywhere", *words)

        assert ended.status == 0, ended.stderr
        assert "cut-anywhere  PASS" in ended.stdout


def test_starter_is_of_every_python() -> None:
    """From 3.6 on: it runs in the user's interpreter, and has no more than its standard library."""
    tree = ast.parse(Path(starter.__file__).read_text("utf-8"), feature_version=(3, 6))

    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imported for alias in node.names}
    assert names == {"importlib", "json", "os", "sys", "traceback", "Path", "Any"}
