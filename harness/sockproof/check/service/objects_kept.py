"""What an exchange has made for itself goes with it: objects of a class of the user's are counted
within the program of ours that serves it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import re
import threading
import time
from collections.abc import Mapping
from typing import Any

from sockproof.check.object_counts import COUNT, SAYS, WHERE
from sockproof.check.program_life import ProgramLife, lived
from sockproof.check.scene import Scene
from sockproof.check.service.departing import leave_everywhere
from sockproof.check.service.exchanges import Exchanges
from sockproof.check.service.multitude import have_many
from sockproof.judge.checks import Mismatch, NotApplicable
from sockproof.timing import hang_bound_s

__all__ = ["thousand_keep_no_objects"]

# A hundred at first, and then three times as many, three times; fewer of a slow server.
_FIRST, _EACH, _ROUNDS, _ROUND_S = 100, 300, 3, 5.0
# Kept is what one in so many leaves, or every other one of the clients that leave.
_SHARE, _LEAVERS = 10, 5
# Whoever is just done with a client has a moment for it.
_SETTLES_S, _LOOK_S = 2.0, 0.1
_LINE = re.compile(rf"^{SAYS} \d+ (\{{.*\}})$", re.MULTILINE)


def thousand_keep_no_objects(exchanges: Exchanges, scene: Scene, _variant: str) -> None:
    """Of handlers, threads, sockets, files, frames and exceptions there are no more after so many
    exchanges than after a hundred. Whatever else it keeps may be on purpose, and is a value."""
    served = scene.subject.served
    if served is None:
        raise NotApplicable("objects are counted only of a class that sockproof serves")
    if not COUNT:
        raise NotApplicable("this system has no signals that nobody else uses")
    subject = dataclasses.replace(scene.subject, argv=served.argv(counts=True))
    with lived(subject, scene.folder, scene.log) as life:
        other, began_s = scene.beside(life), time.monotonic()
        _play(exchanges, other, _FIRST)
        fit = int(_ROUND_S * _FIRST / max(1e-3, time.monotonic() - began_s))
        number = max(_FIRST, min(_EACH, fit))
        held = [_told(life, COUNT)]
        for _ in range(_ROUNDS):
            _play(exchanges, other, number)
            held.append(_settled(life, held[-1], number))
        _judge(scene, life, held, number)


def _play(exchanges: Exchanges, scene: Scene, number: int) -> None:
    """So many exchanges; and where there are connections, clients that leave by a reset."""
    have_many(exchanges, scene, number)
    if scene.address.is_stream:
        leave_everywhere(exchanges, scene, number // _LEAVERS)


def _judge(scene: Scene, life: ProgramLife, held: list[dict[str, int]], number: int) -> None:
    scene.observe("objects", [one["all"] for one in held])
    pairs = itertools.pairwise(held)
    names = set.intersection(*(_grown(one, two, number) for one, two in pairs))
    kept = sorted(names - {"all"})
    if not kept:
        return
    holders = dict[str, Any]()
    with contextlib.suppress(NotApplicable):
        holders = _told(life, WHERE)
    figures = [f"{name} ({' → '.join(str(one.get(name, 0)) for one in held)})" for name in kept]
    where = sorted({repr(holders[name]) for name in kept if holders.get(name)})
    total = _FIRST + _ROUNDS * number
    raise Mismatch(
        f"after {total} exchanges the server keeps no more of what they made than after {_FIRST}",
        f"after {_FIRST} exchanges, and each time {number} and a few leavers later, it keeps more "
        "objects: "
        + ", ".join(figures)
        + f"; they are kept in {' and '.join(where)}" * bool(where),
    )


def _grown(before: Mapping[str, int], after: Mapping[str, int], number: int) -> set[str]:
    """Of what there is one more for at least every tenth exchange."""
    return {name for name, now in after.items() if now - before.get(name, 0) >= number // _SHARE}


def _settled(life: ProgramLife, before: Mapping[str, int], number: int) -> dict[str, int]:
    limit_s = time.monotonic() + _SETTLES_S
    pause = threading.Event()
    while _grown(before, now := _told(life, COUNT), number) - {"all"}:
        if time.monotonic() > limit_s:
            break
        pause.wait(_LOOK_S)
    return now


def _told(life: ProgramLife, number: int) -> dict[str, Any]:
    """What the life says to a signal.

    Raises:
        NotApplicable: it says nothing: it has its signals elsewhere, or its main thread at work.
    """
    limit_s, pause, known = time.monotonic() + hang_bound_s(), threading.Event(), _answers(life)
    os.kill(life.pid, number)
    while len(found := _answers(life)) == len(known):
        if life.status is not None or time.monotonic() > limit_s:
            raise NotApplicable("its main thread hears no signal, and so counts nothing")
        pause.wait(_LOOK_S / 10)
    told: dict[str, Any] = json.loads(found[-1])
    return told


def _answers(life: ProgramLife) -> list[str]:
    return _LINE.findall(life.printed)
