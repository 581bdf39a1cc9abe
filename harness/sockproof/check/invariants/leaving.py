"""Clients leave in all the ways that clients do; then all of theirs is to be gone."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sockproof.check.invariants.ways_to_leave import TLS_WAYS, WAYS
from sockproof.check.processes import NOTHING, Standing
from sockproof.check.scene import Scene
from sockproof.check.stacks import held_at
from sockproof.judge.checks import Hang, Mismatch, NotApplicable, check
from sockproof.timing import scale

__all__ = ["TLS_WAYS", "WAYS", "departure", "leave_nothing", "next_is_served", "spin_nothing"]

_COUNTED = ("threads", "children", "descriptors")
# How long one round waits for what the round before may have left; and what is known to stay.
_AGAIN_S = 1.0
_KNOWN_S = 2.0
_GLANCE_S, _AT_WORK_S = 0.2, 0.3
# What goes on to grow, by one for every fourth client at least, as long as crowds come, is no pool.
_CROWDS, _CROWDS_WITHIN_S = 3, 24.0
# What is known of a server, in any of its lives, beside what clients leave of what is counted.
_SPINS = "clients leave it spinning"
_SPIN_NOTHING = "invariants/leaving-clients-spin-nothing"


@dataclass(frozen=True)
class Departure:
    """What was seen when clients left. ``back_after_s`` is None if something has stayed.

    ``unseen`` is why nothing was seen of the processes; all that was counted is 0 then. ``refused``
    is what became of the next client, if it was not served; else that took ``latency_s``. Whoever
    ``was_busy`` had been so before they came. Where something was wrong, ``stacks`` tell where
    threads stood, ``sockets`` what connections there were.
    """

    way: str
    number: int
    before: Standing = NOTHING
    during: Standing = NOTHING
    after: Standing = NOTHING
    back_after_s: float | None = 0.0
    waited_s: float = 0.0
    spins: float = 0.0
    unseen: str = ""
    refused: str = ""
    was_busy: bool = False
    latency_s: float = 0.0
    stacks: str = ""
    sockets: str = ""

    @property
    def is_wrong(self) -> bool:
        return self.back_after_s is None or bool(self.spins)


def leave_nothing(scene: Scene, way: str) -> None:
    """Threads, children and descriptors come back to what they were."""
    seen = _seen(scene, way)
    for name in ("before", "during", "after"):
        scene.observe(name, scene.figures(getattr(seen, name)))
    scene.observe("back_after_s", seen.back_after_s)
    if seen.back_after_s is not None:
        return
    grown = _grown(seen.before, seen.after, seen.number)
    more = " and ".join(_told(name, grown[name], seen) for name in _COUNTED if name in grown)
    expected = f"when {seen.number} clients have left, the server holds what it held before"
    actual = f"{seen.number} clients left ({way}); {seen.waited_s:g} s later there are {more}"
    sockets = seen.sockets if "descriptors" in grown else ""
    held = ", ".join(held_at(seen.stacks))
    told = "; ".join(filter(None, [actual, sockets and f"connections: {sockets}", _of(held)]))
    raise Hang(expected, told, seen.stacks)


def _of(held: str) -> str:
    return f"threads stand: {held}" if held else ""


def _told(name: str, more: int, seen: Departure) -> str:
    then, now = getattr(seen.before, name), getattr(seen.after, name)
    return f"{more} more {name} ({then} → {now})"


def spin_nothing(scene: Scene, way: str) -> None:
    """Nobody works for clients that have left."""
    seen = _seen(scene, way)
    scene.observe("busy_share", seen.spins)
    if not seen.spins:
        return
    if seen.was_busy:
        raise NotApplicable("it was at work before they came, too")
    held = ", ".join(held_at(seen.stacks))
    expected = f"when {seen.number} clients have left, the server rests"
    actual = f"{seen.number} clients left ({way}); {seen.waited_s:g} s later it still wants "
    told = f"{actual}{seen.spins:.0%} of a processor"
    raise Hang(expected, "; ".join(filter(None, [told, _of(held)])), seen.stacks)


def next_is_served(scene: Scene, way: str) -> None:
    """Whoever comes after them is served, and the server lives."""
    seen = departure(scene, way)
    expected = f"when {seen.number} clients have left ({way}), the next one is served"
    check(not seen.refused, expected=expected, actual=f"they left; then {seen.refused}")
    scene.observe("latency_s", seen.latency_s)


def _seen(scene: Scene, way: str) -> Departure:
    """The departure with what its processes held.

    Raises:
        NotApplicable: that could not be seen.
    """
    seen = departure(scene, way)
    if seen.unseen:
        raise NotApplicable(seen.unseen)
    return seen


def departure(scene: Scene, way: str) -> Departure:
    """Clients come and leave, twice: what a server makes once and keeps, as a pool of threads,
    is there after the first time. Played once for all that is judged of it."""
    if ("leaving", way) not in scene.played:
        scene.played["leaving", way] = _departure(scene, way)
    seen: Departure = scene.played["leaving", way]
    return seen


def _departure(scene: Scene, way: str) -> Departure:
    try:
        seen = _counted(scene, way)
    except NotApplicable as unseen:
        seen = Departure(way, _come_and_leave(scene, way), unseen=str(unseen))
    try:
        seen = dataclasses.replace(seen, latency_s=scene.ask_next())
    except Mismatch as problem:
        told = "; ".join(filter(None, [problem.actual, scene.has_ended]))
        seen = dataclasses.replace(seen, refused=told)
    if not seen.is_wrong:
        return seen
    sockets = ", ".join(scene.processes().sockets())
    # Comes last, for a program may end of it.
    return dataclasses.replace(seen, sockets=sockets, stacks=scene.stacks())


def _counted(scene: Scene, way: str) -> Departure:
    processes, held, was_busy = scene.processes(), [], scene.is_busy(_GLANCE_S)
    first = processes.standing()
    came = first_came = _come_and_leave(scene, way)
    rests = was_busy or not scene.is_busy(_GLANCE_S)
    before, _ = scene.settled(lambda one: not (rests and _grown(first, one, came)), _AGAIN_S)
    came = _come_and_leave(scene, way, lambda: held.append(processes.standing()), rests=rests)
    after, back_s, waits_s = _come_back(scene, before, came)
    if back_s is None and (was_busy or not _is_at_work(scene, before, after, came)):
        back_s = round(waits_s, 3) if _is_enough(scene, way, after) else None
    least_s = min(_KNOWN_S, scene.patience_s)
    waited_s = waits_s if back_s is None else back_s
    spins = scene.spins(least_s if _SPINS in scene.known else scene.patience_s - waited_s)
    scene.known |= set(_grown(before, after, came)) if back_s is None else set()
    scene.known |= {_SPINS} if spins else set()
    number = came or first_came
    return Departure(way, number, before, held[0], after, back_s, waits_s, spins, was_busy=was_busy)


def _come_back(scene: Scene, before: Standing, came: int) -> tuple[Standing, float | None, float]:
    """What is held in the end, after how long it was as before (None: it was not), and how long
    that was waited for: the whole of patience, unless only what is known to stay has stayed."""

    def is_back(one: Standing) -> bool:
        return not _grown(before, one, came)

    waits_s = scene.patience_s
    if scene.known.intersection(_COUNTED):
        waits_s = min(_KNOWN_S, waits_s)
    after, back_s = scene.settled(is_back, _GLANCE_S)
    if back_s is None:
        scene.suspect()
        if scene.is_busy():
            scene.suspected(_SPIN_NOTHING)
        after, later_s = scene.settled(is_back, waits_s - _GLANCE_S)
        back_s = None if later_s is None else round(later_s + _GLANCE_S, 3)
    if back_s is None and not scene.known.issuperset(_grown(before, after, came)):
        after, back_s = scene.settled(is_back, scene.patience_s - waits_s)
        waits_s = scene.patience_s
    return after, back_s, waits_s


def _is_at_work(scene: Scene, before: Standing, after: Standing, came: int) -> bool:
    """Whether there are more threads, and work is done for nobody: those of a pool would wait."""
    return "threads" in _grown(before, after, came) and bool(scene.spins(_AT_WORK_S))


def _is_enough(scene: Scene, way: str, held: Standing) -> bool:
    """Whether what it holds is enough for as many clients again, or comes to be enough while crowds
    come: a pool, that is, which grows up to a bound, and not what clients have left. One that is
    known for a leak is asked once."""
    is_known = scene.known.intersection(_COUNTED)
    limit_s = time.monotonic() + _CROWDS_WITHIN_S * scale()
    crowds = [] if is_known else [scene.manners.crowd // 2] * _CROWDS
    for number in (scene.manners.clients, *crowds):
        came = _come_and_leave(scene, way, number=number)
        grown = partial(_grown, held, number=came)
        held, back_s = scene.settled(partial(_is_empty, grown), _AGAIN_S)
        if back_s is not None:
            return True
        if time.monotonic() > limit_s:
            break
    return False


def _is_empty(grown: Callable[[Standing], Mapping[str, int]], now: Standing) -> bool:
    return not grown(now)


def _grown(before: Standing, after: Standing, number: int) -> Mapping[str, int]:
    """What has grown by as much as so many clients would make it: one for every fourth, at least,
    for with some servers, ``ncat -k -e`` for one, it is by chance which clients leave something."""
    grown, least = after.more_than(before), max(2, (number + 3) // 4)
    return {name: grown[name] for name in _COUNTED if grown.get(name, 0) >= least}


def _come_and_leave(
    scene: Scene,
    way: str,
    meanwhile: Callable[[], None] | None = None,
    number: int = 0,
    *,
    rests: bool = True,
) -> int:
    """So many clients come, and leave; how many came. A server that ``rests`` is let come to rest:
    whoever is not yet let in would be counted too late."""
    number, leave = number or scene.manners.clients, {**WAYS, **TLS_WAYS}[way]
    if way == "while connecting":
        came = [scene.arriving() for _ in range(number)]
    else:
        came = scene.herd(number)
    if meanwhile:
        meanwhile()
    for peer in came:
        leave(peer, scene)
    scene.close_clients()
    if rests and _SPINS not in scene.known:
        scene.comes_to_rest()
    else:
        scene.let_accept()
    return len(came)
