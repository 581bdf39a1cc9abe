"""A program is told to end, with and without clients: it ends, and another can take its place."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sockproof.case.client import END_OF_STREAM, RESET, TIMEOUT
from sockproof.case.secured_peer import shake_hands
from sockproof.check.clientele import LOOK_S
from sockproof.check.language import HTTP_REQUEST
from sockproof.check.owners import tree_of
from sockproof.check.program_life import ProgramLife, lived
from sockproof.check.scene import Scene
from sockproof.check.sockets import why_held
from sockproof.check.stacks import dumped_stacks, held_at, outside_stacks
from sockproof.errors import HarnessError
from sockproof.judge.checks import Hang, Mismatch, NotApplicable, check
from sockproof.timing import scale

__all__ = [
    "TLS_WITH",
    "WITH",
    "ends_in_time",
    "frees_its_address",
    "second_interrupt_ends_it",
    "starts_again_at_once",
]

WITH: Mapping[str, str] = {
    "idle": "with no client",
    "silent client": "while a silent client is connected",
    "busy client": "while a client reads nothing of what it asked for",
    "client within TLS": "while a client that has shaken hands is silent",
}
TLS_WITH = ("client within TLS",)
"""Who is there of a server with TLS alone; its silent clients do not begin their handshake."""


_AT_ONCE_S, _SECOND_S = 1.0, 3.0
_FREE_WITHIN_S = 2.0
_EXCHANGE_S = 2.0
# A client that does not read: so much is sent as finds room, and then nothing for so long.
_PIECE, _PIECES, _FULL_S = 1 << 15, 256, 0.3


@dataclass(frozen=True)
class Stop:
    """How a life ended: ``ended`` within patience, ``by_second`` interrupt, else not at all.
    ``held`` is why nobody else could listen there afterwards, ``again`` why it did not start again;
    both are empty if all is well."""

    ended: bool
    took_s: float
    by_second: bool
    stacks: str
    held: str
    again: str
    how: str
    where: str


def ends_in_time(scene: Scene, variant: str) -> None:
    """Within the patience of a user who has pressed Ctrl-C."""
    seen = _stop(scene, variant)
    scene.observe("ends_after_s", seen.took_s if seen.ended else None)
    if not seen.ended:
        held = ", ".join(held_at(seen.stacks))
        told = f"{scene.patience_s:g} s after {seen.how} it still runs, {WITH[variant]}"
        stands = f"threads stand: {held}" if held else ""
        expected = f"{seen.how} ends the program {WITH[variant]}"
        raise Hang(expected, "; ".join(filter(None, [told, stands])), seen.stacks)


def second_interrupt_ends_it(scene: Scene, variant: str) -> None:
    """Whoever presses Ctrl-C again need not look for the process."""
    seen = _stop(scene, variant)
    if seen.ended or scene.subject.stop:
        raise NotApplicable("the first one ends it" if seen.ended else "--stop is no interrupt")
    check(
        seen.by_second,
        expected=f"a second interrupt ends the program {WITH[variant]}",
        actual=f"it still runs {min(scene.patience_s, _SECOND_S):g} s after the second",
    )


def frees_its_address(scene: Scene, variant: str) -> None:
    """Port and socket file are free when it has ended."""
    seen = _ended(scene, variant)
    check(
        not seen.held,
        expected="when the program has ended, another can listen at its address",
        actual=f"it ended, and at {seen.where} {seen.held}",
    )


def starts_again_at_once(scene: Scene, variant: str) -> None:
    """On the same address, as a supervisor restarts it."""
    seen = _ended(scene, variant)
    check(
        not seen.again,
        expected="the program starts again at once at the same address",
        actual=seen.again,
    )


def _ended(scene: Scene, variant: str) -> Stop:
    """How it ended, if it did.

    Raises:
        NotApplicable: it did not.
    """
    seen = _stop(scene, variant)
    if not seen.ended:
        raise NotApplicable(f"{seen.how} does not end it, as stop-ends-in-time tells")
    return seen


def _stop(scene: Scene, variant: str) -> Stop:
    """One life, ended with such clients, and the next one; played once for all of it."""
    if ("stopping", variant) not in scene.played:
        scene.played["stopping", variant] = _stopped(scene, variant)
    seen: Stop = scene.played["stopping", variant]
    return seen


def _stopped(scene: Scene, variant: str) -> Stop:
    how = "its stop command" if scene.subject.stop else "an interrupt (SIGINT)"
    with scene.another_life() as life:
        other = scene.beside(life)
        _clients(other, variant)
        began_s = time.monotonic()
        ended = _ends(life, scene)
        took_s = round(time.monotonic() - began_s, 3)
        stacks, by_second = ("", False) if ended else _insist(life, scene)
        # Whoever closes first is remembered by the kernel: the server, all of it, was told to.
        if ended:
            life.leaves_nobody(_AT_ONCE_S)
        other.close_clients()
        held = _held(life) if ended else ""
    again = _again(scene, life) if ended else ""
    stacks = stacks or (_stands(scene, variant) if by_second else "")
    where = life.address.words
    return Stop(ended, took_s, by_second, stacks, held, again, how, where)


def _ends(life: ProgramLife, scene: Scene) -> bool:
    """Whether it does, once it is told to; a command that tells it may take its time."""
    at_once_s = scene.patience_s if scene.subject.stop else min(_AT_ONCE_S, scene.patience_s)
    if life.stop(at_once_s):
        return True
    scene.suspect()
    return life.ends(scene.patience_s - at_once_s)


def _held(life: ProgramLife) -> str:
    """What still holds its address a while later: who was told to end with it needs a moment."""
    pause, limit_s = threading.Event(), time.monotonic() + _FREE_WITHIN_S * scale()
    while (held := why_held(life.address)) and time.monotonic() < limit_s:
        pause.wait(LOOK_S)
    return held


def _insist(life: ProgramLife, scene: Scene) -> tuple[str, bool]:
    """Where it stands; and whether a second interrupt ends it."""
    stacks = outside_stacks(tree_of(life.pid))
    if scene.subject.stop:
        return stacks or dumped_stacks(life.dump()), False
    life.interrupt()
    by_second = life.ends(min(scene.patience_s, _SECOND_S))
    if not by_second and not stacks:
        stacks = dumped_stacks(life.dump())
    return stacks, by_second


def _stands(scene: Scene, variant: str) -> str:
    """Where another life stands that goes on after an interrupt: the first one has ended, by a
    second interrupt, before it could tell."""
    with scene.another_life() as life:
        other = scene.beside(life)
        _clients(other, variant)
        life.interrupt()
        stacks = "" if life.ends(_SECOND_S) else dumped_stacks(life.dump())
        other.close_clients()
    return stacks


def _again(scene: Scene, before: ProgramLife) -> str:
    try:
        with lived(scene.subject, scene.folder, scene.log, before.address) as life:
            scene.beside(life).ask(bound_s=scene.patience_s)
    except HarnessError as error:
        return error.message
    except Mismatch as problem:
        return f"it starts, and {problem.actual}"
    return ""


def _clients(scene: Scene, variant: str) -> None:
    """One exchange, whose connection the server may close first: its side is then remembered by
    the kernel. Then who is there at the stop."""
    with contextlib.suppress(Mismatch):
        _exchange(scene)
    if variant == "idle" or not scene.address.is_stream:
        scene.comes_to_rest()
        return
    peer = scene.stays(variant)
    if variant != "silent client":
        shake_hands(peer)
    scene.comes_to_rest()  # so that it has been accepted: the kernel forgets who has not
    if variant == "busy client":
        peer.socket.settimeout(_FULL_S)
        said = scene.language.say or HTTP_REQUEST
        for _ in range(_PIECES):
            if peer.attempt_send(said * (_PIECE // len(said))):
                break
        scene.comes_to_rest()


def _exchange(scene: Scene) -> None:
    if not scene.address.is_stream or scene.language.only_accepts:
        scene.ask("earlier client", _EXCHANGE_S)
        return
    peer = scene.client("earlier client")
    peer.socket.settimeout(_EXCHANGE_S)
    scene.serve(peer, _EXCHANGE_S)
    peer.socket.settimeout(_FULL_S)
    while peer.receive_some() not in (END_OF_STREAM, RESET, TIMEOUT):
        pass
    peer.close()
