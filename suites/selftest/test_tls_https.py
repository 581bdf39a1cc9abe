"""The case of http.server.HTTPSServer, which begins with Python 3.14: played on older ones that are
given such a class, written as its documentation says, and on some that are given a wrong one.

https://docs.python.org/3/library/http.server.html#http.server.HTTPSServer
"""

from __future__ import annotations

import dataclasses
import shutil
import socketserver
import sys
from pathlib import Path

import pytest

from sockproof.commands.one_case import play_case
from sockproof.iut.capabilities import probe
from sockproof.iut.implementation import parse_iut
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.spec.case_id import CaseId
from sockproof.spec.matrix import spec_by_id

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="it is there")

GIVEN = """
import http.server, ssl

class HTTPSServer(http.server.HTTPServer):
    def __init__(self, address, handler, bind_and_activate=True, *, certfile, keyfile=None):
        self.own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.own.load_cert_chain(certfile, keyfile)
        super().__init__(address, handler, bind_and_activate)

    def server_activate(self):
        super().server_activate()
        self.socket = self.own.wrap_socket(self.socket, server_side=True)

http.server.HTTPSServer = HTTPSServer
"""
PLAIN = GIVEN.replace("self.own.wrap_socket(self.socket, server_side=True)", "self.socket")


def played(spec: str, preload: str, given: str = sys.executable) -> CaseRow:
    one = dataclasses.replace(parse_iut(given), preload=preload, level=(3, 14))
    iut = probe(one, [spec_by_id(spec)])
    return play_case(CaseId.read(f"tls/https-server[{spec},tls1.3]"), [iut])[0].row


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("spec", ["TCP/inet", "ThreadingTCP/inet"])
def test_right_one_is_right(spec: str) -> None:
    """With threads and without."""
    row = played(spec, GIVEN)

    assert (row.verdict, row.teardown.verdict.value) == (Verdict.PASS, "clean")


def test_plain_one_is_found() -> None:
    """One that has a certificate, and speaks no TLS."""
    row = played("TCP/inet", PLAIN)

    assert (row.verdict, row.expected) == (Verdict.FAIL, "a TLS handshake")


def test_module_below_something_else_is_not_judged(tmp_path: Path) -> None:
    """What http.server is made of is the interpreter's own."""
    module = tmp_path / "own_module.py"
    shutil.copy(socketserver.__file__, module)

    row = played("TCP/inet", GIVEN, str(module))

    reason = "http.server.HTTPSServer is not made of this module"
    assert (row.verdict, row.reason) == (Verdict.NOT_APPLICABLE, reason)
