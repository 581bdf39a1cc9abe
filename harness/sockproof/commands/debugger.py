"""Has a replay stop before each handler, with a debugger at the terminal of whoever types."""

from __future__ import annotations

import dataclasses
import os
import sys

from sockproof.commands.one_case import Playing
from sockproof.commands.output import warn
from sockproof.commands.stored import Wanted
from sockproof.errors import UsageError
from sockproof.iut.agent.debugging import VARIABLE
from sockproof.iut.capabilities import ProbedIut
from sockproof.timing import SCALE_VARIABLE, UNBOUNDED

__all__ = ["debugged_iut", "refuse_to_debug_check", "tell_of_no_stop"]

_BY_HAND = "start it with 'python3 -m pdb', and give its address instead"


def debugged_iut(wanted: Wanted) -> ProbedIut:
    """The implementation, which is told at which terminal its handlers are debugged; nobody is
    waited for in vain from now on: every bound is a day at least.

    Raises:
        UsageError: there is no terminal, or the implementation runs where it is not.
    """
    if not sys.stdin.isatty():
        raise UsageError("--debug needs a terminal as standard input", "type the command in one")
    iut = wanted.iut()
    own = iut.implementation
    if sys.platform.startswith("linux") and not iut.hello["reaches_pipes"]:
        hint = "debug it there, or name one of this machine"
        raise UsageError(f"--debug: {own.given} runs where this terminal is not", hint)
    os.environ[SCALE_VARIABLE] = str(UNBOUNDED)
    warn("stops before each handler; nothing is bounded in time, and Ctrl-C ends all")
    told = f"{os.getpid()}:{os.ttyname(sys.stdin.fileno())}"
    debugged = dataclasses.replace(own, env={**own.env, VARIABLE: told})
    return dataclasses.replace(iut, implementation=debugged)


def refuse_to_debug_check() -> None:
    """No debugger is put into a program that is checked: it stays as it is.

    Raises:
        UsageError: that is so.
    """
    told = "--debug is for cases of a module: no debugger is put into a program that is checked"
    raise UsageError(told, _BY_HAND)


def tell_of_no_stop(played: list[Playing]) -> None:
    """Whoever saw no debugger is told why."""
    if not any(event.name == "handler" for one in played for event in one.log.events):
        warn("no handler told that it began: the case comes to none, or has its own")
