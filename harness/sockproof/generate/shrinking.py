"""What is smaller than a plan: the last word on shrinking, in terms of moves and not of choices.

Faults go first, then peers, then single moves, then pieces of the handler, then octets. Every plan
given is legal; of what a plan gives, only what is smaller by its size is of use.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TypeVar

from sockproof.generate.client_plan import FAULTS, Move, Payload, Plan, legal
from sockproof.generate.life import OF_NEW_CLIENTS, OF_SILENT_CLIENTS, Life, LifeModel, LifeStep
from sockproof.spec.matrix import spec_by_id

__all__ = ["lived", "possible", "smaller_lives", "smaller_plans"]

_Item = TypeVar("_Item")
_IN_PARTS = ("construct unbound", "server_bind()", "server_activate()")
_ANEW = ("server_close()", "reopen")


def smaller_plans(plan: Plan) -> Iterator[Plan]:
    """Plans with something less than this one."""
    moves = plan.moves
    for number, move in enumerate(moves):
        if move.do in FAULTS:
            yield possible(plan, _without(moves, number))
    for peer in sorted({move.peer for move in moves} - {0}):
        yield possible(plan, [move for move in moves if move.peer != peer])
    for fewer in (_without, _joined):
        for number in range(len(moves)):
            yield possible(plan, fewer(moves, number))
    yield possible(plan, _renumbered(moves))
    for number in range(len(plan.handler)):
        yield dataclasses.replace(plan, handler=tuple(_without(plan.handler, number)))
    if plan.packet_octets:
        yield dataclasses.replace(plan, packet_octets=0)
    for number, move in enumerate(moves):
        for simpler in _simpler(move):
            yield possible(plan, [*moves[:number], simpler, *moves[number + 1 :]])


def _without(items: Sequence[_Item], number: int) -> list[_Item]:
    return [*items[:number], *items[number + 1 :]]


def possible(plan: Plan, moves: Sequence[Move]) -> Plan:
    """The plan with those of the moves that can be made."""
    stream = spec_by_id(plan.spec).is_stream
    return dataclasses.replace(plan, moves=legal(moves, stream=stream))


def _joined(moves: Sequence[Move], number: int) -> list[Move]:
    """What a peer sends next is sent with this move already."""
    first = moves[number]
    later = (n for n in range(number + 1, len(moves)) if moves[n].peer == first.peer)
    second = next(later, number)
    sent, also = first.payload, moves[second].payload
    if second == number or sent is None or also is None or not sent.ended:
        return list(moves)
    payload = dataclasses.replace(sent, lines=sent.lines + also.lines, ended=also.ended)
    joined = _without(moves, second)
    joined[number] = dataclasses.replace(first, payload=payload)
    return joined


def _renumbered(moves: Sequence[Move]) -> list[Move]:
    """The peers numbered in the order in which they come."""
    numbers = {0: 0}
    for move in moves:
        numbers.setdefault(move.peer, len(numbers))
    return [dataclasses.replace(move, peer=numbers[move.peer]) for move in moves]


def _simpler(move: Move) -> Iterator[Move]:
    if move.unbound:
        yield dataclasses.replace(move, unbound=False)
    if move.cuts:
        yield dataclasses.replace(move, cuts=move.cuts[1:])
    if move.payload is not None:
        for payload in _shorter(move.payload):
            yield dataclasses.replace(move, payload=payload)


def _shorter(payload: Payload) -> Iterator[Payload]:
    """Fewer lines, then shorter ones: empty, of half the length, of one octet less."""
    lines = payload.lines
    if len(lines) > 1:
        for number in range(len(lines)):
            yield dataclasses.replace(payload, lines=tuple(_without(lines, number)))
    for number, length in enumerate(lines):
        for less in sorted({0, length // 2, max(0, length - 1)} - {length}):
            shorter = (*lines[:number], less, *lines[number + 1 :])
            yield dataclasses.replace(payload, lines=shorter)


def smaller_lives(life: Life) -> Iterator[Life]:
    """Lives with some steps less than this one; what is not legal any more is left out as well."""
    steps = life.moves
    for client in sorted({step.client for step in steps} - {0}):
        rest = [step for step in steps if step.client != client]
        yield lived(life, rest)
        yield lived(life, _asking_late(rest))
    for number in range(len(steps)):
        yield lived(life, _without(steps, number))
    for first, second in combinations(range(len(steps)), 2):
        yield lived(life, _without(_without(steps, second), first))
    for roundabout in (_IN_PARTS, _IN_PARTS + _ANEW):
        if any(step.do in roundabout for step in steps):
            rest = [step for step in steps if step.do not in ("construct", *roundabout)]
            yield lived(life, [LifeStep("construct"), *rest])


def _asking_late(steps: Sequence[LifeStep]) -> list[LifeStep]:
    """Whoever asks does so right before the last step: nobody need hold up the loop for them."""
    asks = [step for step in steps[:-1] if step.do == "ask"]
    return [*(step for step in steps[:-1] if step.do != "ask"), *asks, *steps[-1:]]


def lived(life: Life, steps: Sequence[LifeStep]) -> Life:
    """The steps that can be taken, with the clients numbered as they come.

    A step of a client that is not there, or has spoken already, cannot.
    """
    model = LifeModel(spec_by_id(life.spec))
    numbers: dict[int, int] = {}
    taken: list[LifeStep] = []
    for step in steps:
        if step.do in OF_NEW_CLIENTS:
            numbers[step.client] = len(model.clients) + 1
        one = LifeStep(step.do, numbers.get(step.client, 0))
        silent = [client.number for client in model.silent]
        there = step.do not in OF_SILENT_CLIENTS or one.client in silent
        if model.legal(step.do) and there:
            model.take(one)
            taken.append(one)
        elif step.do in OF_NEW_CLIENTS:
            del numbers[step.client]
    return Life(life.spec, tuple(taken))
