"""A capture of a case with TLS has the octets of its records, and the keys to read them: of one
connection, and of a second one that brings the session of the first."""

from __future__ import annotations

import functools
import json
import re
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from sockproof.case.key_log import KeyLog
from sockproof.commands.cli import run_command
from sockproof.commands.one_case import play_case
from sockproof.iut.capabilities import probe
from sockproof.iut.implementation import parse_iut
from sockproof.record.evidence import KEY_LOG, RECORDS, TranscriptEvent
from sockproof.record.rows import CaseRow
from sockproof.repro.flows import key_log_of, packets_of
from sockproof.repro.pcapng import pcapng
from sockproof.spec.case_id import CaseId
from sockproof.spec.matrix import spec_by_id

TSHARK = shutil.which("tshark")
LINE = b"within TLS\n"
ECHO = "tls/get-request-that-wraps[{},{}]"
SESSION = "tls/client-with-a-session[TCP/inet,{}]"
# Behind the headers of record and message, and the version: what a hello has of its own.
RANDOM = slice(11, 43)
# As the keys of one connection begin in each version.
FIRST_KEY = {"tls1.2": "CLIENT_RANDOM", "tls1.3": "CLIENT_HANDSHAKE_TRAFFIC_SECRET"}


@functools.cache
def played(case: str) -> CaseRow:
    spec = spec_by_id(CaseId.read(case).spec)
    (one,) = play_case(CaseId.read(case), [probe(parse_iut("python3"), [spec])])
    return one.row


def records(row: CaseRow) -> list[TranscriptEvent]:
    return [one for one in row.transcript if one.what in RECORDS]


def hellos(row: CaseRow) -> list[bytes]:
    """The first octets that each client has sent."""
    sent = {one.lane: one for one in reversed(row.transcript) if one.what == RECORDS[0]}
    return [one.octets.text.encode("latin-1") for one in sent.values() if one.octets]


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("version", FIRST_KEY)
@pytest.mark.parametrize("form", [ECHO.format("TCP/inet", "{}"), SESSION])
def test_keys_are_those_of_the_hellos(form: str, version: str) -> None:
    """Who looks for a key finds it by the random octets of a client's hello."""
    row = played(form.format(version))

    keys = key_log_of(row.transcript).decode("ascii")

    found = set(re.findall(rf"^{FIRST_KEY[version]} (\w+) \w+$", keys, re.MULTILINE))
    assert found == {hello[RANDOM].hex() for hello in hellos(row)}


def test_capture_has_what_was_sent() -> None:
    """Record by record, as the transcript tells them; the keys come before the first packet."""
    row = played(ECHO.format("TCP/inet", "tls1.3"))
    packets = packets_of(row.transcript, is_stream=True)

    capture = pcapng(packets, "", "", key_log_of(row.transcript))

    told = [one.octets.text.encode("latin-1") for one in records(row) if one.octets]
    places = [capture.index(key_log_of(row.transcript)), *map(capture.index, told)]
    assert len(told) >= 4
    assert places == sorted(places)


@pytest.mark.by_turns(3)
def test_large_records_are_kept_in_part() -> None:
    """So much as a transcript may have; the digest is of all."""
    row = played("tls/large-transfer[TCP/inet,get_request]")

    sizes = {len(one.octets.text) for one in records(row) if one.octets}

    assert max(sizes) == 1 << 16
    assert len(json.dumps(row.to_json())) < 1 << 21


@pytest.mark.by_turns(3)
@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("version", FIRST_KEY)
@pytest.mark.parametrize("spec", ["TCP/inet", "UnixStream/path"])
def test_wireshark_reads_it(tmp_path: Path, spec: str, version: str) -> None:
    """Its tshark decrypts the line, there and back, of the file alone."""
    path = tmp_path / "case.pcapng"
    assert run_command(["pcap", ECHO.format(spec, version), "-o", str(path)]) == 0

    ports = ["-d", "tcp.port==1-65535,tls"]
    follow = [str(TSHARK), "-r", str(path), *ports, "-q", "-z", "follow,tls,hex,0"]
    told = subprocess.run(follow, capture_output=True, text=True, timeout=120, check=True).stdout

    assert told.count(" ".join(f"{octet:02x}" for octet in LINE[:8])) == 2


def test_key_log_leaves_nothing_open() -> None:
    """Neither on the disk nor among the descriptors."""
    before = len(list(Path("/dev/fd").iterdir()))

    for _ in range(3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        assert KeyLog(context).take() == b""
        del context

    assert len(list(Path("/dev/fd").iterdir())) == before


def test_terminal_says_what_a_record_is_first() -> None:
    """Its octets come behind."""
    row = played(ECHO.format("TCP/inet", "tls1.3"))

    told = {one.what: one for one in row.transcript}

    assert KEY_LOG in told
    assert told[RECORDS[0]].note.startswith("application data")
