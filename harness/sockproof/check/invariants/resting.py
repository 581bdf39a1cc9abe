"""A server that nobody uses: it burns nothing, and keeps nothing of what it was told."""

from __future__ import annotations

import contextlib
import itertools

from sockproof.check.scene import SPINS_AT, Scene
from sockproof.check.stacks import held_at
from sockproof.judge.checks import Hang, Mismatch, NotApplicable
from sockproof.timing import scale

__all__ = ["keeps_no_data", "programs_inherit_nothing", "rests"]

_WINDOW_S = 1.0
_ROUNDS = 3
_TOLD_OCTETS = 256 << 10


def rests(scene: Scene, _variant: str = "") -> None:
    """Where nobody wants anything, nothing is done."""
    processes = scene.processes()
    share = processes.busy_share(_WINDOW_S * scale())
    if share >= SPINS_AT:
        share = scene.spins(scene.patience_s) or 0.0
    scene.observe("busy_share", round(share, 3))
    scene.observe("standing", scene.figures(processes.standing()))
    if share >= SPINS_AT:
        stacks = scene.stacks()
        held = ", ".join(held_at(stacks))
        told = f"with no client it wants {share:.0%} of a processor, {scene.patience_s:g} s long"
        raise Hang("at rest the server burns nothing", f"{told}; {held}".rstrip("; "), stacks)


def keeps_no_data(scene: Scene, _variant: str = "") -> None:
    """What clients have sent goes with them: memory does not grow by it each time."""
    processes, number = scene.processes(), scene.manners.clients
    _tell(scene, number)
    first = processes.standing()
    found = [first.memory_octets]
    for _ in range(_ROUNDS):
        _tell(scene, number)
        standing, _at = scene.settled(lambda one: one.memory_octets <= found[-1], 1.0)
        found.append(standing.memory_octets)
    scene.observe("memory_octets", found)
    if standing.threads - first.threads >= number or standing.children - first.children >= number:
        raise NotApplicable("threads or children of clients stay, as is told elsewhere")
    least = number * _TOLD_OCTETS // 2
    grown = [after - before for before, after in itertools.pairwise(found)]
    if all(one > least for one in grown):
        told = " → ".join(f"{one / 2**20:.0f}" for one in found)
        what = f"{number} clients sent {_TOLD_OCTETS >> 10} KiB each and left, {_ROUNDS} times"
        raise Mismatch("what clients sent is not kept", f"{what}; memory (MiB): {told}")


def _tell(scene: Scene, number: int) -> None:
    for _ in range(number):
        peer = scene.client()
        peer.socket.settimeout(1.0)
        with contextlib.suppress(OSError):
            peer.socket.sendall(b"z" * _TOLD_OCTETS)
        peer.close()
    scene.close_clients()
    with contextlib.suppress(Mismatch):
        scene.ask()


def programs_inherit_nothing(scene: Scene, _variant: str = "") -> None:
    """A program that the server starts has not its listening socket: it would keep the port."""
    processes = scene.processes()
    if not processes.standing().children:
        raise NotApplicable("the server has no children")
    if found := processes.programs_with_its_sockets():
        told = f"{', '.join(found)} has its listening socket"
        raise Mismatch("programs that the server starts inherit none of its sockets", told)
