"""The ways in which clients leave, by their names."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Mapping

from sockproof.case.client import StreamPeer
from sockproof.check.language import HTTP_REQUEST
from sockproof.check.scene import Scene

__all__ = ["WAYS"]

_ABORT_ON_CLOSE = struct.pack("ii", 1, 0)
# Who finds no room for what he says has said enough.
_FULL_S = 0.02


def _end(peer: StreamPeer, _scene: Scene) -> None:
    peer.close()


def _reset(peer: StreamPeer, _scene: Scene) -> None:
    """On a Unix socket that is a close with octets unread."""
    if peer.socket.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_ON_CLOSE)
    peer.close()


def _after_a_few_octets(peer: StreamPeer, scene: Scene) -> None:
    said = scene.language.say or HTTP_REQUEST
    peer.attempt_send(said[: max(1, len(said) // 2)])
    peer.close()


def _in_a_reply(peer: StreamPeer, scene: Scene) -> None:
    peer.attempt_send(scene.language.say or HTTP_REQUEST)
    _reset(peer, scene)


def _with_unread_answers(peer: StreamPeer, scene: Scene) -> None:
    """It asks as much as is taken, and reads nothing: who answers waits for room, and then has
    nobody to answer."""
    said = scene.language.say or HTTP_REQUEST
    peer.socket.settimeout(_FULL_S)
    peer.attempt_send(said * ((scene.manners.large_octets >> 5) // len(said)))
    peer.close()


WAYS: Mapping[str, Callable[[StreamPeer, Scene], None]] = {
    "end": _end,
    "reset": _reset,
    "a few octets": _after_a_few_octets,
    "in a reply": _in_a_reply,
    "unread answers": _with_unread_answers,
    "after silence": _end,
    "while connecting": _reset,
}
