"""``sockproof check`` on a real server, and what its options say before anything is played."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sockproof.commands.cli import run_command
from sockproof.record.reader import read_record
from suites.selftest.record_schema import validate_record

# It cannot be started again at once after a client: it closes first, and reuses no address.
SERVER = """
import socketserver
import sys

class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(1024))

with socketserver.TCPServer(("127.0.0.1", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
"""
CASE = "invariants/starts-again-at-once[TCP/inet,idle]"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of a program, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "echo.py").write_text(SERVER, "utf-8")
    return ["--", sys.executable, "echo.py", "{port}"]


@pytest.mark.by_turns(5)
def test_a_finding_is_told_and_known(
    server: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A check finds it; the next one knows it, by the earlier record, or by an expectation."""
    check = ["check", "-k", "starts-again-at-once and idle"]

    assert run_command([*check, *server]) == 1

    told = capsys.readouterr().out
    (record_path,) = tmp_path.glob("sockproof-report/*.jsonl")
    (found,) = json.loads((tmp_path / "sockproof-report" / "findings.json").read_text())["checks"]
    (finding,) = found["findings"]
    assert validate_record(record_path)
    assert finding["cases"] == [CASE]
    assert f"{finding['hash']}  SHOULD  " in told
    assert f"sockproof check -k '{CASE}' -- {sys.executable} echo.py '{{port}}'\n" in told

    before = tmp_path / "before.jsonl"
    record_path.rename(before)
    known = tmp_path / "known.toml"
    assert run_command(["expect", str(before), "--reason", "so", "--output", str(known)]) == 0
    expected = ["--expectations", str(known), "--report-dir", "known"]

    assert run_command([*check, "--only-new", str(before), *server]) == 0
    assert "1 finding, 0 new" in capsys.readouterr().out
    assert run_command([*check, *expected, *server]) == 0
    assert "nothing needs attention" in capsys.readouterr().out
    (case,) = read_record(next(tmp_path.glob("known/*.jsonl"))).cases
    assert case.known is not None
    assert case.known.reason == "so"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("check", "nothing to check"),
        ("check --expectations none.toml 127.0.0.1:9", "none.toml"),
        ("check --expectations wrong.toml 127.0.0.1:9", "no requirement 'invariants/no-such'"),
        ("check -k no-such-case 127.0.0.1:9", "no case is selected"),
        ("check 192.0.2.1:80", "is not this machine's loopback"),
    ],
)
@pytest.mark.usefixtures("server")
def test_bad_usage_is_one_line(capsys: pytest.CaptureFixture[str], words: str, said: str) -> None:
    """Nothing is started, and nothing written."""
    Path("wrong.toml").write_text(
        '[[expectation]]\ncase = "invariants/no-such"\nverdict = "FAIL"\ncontains = "a"\n'
        'reason = "b"\n',
        "utf-8",
    )

    assert run_command(words.split(" ")) == 4

    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1
    assert not Path("sockproof-report").exists()


def test_a_dry_run_tells_what_would_be_done(
    server: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each case, and nothing more."""
    assert run_command(["check", "--dry-run", *server]) == 0

    told = capsys.readouterr().out
    assert f"{CASE}: start it again at the same address\n" in told
    assert not Path("sockproof-report").exists()
