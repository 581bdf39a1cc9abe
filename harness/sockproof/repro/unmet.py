"""What a case waited for, or compared, in vain: for what is right nowhere, so that there is
nothing to hold it against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sockproof.iut.case_log import Operation
from sockproof.repro.behaviour import Behaviour, of_teardown
from sockproof.repro.notes import awaited
from sockproof.repro.telling import Told, outcome

__all__ = ["unmet"]

_VALUED = ("call", "evaluate", "execute", "step")
_ASKED = ("drain", "comes to wait", "fall asleep", "program says", "program exits")
_RECEIVING = ("receive", "receive some", "receive datagram", "receive within TLS")
# Names in an expression that stand for what the implementation has made.
_OF_A_SERVER = re.compile(r"\b(server|handler_class|socketserver|threading|[a-z_]+\()")


def _is_valued(one: Operation) -> bool:
    """Whether it asks something of a server, whose value tells of it."""
    return one.name in _ASKED or one.arguments.get("op") in _VALUED


def _tells_of_the_server(one: Operation) -> bool:
    """Whether its value is of the server's making: what a client gets is, what the platform has is
    not."""
    expression = one.arguments.get("expression")
    if expression is not None and not _OF_A_SERVER.search(str(expression)):
        return False
    return _is_valued(one) or one.name in _RECEIVING


def unmet(wrong: Told) -> Iterator[Behaviour]:
    """The behaviours, the surest first: the last operation, where it did not come to its end;
    what was compared at last; what was looked at last, whose failing value alone is known."""
    numbered = list(enumerate(wrong.log.operations))
    if numbered:
        yield from _of_last(wrong, *numbered[-1])
    yield from _of_compared(wrong, numbered)
    yield from of_teardown(wrong, None)
    for number, one in reversed(numbered):
        found = list(_looked_at(wrong, number, one))
        yield from found
        if found:
            return


def _of_last(wrong: Told, number: int, last: Operation) -> Iterator[Behaviour]:
    observed = outcome(last, wrong.names) if last.name not in ("wait", "matching") else None
    if last.name == "wait" and last.ending:
        label = awaited(last)
        if label:
            yield Behaviour("happens", number, True, False, (label,), last.arguments["count"])
    elif "wanted" in last.arguments and last.ending and last.name.startswith("receive"):
        done = Operation(last.name, last.actor, last.arguments)
        yield Behaviour("outcome", number, outcome(done, wrong.names), observed)
    elif _is_refused(last, observed):
        yield Behaviour("outcome", number, True, observed)


def _is_refused(last: Operation, observed: Any) -> bool:
    """Whether a client or a server could not be made, or something never became true."""
    if last.name == "do":
        return last.arguments["op"] == "make" and observed is not True
    return last.name in ("connect", "until true") and bool(last.ending)


def _of_compared(wrong: Told, numbered: list[tuple[int, Operation]]) -> Iterator[Behaviour]:
    """The operation that gave the value that was not as expected."""
    if wrong.log.compared is None:
        return
    wanted, found = map(wrong.names.normal, wrong.log.compared)
    for number, one in reversed(numbered):
        if _is_valued(one) and outcome(one, wrong.names) == found:
            yield Behaviour("outcome", number, wanted, found)
        elif one.name == "matching" and _size(found) == len(one.outcome) != _size(wanted):
            label = awaited(one)
            if label:
                yield Behaviour("times", number, _size(wanted), _size(found), (label,))


def _size(value: Any) -> int | None:
    """How many it says that there are; None where it says no such thing."""
    if isinstance(value, int):
        return int(value)
    return len(value) if isinstance(value, list) else None


def _looked_at(wrong: Told, number: int, one: Operation) -> Iterator[Behaviour]:
    words = wrong.row.expected
    if not words or one.ending:
        return
    is_made_at_last = one.arguments.get("op") == "make" and one is wrong.log.operations[-1]
    if _tells_of_the_server(one) or is_made_at_last:  # and should not have been
        yield Behaviour("outcome", number, None, outcome(one, wrong.names), words=words)
    elif one.name == "matching":
        label = awaited(one)
        if label:
            count = len(one.outcome)
            yield Behaviour("times", number, None, count, (label,), words=words)
