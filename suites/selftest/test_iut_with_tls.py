"""A module whose servers speak TLS by themselves: it is not refused when its definition says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof.judge.verdict import Verdict
from suites.selftest.papers import Papers
from suites.selftest.runs import records_in, sockproof_

# Of two shapes: the handshake in get_request(), or in accept() of a listening socket.
SHAPES = {
    "get_request": """
    def get_request(self):
        request, address = super().get_request()
        return CONTEXT.wrap_socket(request, server_side=True), address
""",
    "listening": """
    def server_activate(self):
        super().server_activate()
        self.socket = CONTEXT.wrap_socket(self.socket, server_side=True)
""",
}
MODULE = """
import socketserver
import ssl
from socketserver import *

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
CONTEXT.load_cert_chain({pem!r})

class SecureServer(socketserver.TCPServer):{method}
"""
DEFINITION = """
module = "secure.py"
provides = ["TCPServer", "StreamRequestHandler", "BaseRequestHandler"]
[classes]
TCPServer = "SecureServer"
"""
CASES = ("construction/request-handler-class-is-kept", "dispatch/refused-request-is-closed")


def define(folder: Path, shape: str, tls: str) -> None:
    pem = str(Papers(folder).server)
    (folder / "secure.py").write_text(MODULE.format(pem=pem, method=SHAPES[shape]), "utf-8")
    (folder / "secure.toml").write_text(f"{DEFINITION}{tls}", "utf-8")


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_judged_without_clients(tmp_path: Path, shape: str) -> None:
    """By what needs none; what needs clients is not applicable, and says what plays it."""
    define(tmp_path, shape, '[tls]\nca = "ca.pem"\nname = "localhost"\n')

    ended = sockproof_(
        *(tmp_path, "run", "--iut", "secure.toml", "-k", " or ".join(CASES), "-n", "0"),
        *("--spec", "TCP/inet", "--report-dir", "out"),
    )

    (record,) = records_in(tmp_path).values()
    verdicts = {row.requirement: row.verdict for row in record.cases}
    (reason,) = {row.reason for row in record.cases if row.verdict is Verdict.NOT_APPLICABLE}
    assert ended.status == 0, ended
    assert verdicts["dispatch/refused-request-is-closed"] is Verdict.NOT_APPLICABLE
    assert Verdict.PASS in verdicts.values()
    assert reason.endswith("'sockproof check --server' does")


@pytest.mark.by_turns(3)
def test_without_a_word_of_it_nobody_can_be_served(tmp_path: Path) -> None:
    """It is refused before any case."""
    define(tmp_path, "get_request", "")

    ended = sockproof_(tmp_path, "run", "--iut", "secure.toml", "-k", CASES[1], "-n", "0")

    assert ended.status == 3
    assert "the smoke exchange failed" in ended.stderr
