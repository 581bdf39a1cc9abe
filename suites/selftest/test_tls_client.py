"""The client with TLS, held against servers of Python's own: what it agrees on, and how it tells
the ways apart in which a stream can end."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from sockproof.case import certificates
from sockproof.case.certificates import authority
from sockproof.case.client import StreamPeer
from sockproof.case.tls_client import CLOSE_NOTIFY, CUT_OFF, TlsClient
from sockproof.commands.one_case import play_case
from sockproof.iut.agent import events, securing
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.case_log import CaseLog
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.judge.checks import Mismatch
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.repro.differences import first_difference
from sockproof.spec.case_id import CaseId
from sockproof.spec.matrix import ServerSpec, spec_by_id
from suites.selftest.agents import implementation_of

SPEC = spec_by_id("TCP/inet")
CASE = "tls/get-request-that-wraps[ThreadingTCP/inet,tls1.3]"
OLDER = implementation_of("python2.7")


server_context: Callable[[str, str], ssl.SSLContext] = securing.server_context
describe_error: Callable[[BaseException], dict[str, Any]] = events.describe_error


@dataclass(frozen=True)
class Listening:
    """What a client connects to."""

    address: Any
    spec: ServerSpec = SPEC


@contextmanager
def one_answer(answer: Callable[[socket.socket], None]) -> Iterator[TlsClient]:
    """A client of a server that treats one connection so, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection, suppress(OSError):
                answer(connection)

        serving = threading.Thread(target=serve)
        serving.start()
        peer = StreamPeer(CaseLog())
        try:
            yield TlsClient(peer.connect(Listening(listener.getsockname())))
        finally:
            peer.close()
            serving.join()


def speaking(act: Callable[[ssl.SSLSocket], Any]) -> Callable[[socket.socket], None]:
    """An answer within TLS."""

    def answer(connection: socket.socket) -> None:
        context = server_context(authority().server_pem, "")
        with context.wrap_socket(connection, server_side=True) as secure:
            act(secure)

    return answer


def entries(client: TlsClient) -> list[str]:
    return [f"{one.what} {one.note}".strip() for one in client.log.entries]


@pytest.mark.parametrize("piece_octets", [0, 1, 7])
def test_handshake_in_pieces(piece_octets: int) -> None:
    """Each octet in a segment of its own, or all at once: the same is agreed on."""
    with one_answer(speaking(lambda secure: secure.sendall(secure.recv(100)))) as client:
        agreed = client.attempt_handshake(piece_octets)
        client.send(b"anybody?", cuts=range(1, 9))
        client.expect(b"anybody?")

    assert agreed == ssl.TLSVersion.TLSv1_3.name.replace("_", ".")
    assert "handshake" in entries(client)[1]


def test_close_notify_is_not_the_end_of_the_connection() -> None:
    """Who ends TLS has said so; who ends the connection alone has not."""
    with one_answer(speaking(lambda secure: secure.unwrap())) as client:
        said = client.handshake().receive()
    with one_answer(speaking(lambda secure: secure.sendall(b"abc"))) as client:
        unsaid = client.handshake().receive()

    assert said == (b"", CLOSE_NOTIFY)
    assert unsaid == (b"abc", CUT_OFF)


def test_expected_end_is_the_one_that_came() -> None:
    """To expect one of the two is to be refused the other."""
    with one_answer(speaking(lambda secure: secure.sendall(b"abc"))) as client:
        client.handshake()
        with pytest.raises(Mismatch, match="close notify"):
            client.expect(b"abc", CLOSE_NOTIFY)


def test_handshake_that_has_begun_goes_on() -> None:
    """Until then nobody waits for an answer, and it is seen when one is there."""
    said = threading.Event()

    def answer(connection: socket.socket) -> None:
        said.wait(5)
        speaking(lambda secure: secure.sendall(secure.recv(100)))(connection)

    with one_answer(answer) as client:
        before = client.begin().is_answered()
        said.set()
        client.client.wait_for_octets()
        after = client.is_answered()
        client.go_on().send(b"abc").expect(b"abc")

    assert (before, after) == (False, True)


def test_number_of_openssl_is_no_errno() -> None:
    """Its 8 would be called ENOEXEC, which nobody has seen."""
    told = describe_error(ssl.SSLEOFError(8, "EOF occurred in violation of protocol"))

    assert (told["type"], told["errno"], told["errno_name"]) == ("SSLEOFError", None, "")


def test_plain_server_is_told() -> None:
    """What it says is no record, and no TLS."""
    with one_answer(lambda plain: plain.sendall(b"220 hello\r\n" * 9)) as client:
        agreed = client.attempt_handshake()

    assert agreed == "wrong version number"
    assert "records received no record: b'220 hello\\r\\n220 hello'" in entries(client)


def test_alert_of_the_server_is_told_by_its_name() -> None:
    """It has nothing in common with this client."""

    def refuse(connection: socket.socket) -> None:
        context = server_context(authority().server_pem, "TLSv1_2")
        context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # its key is none for that
        context.wrap_socket(connection, server_side=True)

    with one_answer(refuse) as client:
        agreed = client.attempt_handshake()

    assert agreed == "alert handshake failure"
    assert "records received alert handshake failure" in entries(client)


def test_certificate_of_another_authority_is_refused() -> None:
    """The client looks at who has made it."""
    other = trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.bytes()

    def answer(connection: socket.socket) -> None:
        server_context(other.decode("ascii"), "").wrap_socket(connection, server_side=True)

    with one_answer(answer) as client, pytest.raises(Mismatch, match="certificate refused"):
        client.handshake()


def test_two_playings_have_one_transcript() -> None:
    """No two signatures are alike, and may have other lengths: replay() finds no difference."""
    iut = probe(parse_iut("python3"), [SPEC])

    first, second = (one.row for one in play_case(CaseId.read(CASE), [iut, iut]))

    assert "records sent" in [one.what for one in first.transcript]
    assert first_difference(first.transcript, second.transcript) is None


def played_on(iut: ProbedIut) -> CaseRow:
    (one,) = play_case(CaseId.read(CASE), [iut])
    return one.row


def test_interpreter_without_ssl_is_told() -> None:
    """Some are built without OpenSSL."""
    argv = parse_iut("python3").argv
    without = "import sys; sys.modules['ssl'] = None"
    row = played_on(probe(Implementation("without", argv, preload=without), [SPEC]))

    assert (row.verdict, row.reason, row.lacks) == (Verdict.NOT_APPLICABLE, "no TLS here", "TLS")


@pytest.mark.skipif(OLDER is None, reason="no python2.7 here")
def test_older_interpreter_is_told() -> None:
    """What begins with a later one is not asked of it."""
    assert OLDER is not None
    row = played_on(probe(OLDER, [SPEC]))

    assert (row.verdict, row.reason) == (Verdict.NOT_APPLICABLE, "since Python 3.9")


def test_authority_is_one_for_all_threads() -> None:
    """Whoever asks first at the same time gets the same."""
    certificates._made.cache_clear()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: authority(), range(8)))

    assert len(found) == 1


def test_nothing_of_a_key_stays_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A context reads its chain from a file, which is gone when it is there."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    server_context(authority().server_pem, "TLSv1_3")

    assert list(tmp_path.iterdir()) == []
