"""What is there at one point of a case: requests that are being handled, clients."""

from __future__ import annotations

from collections.abc import Sequence

from sockproof.iut.case_log import Operation

__all__ = ["has_clients", "pauses"]

_SENDING = ("send", "send to", "send within TLS", "offer", "half-close", "close", "reset")
_ASKING = ("connect", "send", "send to", "send within TLS", "offer")
# Each takes a tenth of a second, and a script shall not take long.
_MOST = 12


def pauses(operations: Sequence[Operation], *, side_by_side: bool) -> frozenset[int]:
    """The numbers of the operations before which it does: those that ask something of a server
    which has been given something to do that it does ``side_by_side``, and a call in a thread that
    comes after another. None where that would be too often."""
    found, is_busy, is_called = [], False, False
    for number, one in enumerate(operations):
        is_call = one.name == "do" and one.arguments["op"] == "spawn"
        if (is_busy and one.name in _ASKING) or (is_called and is_call):
            found.append(number)
            is_busy = is_called = False
        is_busy = is_busy or (side_by_side and one.name in _SENDING)
        is_called = is_called or is_call
    return frozenset(found if len(found) <= _MOST else ())


def has_clients(operations: Sequence[Operation]) -> bool:
    """Whether a client is there after these operations."""
    there = set[str]()
    for one in operations:
        if one.name in ("connect", "open"):
            there.add(one.actor)
        elif one.name in ("close", "reset"):
            there.discard(one.actor)
    return bool(there)
