"""A server is told to end while it is at work: it ends, whoever was there hears of it, and it
starts again where it was."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections import Counter
from dataclasses import dataclass, field

from sockproof.check.program_life import ProgramLife
from sockproof.check.scene import Scene
from sockproof.check.service.attempts import printed_since, raised_in
from sockproof.check.service.attendance import NOTHING, Attendance
from sockproof.check.service.ending_moments import MOMENTS, Moment
from sockproof.check.service.exchanges import Exchanges
from sockproof.check.service.orders_to_end import ORDERS, Order, why_no_order
from sockproof.check.service.started_again import named, stands, told_start, who_holds
from sockproof.check.stacks import held_at
from sockproof.judge.checks import Hang, Mismatch, NotApplicable, check

__all__ = ["ENDINGS", "ends_at_work", "forgets_nobody_at_its_end", "starts_again_and_answers"]

ENDINGS = tuple(
    f"{moment} {order}"
    for order in ORDERS
    for moment, one in MOMENTS.items()
    if order == "interrupt" or one.by_any_order
)
"""Each moment with an interrupt; with SIGTERM those that tell how it goes on from there."""

# Whoever has let a client wait with patience has had time to end as well.
_LAST_S = 0.1


@dataclass(frozen=True)
class ToldToEnd:
    """What came of it: whether it ``ended`` in time, or where its threads stand. ``raised`` is what
    it told of an exception meanwhile, ``fates`` what those who were there got. Once it has ended,
    ``left`` are those who go on, ``held`` tells who listens there still, and ``again`` what was
    wrong with its next start."""

    ended: bool
    took_s: float
    how: str
    stacks: str = ""
    raised: str = ""
    fates: dict[str, int] = field(default_factory=dict)
    left: str = ""
    held: str = ""
    again: str = ""


def ends_at_work(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """Within patience, whoever is there; who is within a request has it answered, and leaves."""
    seen, words = _told(exchanges, scene, variant), _moment(variant).words
    scene.observe("ends_after_s", seen.took_s if seen.ended else None)
    if seen.ended:
        return
    place = ", ".join(held_at(seen.stacks))
    told = f"{scene.patience_s:g} s after {seen.how} it still runs, {words}"
    parts = [seen.raised, told, f"threads stand: {place}" if place else ""]
    raise Hang(f"{seen.how} ends the server {words}", "; ".join(filter(None, parts)), seen.stacks)


def forgets_nobody_at_its_end(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """Whoever is there gets an answer or an end. Nobody promises a whole answer: what each has got
    is a value."""
    if not _moment(variant).has_clients:
        raise NotApplicable("nobody is there")
    seen = _ended(exchanges, scene, variant)
    scene.observe("fates", seen.fates)
    forgotten = seen.fates.get(NOTHING, 0)
    told = f"{forgotten} of {sum(seen.fates.values())} got neither, and the server has ended"
    told += f", while {seen.left} goes on" if seen.left else ""
    check(
        not forgotten,
        expected=f"whoever is connected when a server ends gets an answer or an end, "
        f"{_moment(variant).words}",
        actual="; ".join(filter(None, [seen.raised, told])),
    )


def starts_again_and_answers(exchanges: Exchanges, scene: Scene, variant: str) -> None:
    """At the same address, at once; and each exchange goes as before."""
    seen = _ended(exchanges, scene, variant)
    check(
        not (seen.held or seen.again),
        expected=f"a server that has ended by {seen.how}, {_moment(variant).words}, starts again "
        "at the same address, and answers",
        actual=seen.held or seen.again,
    )


def _ended(exchanges: Exchanges, scene: Scene, variant: str) -> ToldToEnd:
    seen = _told(exchanges, scene, variant)
    if not seen.ended:
        raise NotApplicable(f"{seen.how} does not end it, as stop-ends-at-work tells")
    return seen


def _moment(variant: str) -> Moment:
    return MOMENTS[variant.rpartition(" ")[0]]


def _told(exchanges: Exchanges, scene: Scene, variant: str) -> ToldToEnd:
    """One life and the next one, played once for all that is asked of it."""
    key = "ending", variant
    if key not in scene.played:
        try:
            scene.played[key] = _play(exchanges, scene, variant)
        except (Mismatch, NotApplicable) as problem:
            scene.played[key] = problem
    found: ToldToEnd | Mismatch | NotApplicable = scene.played[key]
    if isinstance(found, ToldToEnd):
        return found
    if isinstance(found, NotApplicable):
        raise NotApplicable(found.args[0])
    raise NotApplicable(f"it does not come to that: {found.actual}")


def _play(exchanges: Exchanges, scene: Scene, variant: str) -> ToldToEnd:
    moment, order = _moment(variant), ORDERS[variant.rpartition(" ")[2]]
    if why := moment.why_not(exchanges, scene.address):
        raise NotApplicable(why)
    with scene.another_life() as life:
        if why := why_no_order(order, life, moment.twice):
            raise NotApplicable(why)
        seen = _end(exchanges, scene.beside(life), life, moment, order)
    if not seen.ended or seen.held:
        return seen
    return dataclasses.replace(seen, again=told_start(exchanges, scene, life.address))


def _end(
    exchanges: Exchanges, scene: Scene, life: ProgramLife, moment: Moment, order: Order
) -> ToldToEnd:
    try:
        present = moment.come(exchanges, scene)
        with contextlib.closing(present):
            seen = _ordered(scene, life, present, moment, order)
    finally:
        scene.close_clients()
    if not seen.ended:
        return seen
    return dataclasses.replace(seen, left=named(life.goes_on_as), held=who_holds(life))


def _ordered(
    scene: Scene, life: ProgramLife, present: Attendance, moment: Moment, order: Order
) -> ToldToEnd:
    printed, began_s, how = life.printed_octets, time.monotonic(), order.words(life)
    giving = order.begin(life, scene.patience_s)
    if moment.rests:
        scene.comes_to_rest()
    if moment.twice:
        _insist(life)
    ended = life.ends(scene.patience_s if present.go_on() else _LAST_S)
    took_s, raised = round(time.monotonic() - began_s, 3), _raised(life, printed)
    stacks = "" if ended else stands(life)
    giving()
    fates = Counter(present.fates()) if ended else Counter[str]()
    return ToldToEnd(ended, took_s, how, stacks, raised, dict(fates))


def _insist(life: ProgramLife) -> None:
    if life.status is not None:
        raise NotApplicable("the first interrupt ends it")
    life.interrupt()


def _raised(life: ProgramLife, printed: int) -> str:
    """An exception of which it has told since then; the interrupt itself is none."""
    raised = raised_in(printed_since(life, printed))
    return "" if raised.startswith("KeyboardInterrupt") else raised
