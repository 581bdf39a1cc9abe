"""A server that nobody uses: it burns nothing, and keeps nothing of what it was told."""

from __future__ import annotations

import contextlib

from sockproof.check.processes import Standing
from sockproof.check.scene import SPINS_AT, Scene
from sockproof.check.stacks import held_at
from sockproof.judge.checks import Hang, Mismatch, NotApplicable
from sockproof.timing import scale

__all__ = ["keeps_no_data", "programs_inherit_nothing", "rests"]

_WINDOW_S = 1.0
# A few rounds show that nothing is kept; what seems to be kept has to grow in larger ones, too.
_ROUNDS, _TOLD_OCTETS = 3, 256 << 10
_MORE_ROUNDS, _MORE_OCTETS = 5, 1 << 20
_SETTLES_S, _TAKES_WITHIN_S = 0.5, 1.0
# Runtimes that take what memory there is before they look what of it is still of use.
_LAVISH = ("java", "dotnet", "mono", "beam.smp")


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
    if lavish := set(_LAVISH) & set(processes.names()):
        raise NotApplicable(f"{lavish.pop()} keeps memory that is of no more use")
    before = processes.standing()
    _tell(scene, number, _TOLD_OCTETS)
    first = processes.standing()
    if scene.is_busy():
        _refuse_leftovers(first, before, number)
    found = [first.memory_octets]
    for size, rounds in ((_TOLD_OCTETS, _ROUNDS), (_MORE_OCTETS, _MORE_ROUNDS)):
        for _ in range(rounds):
            if not _grows(scene, found, size):
                scene.observe("memory_octets", found)
                return
            _refuse_leftovers(processes.standing(), first, number)
    told = " → ".join(f"{one / 2**20:.0f}" for one in found)
    sizes = f"{_TOLD_OCTETS >> 10} KiB, later {_MORE_OCTETS >> 10} KiB"
    what = f"{number} clients sent {sizes} each and left, {len(found) - 1} times"
    raise Mismatch("what clients sent is not kept", f"{what}; memory (MiB): {told}")


def _refuse_leftovers(now: Standing, first: Standing, number: int) -> None:
    if max(now.threads - first.threads, now.children - first.children) >= number // 2:
        raise NotApplicable("threads or children of clients stay, as is told elsewhere")


def _grows(scene: Scene, found: list[int], size: int) -> bool:
    """Whether memory grows by more than half of what so many clients tell it."""
    before, number = found[-1], scene.manners.clients
    most = before + number * size // 2
    _tell(scene, number, size)
    standing, _at = scene.settled(lambda one: one.memory_octets <= most, _SETTLES_S)
    found.append(standing.memory_octets)
    return standing.memory_octets > most


def _tell(scene: Scene, number: int, size: int) -> None:
    """So many clients come, one after the other, tell it something, and leave.

    Raises:
        NotApplicable: they are not let in, or nobody is served after them.
    """
    try:
        for _ in range(number):
            peer = scene.client()
            peer.socket.settimeout(_TAKES_WITHIN_S)
            with contextlib.suppress(OSError):
                peer.socket.sendall(b"z" * size)
            peer.close()
        scene.close_clients()
        scene.ask()
    except Mismatch as problem:
        raise NotApplicable(f"who comes next is not served ({problem.actual})") from None


def programs_inherit_nothing(scene: Scene, _variant: str = "") -> None:
    """A program that the server starts has not its listening socket: it would keep the port."""
    processes = scene.processes()
    with contextlib.suppress(Mismatch):  # for whom it may start one
        scene.stays("silent client")
    if found := processes.programs_with_its_sockets():
        told = f"{', '.join(found)} has its listening socket"
        raise Mismatch("programs that the server starts inherit none of its sockets", told)
    if len(processes.pids) == 1:
        raise NotApplicable("the server has no children")
