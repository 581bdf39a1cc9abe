"""Transcripts as packet captures: tshark reads them, finds no fault, and the octets are right."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from sockproof.iut.values import fill, octets
from sockproof.record.evidence import TranscriptEvent
from sockproof.repro.flows import packets_of
from sockproof.repro.pcapng import pcapng

TSHARK = shutil.which("tshark")
needs_tshark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
CHECKED = [f"-o{name}.check_checksum:TRUE" for name in ("tcp", "udp", "ip")]
LONG = fill(200_000, 3)
HALF_KNOWN = bytes(range(256)) * 8


def event(
    lane: str, what: str, data: bytes | None = None, note: str = "", **more: str
) -> TranscriptEvent:
    told = {"t_s": 0.001, "lane": lane, "what": what, "note": note, **more}
    if data is not None:
        told["octets"] = octets(data)
    return TranscriptEvent.from_json(told)


def conversation(own: object, server: object) -> list[TranscriptEvent]:
    """A client that asks, half-closes and is answered, and one that is reset."""
    there = f"{own!r} to {server!r}"
    return [
        event("peer", "connect", note=there),
        event("server", "handler setup"),
        event("peer", "send", b"question\n"),
        event("peer", "half-close"),
        event("peer", "receive", b"answer\n"),
        event("peer", "receive", LONG),
        event("peer", "end of stream"),
        event("peer", "close"),
    ]


def exchange(own: object, server: object) -> list[TranscriptEvent]:
    """A client that sends two datagrams, one of them empty, and gets one."""
    return [
        event("peer", "open", note=f"{own!r} to {server!r}"),
        event("peer", "send", b"ping"),
        event("peer", "send", b""),
        event("child 1", "step write", b"pong"),
        event("peer", "receive", b"pong", note=f"from {server!r}"),
        event("peer", "close"),
    ]


FAMILIES: dict[str, tuple[object, object]] = {
    "inet": (("127.0.0.1", 50001), ("127.0.0.2", 8000)),
    "inet6": (("::1", 50001, 0, 0), ("::1", 8000, 0, 0)),
    "path": ("/tmp/w1/s2", "/tmp/w1/s1"),
    "abstract": (b"\0client", b"\0server"),
    "unbound": ("", "/tmp/w1/s1"),
}


def captured(folder: Path, transcript: Sequence[TranscriptEvent], *, is_stream: bool) -> Path:
    path = folder / "case.pcapng"
    packets = packets_of(transcript, is_stream=is_stream, start_s=1_790_000_000.25)
    path.write_bytes(pcapng(packets, "what it is: synthesised", "sockproof"))
    return path


def tshark(path: Path, *arguments: str) -> list[str]:
    assert TSHARK is not None
    command = [TSHARK, "-r", str(path), *CHECKED, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return ended.stdout.splitlines()


def faults(path: Path) -> list[str]:
    """What tshark has to say against any packet: malformed, a wrong checksum, lost segments."""
    wrong = "_ws.malformed || tcp.analysis.flags || _ws.expert.severity >= 6291456"
    return [line for line in tshark(path, "-Y", wrong) if "[RST" not in line]


def followed(path: Path, protocol: str, stream: int = 0) -> tuple[bytes, bytes]:
    """What tshark puts together of one stream: from the client, and to it."""
    lines = tshark(path, "-q", "-z", f"follow,{protocol},raw,{stream}")
    start = next(n for n, line in enumerate(lines) if line.startswith("Node 1:")) + 1
    told = [line for line in lines[start:] if line and not line.startswith("=")]
    sent = "".join(line for line in told if not line.startswith("\t"))
    received = "".join(line.strip() for line in told if line.startswith("\t"))
    return bytes.fromhex(sent), bytes.fromhex(received)


@pytest.mark.by_turns(5)
@needs_tshark
@pytest.mark.parametrize("family", FAMILIES)
def test_stream_has_its_octets(family: str, tmp_path: Path) -> None:
    """Of whatever family, the stream is whole and its packets are without fault."""
    path = captured(tmp_path, conversation(*FAMILIES[family]), is_stream=True)

    assert faults(path) == []
    sent, received = followed(path, "tcp")
    assert sent == b"question\n"
    assert received == b"answer\n" + LONG


@pytest.mark.by_turns(5)
@needs_tshark
@pytest.mark.parametrize("family", FAMILIES)
def test_datagrams_have_their_octets(family: str, tmp_path: Path) -> None:
    """Each datagram is one packet, an empty one too."""
    path = captured(tmp_path, exchange(*FAMILIES[family]), is_stream=False)

    assert faults(path) == []
    lengths = tshark(path, "-T", "fields", "-e", "udp.length")
    assert [int(length) - 8 for length in lengths] == [4, 0, 4]
    assert followed(path, "udp") == (b"ping", b"pong")


@needs_tshark
def test_resets_refusals_and_urgent_octets_are_seen(tmp_path: Path) -> None:
    """A reset by the client, one by the server, a refused client, an octet out of band."""
    there = "('127.0.0.1', 50001) to ('127.0.0.1', 8000)"
    transcript = [
        event("peer", "connect", note=there),
        event("peer", "send out of band", b"!"),
        event("peer", "reset"),
        event("peer-2", "connect", note=there.replace("50001", "50002")),
        event("peer-2", "reset", error="[Errno 104] Connection reset by peer"),
        event("peer-3", "connect", note="", error="[Errno 111] Connection refused"),
    ]
    path = captured(tmp_path, transcript, is_stream=True)

    assert tshark(path, "-Y", "tcp.flags.urg == 1", "-T", "fields", "-e", "tcp.len") == ["1"]
    resets = tshark(path, "-Y", "tcp.flags.reset == 1", "-T", "fields", "-e", "tcp.srcport")
    assert resets == ["50001", "8000", "8000"]


@needs_tshark
def test_steps_and_origin_are_comments(tmp_path: Path) -> None:
    """The file says that it is synthesised, and packets what was done, on either side."""
    path = captured(tmp_path, conversation(*FAMILIES["path"]), is_stream=True)

    comments = "\n".join(tshark(path, "-T", "fields", "-e", "frame.comment"))
    assert "peer: send, 9 octets" in comments
    assert "server: handler setup" in comments
    assert "Unix socket '/tmp/w1/s1' shown as port" in comments
    assert b"what it is: synthesised" in path.read_bytes()


def test_payload_that_is_not_kept_is_padded_and_said() -> None:
    """Of a long payload without a recipe, the excerpt is there, and a comment says so."""
    there = "('127.0.0.1', 50001) to ('127.0.0.1', 8000)"
    transcript = [event("peer", "connect", note=there), event("peer", "send", HALF_KNOWN)]

    packet = packets_of(transcript, is_stream=True)[3]

    assert packet.octets[40:] == HALF_KNOWN[:256] + bytes(len(HALF_KNOWN) - 256)
    assert any("keeps the first 256 of 2048 octets" in comment for comment in packet.comments)


def test_payload_with_a_recipe_is_whole() -> None:
    """A numbered payload is made again, and its digest proves it."""
    there = "('127.0.0.1', 50001) to ('127.0.0.1', 8000)"
    transcript = [event("peer", "connect", note=there), event("peer", "send", LONG)]

    packets = packets_of(transcript, is_stream=True)

    carried = b"".join(packet.octets[40:] for packet in packets)
    assert hashlib.sha256(carried).digest() == hashlib.sha256(LONG).digest()
