"""Whether a thread of the process under test waits, judged by what the system says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sockproof.iut.process import CaseProcess

__all__ = ["LOOK_EVERY_S", "UNKNOWN", "Look", "all_sleep", "let_others_run", "waits"]

UNKNOWN: dict[str, Any] = {"at": "unknown"}
LOOK_EVERY_S = 0.005
# So many, each later than the last by more than LOOK_EVERY_S: whoever waits for the interpreter's
# own lock asks for it anew as often as that (sys.getswitchinterval()).
_LOOKS_AT_A_LOCK = 6
# Where nobody knows which lock that is: Python 2 may keep a thread from it for several of these.
_LOOKS_AT_AN_UNKNOWN_LOCK = 24
_RECENT = 30

_LOOKS_AT_ALL = 3
# Looks at all, at most: half a second, for what never sleeps.
_MOST_LOOKS_AT_ALL = 200
_LOOK_AT_ALL_EVERY_S = 0.002
# Round trips where there is nothing to see: each leaves the interpreter and a processor to others.
_CHANCES = 50


@dataclass(frozen=True)
class Look:
    """What a thread was at: see ``Looker.tell()`` in ``iut/agent/looking.py``."""

    at: str
    place: int = 0
    switches: int = 0
    own_lock_known: bool = False

    @classmethod
    def of(cls, value: dict[str, Any]) -> Look:
        return cls(**value)


def all_sleep(looks: Sequence[Mapping[str, Sequence[int]]]) -> bool:
    """Whether all threads that were looked at so, the last time just now, sleep and go on to.

    Each look is ``{thread: [call, place]}``. One that polls is told by the same call at the same
    place; one that handed something on to another was not asleep there, or the other was not.
    """
    recent = looks[-_LOOKS_AT_ALL:]
    if len(recent) < _LOOKS_AT_ALL or any(look != recent[0] for look in recent):
        return False
    return all(call >= 0 for call, _ in recent[0].values())


def waits(looks: Sequence[Look]) -> bool:
    """Whether the thread that was looked at so, the last time just now, waits for something.

    In a system call that is no lock it does. In a lock it does once it is seen there several times,
    with others in between as it gets no turn to wait again; where the interpreter's own lock is not
    known, in the same sleep each time.
    """
    last = looks[-1]
    if last.at != "lock":
        return last.at == "call"
    if last.own_lock_known:
        return sum(look.at == "lock" for look in looks[-_RECENT:]) >= _LOOKS_AT_A_LOCK
    recent = looks[-_LOOKS_AT_AN_UNKNOWN_LOCK:]
    return len(recent) == _LOOKS_AT_AN_UNKNOWN_LOCK and set(recent) == {last}


def let_others_run(process: CaseProcess) -> bool | None:
    """Until every other thread of the process and of its children sleeps, or has had ample chance
    to; what has happened by then is told. Whether they sleep; None where the system does not tell.
    """
    looks = [_look_around(process)]
    while looks[-1] and len(looks) < _MOST_LOOKS_AT_ALL and not all_sleep(looks):
        process.comes(lambda: False, _LOOK_AT_ALL_EVERY_S)
        looks.append(_look_around(process))
    for _ in range(1 if looks[-1] else _CHANCES):
        process.do("fence")
    return all_sleep(looks) if looks[-1] else None


def _look_around(process: CaseProcess) -> dict[str, list[int]]:
    """What its threads and those of its children are at; nothing where that is not told."""
    seen: dict[str, list[int]] = process.do("look_around").value
    return seen
