"""What no protocol has: the server lives, and the next client is served."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Callable, Iterator, Mapping

from sockproof.case.secured_peer import SecuredPeer, shake_hands
from sockproof.check.language import TLS
from sockproof.check.scene import Scene
from sockproof.judge.checks import Mismatch, NotApplicable, check

__all__ = ["GARBAGE", "TLS_GARBAGE", "garbage_is_survived"]

_PIECE = 1 << 16
_SEED = 20260101


def _octets(_large: int) -> Iterator[bytes]:
    yield random.Random(_SEED).randbytes(4096) + b"\r\n\r\n"


def _endless_line(large: int) -> Iterator[bytes]:
    yield from (b"x" * _PIECE for _ in range(large // 8 // _PIECE))


def _too_much(large: int) -> Iterator[bytes]:
    line = b"y" * 62 + b"\r\n"
    yield from (line * (_PIECE // len(line)) for _ in range(large // _PIECE))


GARBAGE: Mapping[str, Callable[[int], Iterator[bytes]]] = {
    "octets": _octets,
    "NUL": lambda _large: iter([bytes(1024)]),
    "nothing": lambda _large: iter([]),
    "an endless line": _endless_line,
    "too much": _too_much,
}
TLS_GARBAGE: Mapping[str, Callable[[int], Iterator[bytes]]] = {
    "octets within TLS": _octets,
    "octets past TLS": _octets,
}
"""What a server with TLS gets besides: within what was agreed on, and instead of it. All else comes
in the place of a handshake."""
_DATAGRAMS: Mapping[str, bytes] = {
    "octets": random.Random(_SEED).randbytes(1200),
    "NUL": bytes(1024),
    "nothing": b"",
    "an endless line": b"x" * 60000,
    "too much": b"y" * 65507,
}


def garbage_is_survived(scene: Scene, kind: str) -> None:
    """Whoever comes next is served."""
    if scene.language.name == TLS:  # and the check's clients do not
        raise NotApplicable("the server speaks TLS: it is not fed with plain octets")
    said = (_by_stream if scene.address.is_stream else _by_datagram)(scene, kind)
    scene.observe("octets_sent", said)
    if scene.address.is_stream:
        scene.close_clients()  # who sent datagrams is there for answers: it is not about the gone
    scene.comes_to_rest()  # what it has to do with it, as to end of it, is done
    try:
        scene.observe("latency_s", scene.ask_next())
    except Mismatch as problem:
        expected = f"after garbage ({kind}) the next client is served"
        told = [f"{said} octets of garbage; then {problem.actual}", scene.has_ended]
        raise Mismatch(expected, "; ".join(filter(None, told))) from None
    check(
        not scene.has_ended,
        expected=f"the program lives after garbage ({kind})",
        actual=scene.has_ended,
    )


def _by_stream(scene: Scene, kind: str) -> int:
    """As much as it takes without a wait of more than a second."""
    peer, said = scene.client("garbage"), 0
    if kind in TLS_GARBAGE:
        shake_hands(peer)
    peer.socket.settimeout(1.0)
    plain = peer.secured.send_plain if isinstance(peer, SecuredPeer) else peer.socket.sendall
    send = peer.socket.sendall if kind.endswith("within TLS") else plain
    with contextlib.suppress(OSError):
        for piece in {**GARBAGE, **TLS_GARBAGE}[kind](scene.manners.large_octets):
            send(piece)
            said += len(piece)
    scene.log.note(peer.lane, "send", note=f"{said} octets: {kind}")
    with contextlib.suppress(Mismatch, OSError):
        if isinstance(peer, SecuredPeer):  # no more comes of the connection, whatever TLS is told
            socket.socket.shutdown(peer.socket, socket.SHUT_WR)
        else:
            peer.half_close()
    return said


def _by_datagram(scene: Scene, kind: str) -> int:
    peer, payload = scene.sender("garbage"), _DATAGRAMS[kind]
    with contextlib.suppress(OSError):
        peer.socket.sendto(payload, scene.address.at)
    scene.log.note(peer.lane, "send", note=f"{len(payload)} octets: {kind}")
    return len(payload)
