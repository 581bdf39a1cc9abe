"""After the end of a server: who is still at its address, and whether the next life answers."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable

from sockproof.check.clientele import LOOK_S
from sockproof.check.listener import Address
from sockproof.check.owners import owners_of, psutil, tree_of
from sockproof.check.program_life import ProgramLife
from sockproof.check.scene import Scene
from sockproof.check.service.attempts import raised_in
from sockproof.check.service.caller import call_up
from sockproof.check.service.exchanges import Exchanges
from sockproof.check.sockets import is_bound
from sockproof.check.stacks import dumped_stacks, held_at, outside_stacks
from sockproof.judge.checks import Mismatch
from sockproof.timing import scale, start_bound_s

__all__ = ["named", "stands", "told_start", "who_holds"]

_FREE_WITHIN_S = 2.0


def stands(life: ProgramLife) -> str:
    """Where the threads of a life stand, which may end of it."""
    return outside_stacks(tree_of(life.pid)) or dumped_stacks(life.dump())


def who_holds(life: ProgramLife) -> str:
    """Who listens where a life has been, a while later: whoever was told to end with it needs a
    moment; empty if nobody does."""
    pause, limit_s = threading.Event(), time.monotonic() + _FREE_WITHIN_S * scale()
    while is_bound(life.address) and time.monotonic() < limit_s:
        pause.wait(LOOK_S)
    if not is_bound(life.address):
        return ""
    who = named(owners_of(life.address)) or "somebody whom it has started"
    return f"the server has ended, and {who} still listens at {life.address.words}"


def named(pids: Iterable[int]) -> str:
    """Processes in words, as far as they are there; of several of one program the first."""
    names = {_program(pid): pid for pid in sorted(pids, reverse=True)}
    return " and ".join(f"{name} (process {pid})" for name, pid in names.items() if name)


def _program(pid: int) -> str:
    if psutil is None:
        return "a program"
    with contextlib.suppress(psutil.Error):
        return str(psutil.Process(pid).name())
    return ""


def told_start(exchanges: Exchanges, scene: Scene, address: Address) -> str:
    """Start it once more at this address, and have each exchange: what is wrong, if anything is."""
    life = ProgramLife(scene.subject, address, scene.folder, scene.log)
    try:
        if not life.comes_to_listen(min(start_bound_s(), scene.patience_s)):
            return _why_not_there(life)
        return _answers(exchanges, scene.beside(life))
    finally:
        life.kill()


def _why_not_there(life: ProgramLife) -> str:
    raised = raised_in(life.printed)
    if life.status is not None:
        told = f"started again it ends with status {life.status} before it listens"
        return "; ".join([raised, told] if raised else [told, life.last_words])
    held = ", ".join(held_at(stands(life)))
    told = f"started again it does not come to listen at {life.address.words}"
    return "; ".join(filter(None, [raised, told, f"threads stand: {held}" if held else ""]))


def _answers(exchanges: Exchanges, scene: Scene) -> str:
    assert scene.life is not None
    try:
        for exchange in exchanges.all:
            call_up(scene, scene.patience_s, exchanges.before(exchange), "later client").have(
                exchange
            )
    except Mismatch as problem:
        raised = raised_in(scene.life.printed)
        return "; ".join(filter(None, [raised, f"it starts again, and {problem.actual}"]))
    finally:
        scene.close_clients()
    return ""
