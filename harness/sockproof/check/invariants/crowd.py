"""Many clients at once: each is served, or refused, and nobody who was let in is forgotten.

All come, ask and stay. Where some of them get nothing, those who were served leave, and so does
whoever is served from then on: who has waited for room has it now, and who is forgotten waits on.

Who finds no room in the queue of the listening socket knocks again, ever more seldom: that is the
kernel's doing, told as a value, and no fault of the server.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sockproof.check.clientele import LOOK_S
from sockproof.check.invariants.crowd_members import LONGEST, SERVED, Crowd, OneOfMany
from sockproof.check.scene import Scene
from sockproof.check.sockets import waiting
from sockproof.judge.checks import Hang, Mismatch, NotApplicable, check

__all__ = ["burst_forgets_nobody", "crowd_is_served"]


@dataclass(frozen=True)
class CrowdSeen:
    """What became of a crowd: while all stayed, by ``fates``. ``wait`` got nothing then, though the
    server had them; ``forgotten`` of them got nothing either once all others had left, and
    ``later`` is what then became of one client more. ``after`` is what was wrong when all had
    left."""

    fates: dict[str, int]
    wait: int = 0
    forgotten: int = 0
    later: str = ""
    after: str = ""

    @property
    def served(self) -> str:
        """In words, to be put behind others."""
        return f"; {number} were served" if (number := self.fates.get(SERVED)) else ""


def crowd_is_served(scene: Scene, _variant: str = "") -> None:
    """Each is served or refused while all the others stay."""
    seen = _seen(scene)
    scene.observe("fates", seen.fates)
    if seen.forgotten:
        raise NotApplicable("who waits is forgotten, as burst-forgets-nobody tells")
    if seen.wait:
        told = f"{seen.wait} of them were let in, and wait until others leave{seen.served}"
        raise Hang(
            f"of {scene.manners.crowd} clients at once each is served, or refused",
            f"{told}; for {scene.patience_s:g} s nothing came for anybody",
        )


def burst_forgets_nobody(scene: Scene, _variant: str = "") -> None:
    """Whoever still waits is served or refused once the others have left; then the next one is."""
    seen, number = _seen(scene), scene.manners.crowd
    scene.observe("forgotten", seen.forgotten)
    if seen.forgotten:
        told = f"of {number} clients at once {seen.forgotten} were let in, and wait{seen.served}"
        silent = f"all others left, and for {scene.patience_s:g} s nothing came for anybody"
        expected = "once the others of a burst have left, whoever still waits is served, or refused"
        raise Hang(expected, f"{told}; {silent}; {seen.later}")
    check(
        not seen.after,
        expected=f"after a burst of {number} clients the next one is served",
        actual=f"they came at once, and left; then {seen.after}",
    )


def _seen(scene: Scene) -> CrowdSeen:
    """One crowd, played once for both."""
    if ("neighbours", "") not in scene.played:
        play = _accepted if scene.language.only_accepts else _answered
        scene.played["neighbours", ""] = play(scene)
    seen: CrowdSeen = scene.played["neighbours", ""]
    return seen


def _answered(scene: Scene) -> CrowdSeen:
    peers = [scene.arriving(f"client {index + 1}") for index in range(scene.manners.crowd)]
    crowd = Crowd(scene, [OneOfMany(peer) for peer in peers])
    wait = crowd.wait()
    fates = crowd.fates
    crowd.served_leave()
    forgotten = crowd.wait() if crowd.some_are_in else []
    later = _later(scene) if forgotten else ""
    scene.close_clients()
    after = "" if forgotten else _after(scene)
    return CrowdSeen(fates, len(wait), len(forgotten), later, after)


def _later(scene: Scene) -> str:
    """Whether who comes after those who wait is served before them."""
    try:
        return f"who came later was served in {scene.ask('later client'):g} s"
    except Mismatch as problem:
        return f"nor is who came later served: {problem.actual}"


def _after(scene: Scene) -> str:
    """What is wrong when they have gone; nothing if the next client is served."""
    scene.comes_to_rest()
    try:
        scene.ask_next()
    except Mismatch as problem:
        return "; ".join(filter(None, [problem.actual, scene.has_ended]))
    return scene.has_ended


def _accepted(scene: Scene) -> CrowdSeen:
    """Of a server that is only seen to accept: whoever is not accepted waits."""
    number = scene.manners.crowd
    for index in range(number):
        scene.arriving(f"client {index + 1}")
    wait = _left_in_queue(scene)
    scene.close_clients()
    forgotten = _left_in_queue(scene) if wait else 0
    later = "" if not forgotten else "they are still in the queue of its listening socket"
    after = "" if forgotten else _after(scene)
    return CrowdSeen({"waiting": wait} if wait else {}, wait, forgotten, later, after)


def _left_in_queue(scene: Scene) -> int:
    """How many nobody accepts, for a while of patience in which nobody is accepted."""
    began_s = changed_s = time.monotonic()
    pause, before = threading.Event(), 0
    while left := waiting(scene.address):
        now_s = time.monotonic()
        if now_s - began_s >= LONGEST * scene.patience_s:
            return 0
        if left != before:
            before, changed_s = left, now_s
        if now_s - changed_s >= scene.patience_s:
            return left
        pause.wait(LOOK_S)
    return 0
