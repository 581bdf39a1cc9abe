"""A program is told to end, with and without clients: it ends, and another can take its place."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sockproof.check.program_life import ProgramLife, lived
from sockproof.check.scene import Scene
from sockproof.check.sockets import why_held
from sockproof.check.stacks import dumped_stacks, held_at, outside_stacks
from sockproof.errors import HarnessError
from sockproof.judge.checks import Hang, Mismatch, NotApplicable, check

__all__ = [
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
}


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
        actual=f"it still runs {scene.patience_s:g} s after the second",
    )


def frees_its_address(scene: Scene, variant: str) -> None:
    """Port and socket file are free when it has ended."""
    seen = _stop(scene, variant)
    if not seen.ended:
        raise NotApplicable(f"{seen.how} does not end it, as stop-ends-in-time tells")
    check(
        not seen.held,
        expected="when the program has ended, another can listen at its address",
        actual=f"it ended, and at {scene.address.words} {seen.held}",
    )


def starts_again_at_once(scene: Scene, variant: str) -> None:
    """On the same address, as a supervisor restarts it."""
    seen = _stop(scene, variant)
    if not seen.ended:
        raise NotApplicable(f"{seen.how} does not end it, as stop-ends-in-time tells")
    check(
        not seen.again,
        expected="the program starts again at once at the same address",
        actual=seen.again,
    )


def _stop(scene: Scene, variant: str) -> Stop:
    """One life, ended with such clients, and the next one; played once for all of it."""
    if ("stop", variant) not in scene.played:
        scene.played["stop", variant] = _stopped(scene, variant)
    seen: Stop = scene.played["stop", variant]
    return seen


def _stopped(scene: Scene, variant: str) -> Stop:
    how = "its stop command" if scene.subject.stop else "an interrupt (SIGINT)"
    with scene.another_life() as life:
        other = scene.beside(life)
        _clients(other, variant)
        began_s = time.monotonic()
        ended = life.stop(scene.patience_s)
        took_s = round(time.monotonic() - began_s, 3)
        stacks, by_second = ("", False) if ended else _insist(life, scene)
        other.close_clients()
        held = why_held(life.address) if ended else ""
    again = _again(scene, life) if ended else ""
    return Stop(ended, took_s, by_second, stacks, held, again, how)


def _insist(life: ProgramLife, scene: Scene) -> tuple[str, bool]:
    """Where it stands; and whether a second interrupt ends it."""
    stacks = outside_stacks([life.pid])
    life.signal(signal.SIGINT)
    by_second = life.ends(min(scene.patience_s, 3.0))
    if not by_second and not stacks:
        stacks = dumped_stacks(life.dump())
    return stacks, by_second


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
    """One exchange, which the server's side may close first; then who is there at the stop."""
    with contextlib.suppress(Mismatch):
        scene.ask("earlier client", 2.0)
    if variant == "idle" or not scene.address.is_stream:
        return
    peer = scene.stays(variant)
    if variant == "busy client":
        for _ in range(1000):
            if not scene.language.say or peer.attempt_send(scene.language.say):
                break
