"""Clients that hold their connections: nobody else waits for them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from sockproof.case.client import StreamPeer
from sockproof.case.secured_peer import SecuredPeer
from sockproof.check.clientele import is_connected
from sockproof.check.language import HTTP_REQUEST
from sockproof.check.scene import Scene
from sockproof.check.stacks import shakes_hands_at
from sockproof.judge.checks import Hang, Mismatch

__all__ = ["NEIGHBOURS", "TLS_NEIGHBOURS", "neighbours_delay_nobody"]

NEIGHBOURS = ("silent", "idle", "dripping")
_DRIPPING_IN_HANDSHAKE = "dripping in the handshake"
TLS_NEIGHBOURS = (_DRIPPING_IN_HANDSHAKE,)
"""Those that a server with TLS has besides; silent ones do not begin their handshake."""
_DRIP_EVERY_S = 0.2
_HELD = 10
_EXCHANGE_S = 2.0
_IN_TLS = {"silent": "silent in the handshake", "dripping": "dripping within TLS"}
# Of TLS these have shaken hands.
_AGREED = ("idle", "dripping")


def neighbours_delay_nobody(scene: Scene, kind: str) -> None:
    """The next client is served while they are still held."""
    scene.ask("first client")  # what is loaded for the first one delays no other
    alone_s = scene.ask("client alone")
    scene.observe("latency_alone_s", alone_s)
    with _held(scene, kind) as peers:
        try:
            scene.observe("latency_beside_s", scene.ask())
            return
        except Mismatch as problem:
            who = _words(scene, kind)
            seen = f"beside {len(peers)} {who} the next one gets nothing: {problem.actual}"
    scene.close_clients()
    told, stacks = _afterwards(scene, seen), _standing_beside(scene, kind)
    place = shakes_hands_at(stacks)
    cause = f"whoever is in the handshake holds up all others, in {place}" if place else ""
    raise Hang(f"{kind} neighbours delay nobody", "; ".join(filter(None, [cause, told])), stacks)


def _words(scene: Scene, kind: str) -> str:
    """Of TLS it is said where the silent ones are."""
    if scene.address.tls and kind != "idle":
        return f"clients ({_IN_TLS.get(kind, kind)})"
    return f"{kind} clients"


def _standing_beside(scene: Scene, kind: str) -> str:
    """Of a server with TLS, where its threads stand beside such clients: in the handshake of which,
    as a rule. The program may end of it."""
    if not scene.address.tls:
        return ""
    with _held(scene, kind):
        stacks = scene.stacks()
    scene.close_clients()
    return stacks


def _afterwards(scene: Scene, seen: str) -> str:
    """What was seen beside them, and whether it was because of them."""
    try:
        return f"{seen}; once they have left, it is served in {scene.ask():g} s"
    except Mismatch as problem:
        return f"{seen}; once they have left, still: {problem.actual}"


@contextlib.contextmanager
def _held(scene: Scene, kind: str) -> Iterator[list[StreamPeer]]:
    """Clients of this kind are there for the length of the block: so many, or as many as the server
    takes and one that waits, so that there is room in its queue for the next."""
    peers: list[StreamPeer] = []
    over = threading.Event()
    drip = _drip_handshakes if kind == _DRIPPING_IN_HANDSHAKE else _drip
    dripping = threading.Thread(target=drip, args=(scene, peers, over))
    if kind.startswith("dripping"):
        dripping.start()
    try:
        for index in range(_HELD):
            peer = scene.arriving(f"{kind} {index + 1}")
            if not is_connected(peer):
                break
            if kind == "idle" and not peers:
                with contextlib.suppress(Mismatch):
                    scene.serve(peer, _EXCHANGE_S)
            if kind in _AGREED and isinstance(peer, SecuredPeer) and peer.shake_hands():
                break
            peers.append(peer)
            if not scene.let_accept():
                break
        yield peers
    finally:
        over.set()
        if dripping.ident:
            dripping.join()


def _drip_handshakes(_scene: Scene, peers: list[StreamPeer], over: threading.Event) -> None:
    """An octet at a time of how each begins: the handshake comes to no end for minutes."""
    begun: dict[SecuredPeer, bytes] = {}
    while not over.wait(_DRIP_EVERY_S):
        for peer in [peer for peer in list(peers) if isinstance(peer, SecuredPeer)]:
            rest = begun.get(peer) or peer.secured.begin()
            begun[peer] = rest[1:]
            with contextlib.suppress(OSError):
                peer.secured.send_plain(rest[:1])


def _drip(scene: Scene, peers: list[StreamPeer], over: threading.Event) -> None:
    """An octet at a time of what has no end."""
    said = (scene.language.say or HTTP_REQUEST).rstrip(b"\r\n")
    for index in range(1000):
        octet = said[index : index + 1] or b"x"
        for peer in list(peers):
            with contextlib.suppress(OSError):
                peer.socket.send(octet)
        if over.wait(_DRIP_EVERY_S):
            return
