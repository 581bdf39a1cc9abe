"""Tries a program in a network of its own, in a process that then ends: whoever asks stays where he
is, and in which namespace of users.

The program is started there, and greeted. The kernel counts whenever somebody asks for one who is
not there: a program that does so needs a database, a name server, or whom else its machine has.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from sockproof.check.first_words import FirstWords
from sockproof.check.interruptible import hear_interrupts
from sockproof.check.language import Language
from sockproof.check.listener import Listener
from sockproof.check.not_listening import InBackground, NeverListens
from sockproof.check.own_network import (
    OwnNetworkRefused,
    allow_networks,
    enter_network,
    unheard,
)
from sockproof.check.program_life import lived
from sockproof.errors import HarnessError, IutUnavailable
from sockproof.iut.addresses import short_temporary_folder
from sockproof.iut.case_log import CaseLog
from sockproof.iut.survivor import leave
from sockproof.own_folder import own_folder
from sockproof.run.lifetime import interrupt_once_by
from sockproof.run.namespaces import call_system

__all__ = ["NeedsOthers", "tried"]

_SET_DEATH_SIGNAL = 1  # of <sys/prctl.h>
_Told = dict[str, Any]
# Whoever does not start in a network of his own may do so elsewhere; but for these.
_HOPELESS = (NeverListens, InBackground, IutUnavailable)


class NeedsOthers(Exception):
    """The program does without others badly; the text says what was seen of it."""


def tried(subject: Listener, words: FirstWords, *, must: bool) -> Language:
    """What the program speaks, in a network of its own; where it ``must`` live there, whatever it
    asks for.

    Raises:
        OwnNetworkRefused: the system allows none. NeedsOthers: the program does not start there, or
            was seen to ask for others. HarnessError: it does not start, or is not as is said.
    """
    told = _told_by_child(partial(_outcome, subject, words, must=must))
    if "refused" in told:
        raise OwnNetworkRefused(told["refused"])
    if "needs" in told:
        raise NeedsOthers(told["needs"])
    if "error" in told:
        raise HarnessError(*told["error"])
    name, say, expect, ends = told["language"]
    return Language(name, bytes.fromhex(say), bytes.fromhex(expect), ends)


def _told_by_child(outcome: Callable[[], _Told]) -> _Told:
    """What a process tells that is a copy of this one, and ends then; it ends with an interrupt."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _tell(outcome, writing)
    os.close(writing)
    try:
        with open(reading, "rb") as pipe:  # noqa: PTH123 (it is no path)
            text = pipe.read()
    except BaseException:
        os.kill(child, signal.SIGTERM)
        raise
    finally:
        os.waitpid(child, 0)
    found: _Told = json.loads(text or '{"needs": "its trial in a network of its own was ended"}')
    return found


def _tell(outcome: Callable[[], _Told], writing: int) -> NoReturn:
    """In that process: it never returns to what its parent is at."""
    told: _Told = {}
    with contextlib.suppress(BaseException):
        interrupt_once_by(signal.SIGINT, signal.SIGTERM)
        told = _caught(outcome)
        os.write(writing, json.dumps(told).encode("ascii"))
        leave()
    os._exit(0 if told else 1)


def _caught(outcome: Callable[[], _Told]) -> _Told:
    try:
        return outcome()
    except OwnNetworkRefused as error:
        return {"refused": str(error)}
    except NeedsOthers as error:
        return {"needs": str(error)}
    except HarnessError as error:
        return {"error": [error.message, error.hint]}
    except Exception as error:  # a fault of ours is not told as one of the program
        told = f"its trial in a network of its own failed: {type(error).__name__}: {error}"
        return {"error": [told, "--network host does without"]}


def _outcome(subject: Listener, words: FirstWords, *, must: bool) -> _Told:
    allow_networks()
    enter_network()
    call_system("prctl", _SET_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0, told="to end with another")
    hear_interrupts()
    before = unheard()

    def asks_for_others() -> bool:
        return not must and unheard() > before

    try:
        found = _learned(subject, words, asks_for_others)
    except HarnessError as error:
        if asks_for_others():
            raise NeedsOthers(_SEEN) from None
        if must or isinstance(error, _HOPELESS):
            raise
        raise NeedsOthers(f"{_ALONE}: {error.message}") from None
    if asks_for_others():
        raise NeedsOthers(_SEEN)
    return {"language": [found.name, found.say.hex(), found.expect.hex(), found.ends]}


_SEEN = "it asks for others, who are not in a network of its own"
_ALONE = "it does not start in a network of its own"


def _learned(subject: Listener, words: FirstWords, or_else: Callable[[], bool]) -> Language:
    log = CaseLog()
    with (
        own_folder(short_temporary_folder()) as folder,
        lived(subject, folder, log, or_else=or_else) as life,
    ):
        return words.learned(life.address, folder, log)
