"""The ways in which clients leave, by their names."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Mapping

from sockproof.case.client import StreamPeer
from sockproof.case.secured_peer import SecuredPeer, shake_hands
from sockproof.check.language import HTTP_REQUEST
from sockproof.check.scene import Scene
from sockproof.judge.checks import Mismatch

__all__ = ["TLS_WAYS", "WAYS"]

_ABORT_ON_CLOSE = struct.pack("ii", 1, 0)
# Within the first record of any client.
_HALF_OCTETS = 100
# Who finds no room for what he says has said enough.
_FULL_S = 0.02


def _end(peer: StreamPeer, _scene: Scene) -> None:
    """Of TLS, by a close notify, and then the end of the connection."""
    if isinstance(peer, SecuredPeer) and not peer.shake_hands():
        with contextlib.suppress(Mismatch):
            peer.half_close()
    peer.close()


def _after_silence(peer: StreamPeer, _scene: Scene) -> None:
    peer.close()


def _cut_off(peer: StreamPeer, _scene: Scene) -> None:
    """It has shaken hands, and ends without a word."""
    shake_hands(peer)
    peer.close()


def _in_the_handshake(peer: StreamPeer, _scene: Scene) -> None:
    """It has said half of what it begins with."""
    assert isinstance(peer, SecuredPeer)
    with contextlib.suppress(OSError):
        peer.begin_handshake(_HALF_OCTETS)
    peer.close()


def _deaf_to_the_handshake(peer: StreamPeer, _scene: Scene) -> None:
    """It has begun, and is gone before it is answered, or does not read the answer: a reset."""
    assert isinstance(peer, SecuredPeer)
    with contextlib.suppress(OSError):
        peer.begin_handshake()
    _break_off(peer)


def _reset(peer: StreamPeer, _scene: Scene) -> None:
    shake_hands(peer)
    _break_off(peer)


def _while_connecting(peer: StreamPeer, _scene: Scene) -> None:
    _break_off(peer)


def _break_off(peer: StreamPeer) -> None:
    """On a Unix socket that is a close with octets unread."""
    if peer.socket.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_ON_CLOSE)
    peer.close()


def _after_a_few_octets(peer: StreamPeer, scene: Scene) -> None:
    said = scene.language.say or HTTP_REQUEST
    shake_hands(peer)
    peer.attempt_send(said[: max(1, len(said) // 2)])
    peer.close()


def _in_a_reply(peer: StreamPeer, scene: Scene) -> None:
    shake_hands(peer)
    peer.attempt_send(scene.language.say or HTTP_REQUEST)
    _break_off(peer)


def _with_unread_answers(peer: StreamPeer, scene: Scene) -> None:
    """It asks as much as is taken, and reads nothing: who answers waits for room, and then has
    nobody to answer."""
    said = scene.language.say or HTTP_REQUEST
    shake_hands(peer)
    peer.socket.settimeout(_FULL_S)
    peer.attempt_send(said * ((scene.manners.large_octets >> 5) // len(said)))
    peer.close()


WAYS: Mapping[str, Callable[[StreamPeer, Scene], None]] = {
    "end": _end,
    "reset": _reset,
    "a few octets": _after_a_few_octets,
    "in a reply": _in_a_reply,
    "unread answers": _with_unread_answers,
    "after silence": _after_silence,
    "while connecting": _while_connecting,
}
TLS_WAYS: Mapping[str, Callable[[StreamPeer, Scene], None]] = {
    "in the handshake": _in_the_handshake,
    "deaf to the handshake": _deaf_to_the_handshake,
    "cut off": _cut_off,
}
"""Those that a server with TLS sees besides."""
