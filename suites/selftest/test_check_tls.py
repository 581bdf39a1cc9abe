"""A check that speaks TLS: what it tells of servers with TLS, and of what it is given for it."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from fixtures.listeners.table import LISTENERS
from sockproof.check.agreement import agree
from sockproof.check.listener import parse_address
from sockproof.check.scripts.confirming import SCRIPT, SHOWN
from sockproof.errors import HarnessError, UsageError
from sockproof.iut.case_log import CaseLog
from sockproof.iut.tls_terms import TlsTerms
from sockproof.judge.verdict import Verdict
from sockproof.report.what_to_type import check_words
from suites.selftest.checked import check, rows_of
from suites.selftest.papers import Papers, listening_with
from suites.selftest.runs import records_in, sockproof_

# Of each fault of TLS, the case that shows it, and what is told of its cause.
CAUSES = {
    "tls_shakes_hands_in_accept": (
        "neighbours-delay-nobody[silent]",
        r"whoever is in the handshake holds up all others, in get_request\(\) at socketserver\.py",
    ),
    "tls_dies_of_a_handshake": (
        "garbage-is-survived[octets]",
        r"the program has ended with status 1: ssl\.SSLError: .*WRONG_VERSION_NUMBER",
    ),
    "tls_keeps_the_unagreed": (
        "leaving-clients-leave-nothing[in the handshake]",
        r"clients left \(in the handshake\); .* there are \d+ more descriptors",
    ),
    "tls_tries_again": (
        "leaving-clients-leave-nothing[deaf to the handshake]",
        r"more threads .*; threads stand: \d+ in setup\(\) at tls_tries_again\.py",
    ),
    "tls_dies_of_a_record": (
        "garbage-is-survived[octets past TLS]",
        r"the program has ended with status 1: ssl\.SSLError",
    ),
    "tls_stops_with_its_handshakes": (
        "stop-ends-in-time[silent client]",
        r"threads stand: \d+ in handle\(\) at tls_stops_with_its_handshakes\.py",
    ),
}


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("name", CAUSES)
def test_a_fault_of_tls_is_told_with_its_cause(tmp_path: Path, name: str) -> None:
    """And its script, of Python's standard library, shows it."""
    case, cause = CAUSES[name]
    keyword = case.replace("[", "[TCP/inet,")

    check(tmp_path, LISTENERS[name], "--patience", "2", "-k", keyword)

    row = rows_of(tmp_path)[case]
    assert row.verdict is Verdict.FAIL
    assert re.search(cause, row.actual), row.actual
    assert str(row.observations[SCRIPT]).endswith(SHOWN), row.observations


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers"))


def in_files(folder: Path, told: dict[str, str]) -> TlsTerms:
    """Terms whose files are in the folder."""
    names = ("ca", "cert", "key")
    files: dict[str, Any] = {name: str(folder / told[name]) for name in names if name in told}
    return replace(TlsTerms(name=told.get("name", ""), version=told.get("version", "")), **files)


# What is said of TLS, of files by their names in the papers, and what is told of it.
BAD_PAPERS: list[tuple[dict[str, str], str]] = [
    ({"ca": "absent"}, r"cannot read .*absent: No such file or directory"),
    ({"ca": "key"}, r"key: it has no certificate in PEM"),
    ({"cert": "absent"}, r"cannot read .*absent"),
    ({"cert": "both", "key": "absent"}, r"cannot read .*absent"),
    ({"cert": "key"}, r"key: it has no certificate in PEM"),
    ({"cert": "cert"}, r"cert: it has no key in PEM"),
    ({"cert": "cert", "key": "server.pem"}, r"server\.pem: the key does not belong to .*cert"),
    ({"key": "key"}, r"key is a key without a certificate"),
    ({"cert": "cert", "key": "sealed"}, r"the key of --tls-cert is encrypted"),
    ({"ca": "a\0b"}, r"cannot read .*: embedded null"),
    ({"ca": "pipe"}, r"cannot read .*pipe: it is no regular file"),
    ({"cert": "."}, r"cannot read .*: it is no regular file"),
    ({"name": ".example"}, r"'\.example' is no name of a host"),
    ({"name": "ü..a"}, r"is no name of a host"),
    ({"name": "a\0b"}, r"is no name of a host"),
]


@pytest.mark.parametrize(("told", "problem"), BAD_PAPERS)
def test_papers_that_are_not_in_order(papers: Papers, told: dict[str, str], problem: str) -> None:
    """One line says which, before anybody is asked anything."""
    folder = papers.ca.parent
    key = serialization.load_pem_private_key(papers.key.read_bytes(), None)
    sealing = serialization.BestAvailableEncryption(b"secret")
    form = serialization.PrivateFormat.PKCS8
    sealed = key.private_bytes(serialization.Encoding.PEM, form, sealing)
    (folder / "sealed").write_bytes(sealed)
    if not (folder / "pipe").exists():
        os.mkfifo(folder / "pipe")
    terms = in_files(folder, told)

    with pytest.raises(UsageError, match=problem):
        assert terms.context


# What clients are told beside --tls, whether the server asks for their certificate, and why they
# and the server do not agree; empty if they do.
AGREEMENTS: list[tuple[dict[str, str], bool, str]] = [
    ({}, False, ""),
    ({"ca": "ca.pem", "name": "localhost"}, False, ""),
    ({"ca": "ca.pem"}, False, "certificate refused: IP address mismatch"),
    ({"ca": "ca.pem", "name": "elsewhere"}, False, "certificate refused: Hostname mismatch"),
    ({"ca": "cert", "name": "localhost"}, False, "certificate refused: unable to get local issuer"),
    ({"cert": "both"}, True, ""),
    ({"cert": "cert", "key": "key", "version": "1.2"}, True, ""),
    ({}, True, "alert certificate required"),
    ({"version": "1.2"}, True, "alert handshake failure"),
]


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(("told", "asks", "why"), AGREEMENTS)
def test_they_agree_or_it_is_told_why_not(
    papers: Papers, told: dict[str, str], asks: bool, why: str
) -> None:
    """Before anything is judged."""
    terms = in_files(papers.ca.parent, told)
    with listening_with(papers.context(asks_clients=asks)) as port:
        address = replace(parse_address(f"127.0.0.1:{port}"), tls=terms)

        problem = ""
        try:
            agree(address, CaseLog())
        except HarnessError as error:
            problem = error.message

    assert (why in problem) if why else not problem, problem


def test_a_plain_server_does_not_agree() -> None:
    """It is told what to leave out."""
    with listening_with(None) as port:
        address = replace(parse_address(f"127.0.0.1:{port}"), tls=TlsTerms())

        with pytest.raises(HarnessError, match="no TLS handshake: ") as found:
            agree(address, CaseLog())

    assert found.value.hint == "it may speak no TLS: leave --tls out"


@pytest.mark.parametrize("name", ["", "--tls-ca"])
def test_an_empty_name_and_an_option_are_none(tmp_path: Path, name: str) -> None:
    """As of a variable that is not set, or a value forgotten: no check goes on with it."""
    ended = sockproof_(tmp_path, "check", f"--tls-name={name}", "127.0.0.1:1")

    assert (ended.status, f"'{name}' is no name of a host" in ended.error) == (4, True), ended


@pytest.mark.by_turns(3)
def test_examples_are_not_begun_with_an_alert(tmp_path: Path, papers: Papers) -> None:
    """A server with TLS answers plain words with nothing that an example could have."""
    with listening_with(papers.context()) as port:
        ended = sockproof_(tmp_path, "init", "--say", "hello\\n", f"127.0.0.1:{port}")

    assert ended.status == 3
    assert "it looks like TLS: try --tls" in ended.error
    assert not list(tmp_path.glob("*.toml"))


@pytest.mark.by_turns(3)
def test_whoever_says_nothing_of_tls_is_told_of_it(tmp_path: Path, papers: Papers) -> None:
    """Of a server that speaks it: by its answer to the user's words, or by what is found out."""
    options = ("-k", "reached-by-families", "--report-dir", "out")
    with listening_with(papers.context()) as port:
        found = sockproof_(tmp_path, "check", *options, f"127.0.0.1:{port}")
        said = sockproof_(tmp_path, "check", *options, "--say", "x\\r\\n", f"127.0.0.1:{port}")

    assert found.status == 0
    assert f"sockproof: 127.0.0.1:{port}: it looks like TLS: try --tls" in found.stderr
    assert said.status == 3
    assert "it looks like TLS: try --tls" in said.error


@pytest.mark.by_turns(3)
def test_a_record_says_that_tls_was_spoken(tmp_path: Path) -> None:
    """And that nobody looked at the certificate. It is played again in the same way."""
    server, case = LISTENERS["tls_listening"], "invariants/garbage-is-survived[TCP/inet,NUL]"

    ended = check(tmp_path, server, "-k", case)

    (path,), (record,) = (tmp_path / "out").glob("*.jsonl"), records_in(tmp_path).values()
    again = sockproof_(tmp_path, "replay", str(path), case, "--", *server.argv)
    assert "speaks TLS, with a certificate that nobody looks at" in ended.stdout
    assert record.subject
    assert record.subject.tls == {"trusted": False}
    assert check_words(record).startswith("sockproof check --tls --report-dir ")
    assert again.status == 0, again
    assert "1 of 1 ended as stored" in again.stdout
