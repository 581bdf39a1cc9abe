"""One try after the other, each with clients of its own; what goes wrong is told with its cause."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Iterator

from sockproof.check.program_life import ProgramLife
from sockproof.check.scene import Scene
from sockproof.check.stacks import Frame, held_at
from sockproof.iut.case_log import CaseLog
from sockproof.judge.checks import Hang, Mismatch
from sockproof.timing import scale

__all__ = ["answer_bound_s", "attempt", "positions", "printed_since", "raised_in", "told_of"]

# Of what is long, the positions that are tried: at each end, and of the others.
_AT_ENDS, _BETWEEN = 24, 16
_KNOWN_S, _UNANSWERED = 2.0, "somebody is not answered"
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>\S+)')


def positions(size: int) -> list[int]:
    """Where so many octets can be parted: everywhere, or at places that are the same each time."""
    every = range(1, size)
    if len(every) <= 2 * _AT_ENDS + _BETWEEN:
        return list(every)
    between = random.Random(size).sample(every[_AT_ENDS:-_AT_ENDS], _BETWEEN)
    return [*every[:_AT_ENDS], *sorted(between), *every[-_AT_ENDS:]]


def answer_bound_s(scene: Scene) -> float:
    """How long an answer may take: less where somebody got none before."""
    return (
        min(scene.patience_s, _KNOWN_S * scale())
        if _UNANSWERED in scene.known
        else (scene.patience_s)
    )


@contextlib.contextmanager
def attempt(scene: Scene, what: str) -> Iterator[None]:
    """One try, and whoever came for it leaves at its end. ``what`` is tried, in words.

    Raises:
        Mismatch, Hang: whatever was seen in it, with what the program has told meanwhile.
    """
    scene.log = CaseLog()
    printed = scene.life.printed_octets if scene.life else 0
    try:
        yield
    except Mismatch as problem:
        raise _told(scene, what, problem, printed) from None
    finally:
        scene.close_clients()


@contextlib.contextmanager
def told_of(who: str) -> Iterator[None]:
    """Whatever goes wrong in it is told of somebody: ``the next one``, ``client 2``."""
    try:
        yield
    except Mismatch as problem:
        problem.expected = f"{who} gets {problem.expected}"
        problem.actual = f"{who} gets {problem.actual}"
        raise


def _told(scene: Scene, what: str, problem: Mismatch, printed: int) -> Mismatch:
    cause = raised_in(_since(scene, printed))
    expected, seen = f"{what}: {problem.expected}", f"{what}: {problem.actual}"
    if not isinstance(problem, Hang):
        return Mismatch(expected, "; ".join(filter(None, [cause, seen])))
    scene.known.add(_UNANSWERED)
    if scene.has_ended:
        return Hang(expected, "; ".join(filter(None, [cause, seen])))
    stacks = scene.stacks()
    held = ", ".join(held_at(stacks))
    stands = f"threads stand: {held}" if held and not cause else ""
    return Hang(expected, "; ".join(filter(None, [cause, seen, stands])), stacks)


def _since(scene: Scene, printed: int) -> str:
    return printed_since(scene.life, printed) if scene.life else ""


def printed_since(life: ProgramLife, printed: int) -> str:
    """What a program has printed since it had printed so many octets."""
    if life.printed_octets == printed:
        return ""
    new = life.printed_octets - printed
    return life.printed.encode("utf-8", "replace")[-new:].decode("utf-8", "replace")


def raised_in(printed: str) -> str:
    """The last exception of which a program tells, with its place: ``ValueError: x in handle() at
    chat.py:9``; empty if there is none."""
    _, is_there, told = printed.rpartition(_TRACEBACK)
    if not is_there:
        return ""
    lines = told.strip("\n").splitlines()
    frames = [
        Frame(found["name"], found["file"], int(found["line"]))
        for found in map(_FRAME.match, lines)
        if found
    ]
    error = next((line for line in lines if line and not line.startswith(" ")), "")
    own = next((frame for frame in reversed(frames) if not frame.is_inner), None)
    place = own or (frames[-1] if frames else None)
    return f"{error} in {place}" if error and place else error
