"""``openssl s_client`` and our client with TLS are of one opinion on the same servers.

The servers are those that the agent makes, over this Python's own socketserver.
"""

from __future__ import annotations

import shutil
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sockproof.case.certificates import authority
from sockproof.case.client import StreamPeer
from sockproof.case.tls_client import TlsClient
from sockproof.case.tls_server import SHAPES, TlsServer
from sockproof.iut.agent import securing
from sockproof.iut.case_log import CaseLog
from sockproof.spec.matrix import ServerSpec, spec_by_id

OPENSSL = shutil.which("openssl")
DEADLINE_S = 30
LINE = b"within TLS\n"
SPEC = spec_by_id("TCP/inet")
secured: Callable[..., tuple[Any, Any]] = securing.secured
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl here")


@dataclass(frozen=True)
class Opinion:
    """What a client says: the version that was agreed on or empty, what came back, and words."""

    version: str
    heard: bytes
    words: str


@dataclass(frozen=True)
class Reached:
    """What a client connects to."""

    address: Any
    spec: ServerSpec = SPEC


@contextmanager
def serving(tls: TlsServer, *, unwraps: bool = False) -> Iterator[Any]:
    """The address of a server that echoes a line."""
    order = tls.describe()
    server_class, base = secured(
        order, socketserver.ThreadingTCPServer, socketserver.StreamRequestHandler
    )

    class Echoing(base):  # type: ignore[misc, valid-type]
        def handle(self) -> None:
            self.wfile.write(self.rfile.readline())
            if unwraps:
                self.request.unwrap()

    class Quiet(server_class):  # type: ignore[misc, valid-type]
        daemon_threads = True

        def handle_error(self, *_of: Any) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Echoing) as server:
        threading.Thread(target=server.serve_forever, args=[0.001], daemon=True).start()
        try:
            yield server.server_address
        finally:
            server.shutdown()


def of_openssl(
    address: Any, folder: Path, version: str, known: bool, trusting: bool, line: bytes = LINE
) -> Opinion:
    """The words of s_client, which ends when the server does."""
    own = {"trusted": authority().trusted_pem if trusting else "", "own": authority().client_pem}
    for name, text in own.items():
        (folder / name).write_text(text)
    flags = [f"-{version.lower().replace('tlsv', 'tls')}"] if version else []
    flags += ["-cert", "own", "-key", "own"] if known else []
    flags += ["-CAfile", "trusted"] if trusting else ["-no-CAfile", "-no-CApath"]
    where = ["-connect", "{}:{}".format(*address), "-servername", "localhost"]
    checks = ["-verify_return_error", "-verify_hostname", "localhost"]
    ended = subprocess.run(
        [str(OPENSSL), "s_client", "-brief", "-ign_eof", *where, *checks, *flags],
        cwd=folder,
        input=line,
        capture_output=True,
        timeout=DEADLINE_S,
    )
    words = ended.stderr.decode().lower()
    _, _, agreed = words.partition("protocol version: ")
    return Opinion(agreed.partition("\n")[0].replace("tls", "TLS"), ended.stdout, words)


def of_ours(address: Any, version: str, known: bool, trusting: bool, line: bytes = LINE) -> Opinion:
    """The same of ours."""
    peer = StreamPeer(CaseLog()).connect(Reached(address))
    try:
        client = TlsClient(peer, version, is_known=known, trusting=trusting)
        agreed = client.attempt_handshake()
        if not agreed.startswith("TLS"):
            return Opinion("", b"", agreed)
        if line:
            client.send(line)
        heard, ending = client.receive()
        return Opinion(agreed, heard, ending)
    finally:
        peer.close()


def both(
    tls: TlsServer,
    folder: Path,
    version: str = "",
    *,
    known: bool = False,
    trusting: bool = True,
    line: bytes = LINE,
) -> tuple[Opinion, Opinion]:
    """What both say of one server."""
    with serving(tls) as address:
        theirs = of_openssl(address, folder, version, known, trusting, line)
        return theirs, of_ours(address, version, known, trusting, line)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_both_are_served(tmp_path: Path, shape: str, version: str) -> None:
    """In every shape, with the version that they want; both miss close notify at the end."""
    theirs, ours = both(TlsServer(shape), tmp_path, version)

    assert (ours.version, ours.heard) == (theirs.version, theirs.heard)
    assert (ours.version, ours.heard) == (version.replace("_", "."), LINE)
    assert ours.words == "end of stream"
    assert "unexpected eof" in theirs.words


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_both_hear_close_notify(tmp_path: Path, version: str) -> None:
    """Nobody of them misses anything when the handler has called unwrap()."""
    with serving(TlsServer("get_request"), unwraps=True) as address:
        theirs = of_openssl(address, tmp_path, version, known=False, trusting=True)
        ours = of_ours(address, version, known=False, trusting=True)

    assert (theirs.heard, ours.heard, ours.words) == (LINE, LINE, "close notify")
    assert "unexpected eof" not in theirs.words


def test_both_are_known(tmp_path: Path) -> None:
    """With a certificate of the authority that the server asks."""
    theirs, ours = both(TlsServer("setup", asks_clients=True), tmp_path, known=True)

    assert (ours.version, ours.heard) == (theirs.version, theirs.heard) == ("TLSv1.3", LINE)


REFUSED = {
    "no common version": (TlsServer("listening", "TLSv1_3"), "TLSv1_2", "alert protocol version"),
    "no certificate": (TlsServer("setup", asks_clients=True), "TLSv1_2", "alert handshake failure"),
}


@pytest.mark.parametrize("scene", REFUSED)
def test_both_are_refused(tmp_path: Path, scene: str) -> None:
    """In the same words."""
    tls, version, word = REFUSED[scene]

    theirs, ours = both(tls, tmp_path, version)

    assert word in theirs.words
    assert ours.words == word
    assert (theirs.heard, ours.heard) == (b"", b"")


def test_both_hear_that_a_certificate_is_wanted(tmp_path: Path) -> None:
    """In TLS 1.3 after their own part of the handshake: who sends then may meet a reset."""
    theirs, ours = both(TlsServer("setup", asks_clients=True), tmp_path, "TLSv1_3", line=b"")

    assert "alert certificate required" in theirs.words
    assert ours.words == "alert certificate required"


def test_both_refuse_who_is_not_trusted(tmp_path: Path) -> None:
    """They look at who has made the server's certificate."""
    theirs, ours = both(TlsServer("get_request"), tmp_path, trusting=False)

    assert "verify error" in theirs.words
    assert ours.words.startswith("certificate refused")
    assert (theirs.heard, ours.heard) == (b"", b"")
