"""Why a program that was started cannot be checked: what is said, and what is to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockproof.check.served_class import REFUSED
from sockproof.errors import HarnessError
from sockproof.timing import start_bound_s

if TYPE_CHECKING:
    from sockproof.check.program_life import ProgramLife

__all__ = ["InBackground", "NeverListens", "in_background", "not_listening"]

_STAY = "have it stay, as most do with --foreground, --nodaemon or -f; or give its ADDRESS"


class NeverListens(HarnessError):
    """A program goes on, and does not listen."""


class InBackground(HarnessError):
    """A program has ended well, and goes on as another process."""


def in_background(life: ProgramLife, pid: int) -> InBackground:
    """It has ended, and another process goes on."""
    told = f"it goes into the background: it ended, and process {pid} goes on"
    return InBackground(f"{life.words}: {told}", _STAY)


def not_listening(life: ProgramLife, listens: bool) -> HarnessError:
    """It does not listen, though somebody else may."""
    words, where = life.words, life.address.words
    if listens:
        hint = f"end that one, or check it: sockproof check {where}"
        return HarnessError(f"{words}: another process listens at {where}", hint)
    if life.status is None:
        told = f"{words}: it does not listen at {where} within {start_bound_s():g} s"
        return NeverListens(told, "say where it listens with --listens")
    told = f"{words}: it ended with status {life.status} before it listened at {where}"
    if life.subject.served and life.status in REFUSED:
        return REFUSED[life.status](f"{words}: {life.last_words}")
    if life.status == 0 and (others := life.goes_on_as):
        return in_background(life, others[-1])
    if life.status == 0:
        return HarnessError(told, "see what it does by hand")
    return HarnessError(f"{told}: {life.last_words}", "see that it starts by hand")
