"""Who is there when a server is told to end, and what each of them gets."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sockproof.case.client import END_OF_STREAM
from sockproof.check.service.caller import Caller
from sockproof.check.service.exchanges import Exchange
from sockproof.judge.checks import Hang, Mismatch

__all__ = ["NOTHING", "WHOLE", "Attendance", "Attendant", "fate_of"]

WHOLE, NOTHING = "a whole answer", "nothing"
"""What each gets, in words; neither is an end or a reset, which are told as such."""
_OTHER, _CUT = "another answer", "part of an answer, and its end"


@dataclass(frozen=True)
class Attendant:
    """Somebody who is there: what is done once the server has been told to end, and whether that is
    not before it has ended. What it gives is a fate."""

    finish: Callable[[], str]
    stays: bool = False


class Attendance:
    """All who are there."""

    def __init__(self, all_of_them: Sequence[Attendant] = ()) -> None:
        self._all, self._found = all_of_them, list[str]()
        self._pool = concurrent.futures.ThreadPoolExecutor(max(1, len(all_of_them)))

    def go_on(self) -> bool:
        """Whoever has something to do does it, to the end: whether nobody waits in vain."""
        acting = [one.finish for one in self._all if not one.stays]
        self._found += self._pool.map(lambda finish: finish(), acting)
        return NOTHING not in self._found

    def fates(self) -> list[str]:
        """What each has got; the server has ended."""
        waiting = [one.finish for one in self._all if one.stays]
        return [*self._found, *self._pool.map(lambda finish: finish(), waiting)]

    def close(self) -> None:
        """Nobody comes any more."""
        self._pool.shutdown(wait=False)


def fate_of(caller: Caller, exchanges: Sequence[Exchange], *, is_said: bool = True) -> str:
    """What a client gets in exchanges, whose requests it may have said."""
    try:
        for exchange in exchanges:
            if not is_said:
                caller.say(exchange)
            caller.hear(exchange)
    except Hang:
        return NOTHING
    except Mismatch:
        if caller.ending is None:
            return _OTHER
        return _CUT if caller.ending is END_OF_STREAM and caller.has_part else str(caller.ending)
    return WHOLE
