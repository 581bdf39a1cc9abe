"""Asks a server, and once more on the same connection, and takes what it answers for an example."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

from sockproof.case.client import END_OF_STREAM, TIMEOUT, Ending
from sockproof.check.clientele import Clientele
from sockproof.check.language import ANSWERS, Language
from sockproof.check.listener import Address
from sockproof.check.service.caller import Caller
from sockproof.errors import HarnessError
from sockproof.iut.case_log import CaseLog
from sockproof.judge.checks import Mismatch, show
from sockproof.timing import hang_bound_s, scale

__all__ = ["Heard", "asked"]

# An answer is whole, as far as can be known, when nothing more has come for so long.
_QUIET_S = 0.5
_MOST_OCTETS = 1 << 20


@dataclass(frozen=True)
class Heard:
    """A request, which is empty where the server speaks first, and its answer: ``to_end``, if the
    connection ends behind it, ``half_closes``, if it came only when the client said no more.
    ``again`` is what it answers to the same once more, if it does.
    """

    request: bytes
    answer: bytes
    to_end: bool = False
    half_closes: bool = False
    again: bytes = b""


def asked(address: Address, request: bytes, folder: Path, log: CaseLog) -> list[Heard]:
    """What the server says by itself, if it does, and what it answers to the request, if there is
    one; on one connection.

    Raises:
        HarnessError: nobody is there, or it does not answer; or the answer has no end.
    """
    clientele = Clientele(address, Language(ANSWERS), folder, log)
    try:
        caller = Caller(clientele, hang_bound_s(), "first try")
        greeting = _greeting(caller)
        return [*greeting, *([_heard(caller, request)] if request else [])]
    except Mismatch as problem:
        raise _nobody(address, problem) from None
    finally:
        clientele.close_clients()


def _nobody(address: Address, problem: Mismatch) -> HarnessError:
    hint = "start the server first, or let sockproof start it: -- PROGRAM"
    return HarnessError(f"nobody can be reached at {address.words}: {problem.actual}", hint)


def _greeting(caller: Caller) -> list[Heard]:
    if not caller.address.is_stream:
        return []
    caller.peer.socket.settimeout(_QUIET_S * scale())
    greeting, ending = _all(caller)
    return [Heard(b"", greeting, ending is END_OF_STREAM)] if greeting else []


def _heard(caller: Caller, request: bytes) -> Heard:
    caller.send(request)
    answer, ending = _all(caller)
    half_closes = caller.address.is_stream and not answer and ending is TIMEOUT
    if half_closes:
        caller.half_close()
        answer, ending = _all(caller)
    if not answer and ending is not END_OF_STREAM:
        seen = "nothing comes" if ending is TIMEOUT else "it resets the connection"
        told = f"{caller.address.words} does not answer {show(request)}: {seen}"
        raise HarnessError(told, r"give --say something that it answers, such as 'PING\r\n'")
    again = _again(caller, request) if ending is TIMEOUT and not half_closes else b""
    return Heard(request, answer, ending is END_OF_STREAM, half_closes, again)


def _again(caller: Caller, request: bytes) -> bytes:
    """Nothing where it does not go on."""
    with contextlib.suppress(Mismatch, HarnessError):
        caller.send(request)
        return _all(caller)[0]
    return b""


def _all(caller: Caller) -> tuple[bytes, Ending]:
    """What comes until nothing more does, and how that shows.

    Raises:
        HarnessError: it goes on and on.
    """
    data, own, limit_s = b"", caller.peer.socket, time.monotonic() + hang_bound_s()
    while not isinstance(got := caller.hear_some(), Ending):
        data += got
        if len(data) > _MOST_OCTETS or time.monotonic() > limit_s:
            told = f"{caller.address.words} goes on and on: {len(data)} octets, and more come"
            raise HarnessError(told, "say something with --say whose answer comes to an end")
        own.settimeout(_QUIET_S * scale())
    own.settimeout(caller.bound_s)
    return data, got
