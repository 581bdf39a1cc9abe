"""Clients that hold their connections, and many at once: nobody else waits for them."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from sockproof.case.client import StreamPeer
from sockproof.check.language import HTTP_REQUEST
from sockproof.check.scene import Scene
from sockproof.judge.checks import Hang, Mismatch
from sockproof.timing import hang_bound_s

__all__ = ["NEIGHBOURS", "crowd_is_served", "neighbours_delay_nobody"]

NEIGHBOURS = ("silent", "idle", "dripping")
_DRIP_EVERY_S = 0.2
_HELD = 10


def neighbours_delay_nobody(scene: Scene, kind: str) -> None:
    """The next client is served while they are still held."""
    alone_s = scene.ask("client alone")
    scene.observe("latency_alone_s", alone_s)
    with _held(scene, kind):
        try:
            scene.observe("latency_beside_s", scene.ask())
            return
        except Mismatch as problem:
            seen = problem.actual
    scene.close_clients()
    raise Hang(f"{kind} neighbours delay nobody", _afterwards(scene, kind, seen))


def _afterwards(scene: Scene, kind: str, seen: str) -> str:
    """What was seen beside them, and whether it was because of them."""
    told = f"beside {_HELD} {kind} clients the next one gets nothing: {seen}"
    try:
        return f"{told}; once they have left, it is served in {scene.ask():g} s"
    except Mismatch as problem:
        return f"{told}; once they have left, still: {problem.actual}"


@contextlib.contextmanager
def _held(scene: Scene, kind: str) -> Iterator[None]:
    """So many clients of this kind are there for the length of the block."""
    peers = scene.herd(_HELD, kind)
    over = threading.Event()
    dripping = threading.Thread(target=_drip, args=(scene, peers, over))
    if kind == "idle":
        for peer in peers[:1]:
            with contextlib.suppress(Mismatch):
                scene.serve(peer, hang_bound_s())
    if kind == "dripping":
        dripping.start()
    try:
        yield
    finally:
        over.set()
        if dripping.ident:
            dripping.join()


def _drip(scene: Scene, peers: list[StreamPeer], over: threading.Event) -> None:
    """An octet at a time of what has no end."""
    said = (scene.language.say or HTTP_REQUEST).rstrip(b"\r\n")
    for index in range(1000):
        octet = said[index : index + 1] or b"x"
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.socket.send(octet)
        if over.wait(_DRIP_EVERY_S):
            return


def crowd_is_served(scene: Scene, _variant: str = "") -> None:
    """Whoever comes in a crowd is served, or refused by the kernel; nobody is forgotten."""
    number = scene.manners.crowd
    fates: Counter[str] = Counter()
    peers = [scene.arriving(f"client {index + 1}") for index in range(number)]
    threads = [
        threading.Thread(target=_served, args=(scene, peers[index::8], fates)) for index in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    scene.close_clients()
    scene.observe("fates", dict(fates))
    forgotten = fates["forgotten"]
    if forgotten:
        expected = f"of {number} clients at once each is served, or refused"
        raise Hang(expected, f"{forgotten} of them wait for {scene.patience_s:g} s and more")


def _served(scene: Scene, peers: list[StreamPeer], fates: Counter[str]) -> None:
    """One after the other, as long as patience lasts for each."""
    for peer in peers:
        fates[_fate(scene, peer)] += 1


def _fate(scene: Scene, peer: StreamPeer) -> str:
    try:
        peer.socket.settimeout(scene.patience_s)
        scene.serve(peer, scene.patience_s)
    except Hang:
        return "forgotten"
    except Mismatch:
        return "refused"
    return "served"
