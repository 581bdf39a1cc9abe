"""``replay --capture``: the case's packets as they passed the loopback interface, each one once."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sockproof.record.evidence import TranscriptEvent
from sockproof.record.reader import read_record
from sockproof.repro.packets import Endpoint, endpoints_of, udp
from suites.selftest.runs import DEADLINE_S, Ended, command, environment, sockproof_
from suites.selftest.test_repro_capture import followed, needs_tshark, tshark

CASE = "streams/reply-in-two-writes[TCP/inet]"
LARGE = "streams/large-request-arrives-whole"
FAULT, USAGE = 3, 4
WITHOUT_THE_PRIVILEGE = """
import ctypes, os, sys
DROP_FROM_BOUNDING_SET, CAP_NET_RAW = 24, 13
ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, CAP_NET_RAW, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Whoever has it, root too, has it no more."""


def may_capture() -> bool:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM).close()
    except (AttributeError, PermissionError):
        return False
    return True


needs_privilege = pytest.mark.skipif(not may_capture(), reason="this needs CAP_NET_RAW")


def captured(folder: Path, case: str) -> tuple[Path, list[TranscriptEvent]]:
    """The file that a case was captured in, and its transcript."""
    ended = sockproof_(folder, "replay", case, "--capture", "live.pcapng", "-o", "case.jsonl")
    assert ended.status == 0, ended.stderr
    assert "packets in live.pcapng, captured on lo" in ended.stderr
    (row,) = read_record(folder / "case.jsonl").cases
    return folder / "live.pcapng", list(row.transcript)


@needs_privilege
@needs_tshark
@pytest.mark.parametrize("spec", ["TCP/inet", "TCP/inet6"])
def test_captured_stream_is_what_the_peers_sent(spec: str, tmp_path: Path) -> None:
    """tshark puts the stream together to the octets that the transcript tells; none came twice."""
    path, transcript = captured(tmp_path, f"{LARGE}[{spec}]")

    sent, received = followed(path, "tcp")

    (told,) = [one.octets for one in transcript if one.what == "send" and one.octets is not None]
    assert (len(sent), hashlib.sha256(sent).hexdigest()) == (told.length, told.sha256)
    assert received == b"".join(
        one.octets.text.encode("latin-1")
        for one in transcript
        if one.lane == "peer" and one.what == "receive" and one.octets is not None
    )
    assert tshark(path, "-Y", "tcp.analysis.lost_segment") == []
    handshake = tshark(path, "-Y", "tcp.flags.syn == 1")  # the system may send later ones twice
    assert len(handshake) == 2


@needs_privilege
@needs_tshark
def test_captured_datagrams_are_those_of_the_case(tmp_path: Path) -> None:
    """Only the case's own, in the order in which they went."""
    path, transcript = captured(tmp_path, "datagrams/one-datagram-one-request[UDP/inet]")

    payloads = tshark(path, "-T", "fields", "-e", "udp.payload")

    sent = [one.octets for one in transcript if one.lane.startswith("peer") and one.octets]
    assert sorted(payloads) == sorted(one.text.encode("latin-1").hex() for one in sent)


@needs_privilege
def test_capture_needs_its_privilege(tmp_path: Path) -> None:
    """Without it one line says which, before anything is played."""
    given = command("replay", CASE, "--capture", "live.pcapng")
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_PRIVILEGE, *given],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )

    assert "needs the privilege CAP_NET_RAW" in Ended(ended.returncode, "", ended.stderr).error
    assert (ended.returncode, ended.stdout) == (FAULT, "")
    assert not (tmp_path / "live.pcapng").exists()


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("case", "path", "words"),
    [
        (
            "streams/reply-in-two-writes[UnixStream/path]",
            "x.pcapng",
            "Unix sockets send no packets",
        ),
        ("names/server-methods", "x.pcapng", "starts no server"),
        (CASE, "no/where.pcapng", "no folder no"),
    ],
)
def test_nothing_to_capture_is_said(case: str, path: str, words: str, tmp_path: Path) -> None:
    """In one line, and nothing is played."""
    ended = sockproof_(tmp_path, "replay", case, "--capture", path)

    assert words in ended.error
    assert (ended.status, ended.stdout) == (USAGE, "")


def test_packets_tell_their_endpoints() -> None:
    """Of either family; of an error message those of the datagram that it is about; else none."""
    for here, there in (("127.0.0.1", "127.0.0.2"), ("::1", "::1")):
        ends = Endpoint(here, 4000), Endpoint(there, 4001)
        assert endpoints_of(udp(*ends, b"x")) == ends

    quoted = udp(Endpoint("127.0.0.1", 4000), Endpoint("127.0.0.2", 4001), b"")
    refusal = bytearray(udp(Endpoint("127.0.0.2", 0), Endpoint("127.0.0.1", 0), quoted))
    refusal[9] = 1
    assert endpoints_of(bytes(refusal))[1] == Endpoint("127.0.0.2", 4001)
    assert endpoints_of(b"") == endpoints_of(b"\x45") == ()
