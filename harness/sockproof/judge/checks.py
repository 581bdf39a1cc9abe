"""How a case says what it found: exceptions that become verdicts, and checks that raise them.

==================  ==================================================================
raised in a case    verdict
==================  ==================================================================
nothing             PASS
Mismatch            FAIL, with what was expected and what was seen
AssertionError      FAIL
Inconclusive        INCONCLUSIVE
NotApplicable       NOT_APPLICABLE
anything else       ERROR: the harness's own fault
==================  ==================================================================
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Mapping
from typing import Any, TypeGuard

from sockproof.judge.verdict import Verdict

__all__ = [
    "Crash",
    "Hang",
    "Inconclusive",
    "Mismatch",
    "NotApplicable",
    "check",
    "same",
    "verdict_of",
]


class Mismatch(AssertionError):
    """The implementation did something else than the requirement says.

    ``values`` are the two that were compared, expected and actual, where two values were.
    """

    values: tuple[Any, Any] | None = None

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"expected {expected}; actual {actual}")
        self.expected = expected
        self.actual = actual


class Hang(Mismatch):
    """Nothing happened within the hang bound. ``stacks`` shows where the threads stood."""

    def __init__(self, expected: str, actual: str, stacks: str = "") -> None:
        super().__init__(expected, actual)
        self.stacks = stacks


class Crash(Mismatch):
    """The process of the implementation ended while the case still needed it."""


class Inconclusive(Exception):
    """The stimulus or the observation could not be carried out; nothing is known."""


class NotApplicable(Exception):
    """The case needs a capability that is absent, or the requirement is of another Python level.

    ``lacks`` names the capability, or the class that the module has not, if that is why.
    """

    def __init__(self, reason: str, lacks: str = "") -> None:
        super().__init__(reason)
        self.lacks = lacks


def check(condition: object, *, expected: str, actual: object) -> None:
    """Fail unless ``condition`` holds, in words that a stranger understands.

    Raises:
        Mismatch: it does not hold.
    """
    __tracebackhide__ = True
    if not condition:
        raise Mismatch(expected, actual if isinstance(actual, str) else show(actual))


def same(expected: Any, actual: Any, what: str) -> None:
    """Fail unless ``actual`` equals ``expected``; ``what`` names the thing compared.

    Raises:
        Mismatch: they differ.
    """
    __tracebackhide__ = True
    if expected != actual:
        due, seen = _shown_apart(expected, actual)
        mismatch = Mismatch(f"{what}: {due}", f"{what}: {seen}")
        mismatch.values = (expected, actual)
        raise mismatch


def _shown_apart(expected: Any, actual: Any) -> tuple[str, str]:
    """Both as an error line shows them; from where they differ on, if they look alike there."""
    shown = show(expected), show(actual)
    kind, many = _PARTS.get(type(expected), ("", 0))
    if not kind or type(actual) is not type(expected) or shown[0][:_READ] != shown[1][:_READ]:
        return shown
    lengths = range(1, min(len(expected), len(actual)) + 1)
    at = bisect.bisect_left(lengths, True, key=lambda length: expected[:length] != actual[:length])
    told = f"{{}} {kind}s, from {kind} {at} on {{}}"
    due, seen = (told.format(len(one), repr(one[at : at + many])) for one in (expected, actual))
    return due, seen


# What a long value consists of, and how many of them are shown.
_PARTS: Mapping[type, tuple[str, int]] = {
    bytes: ("octet", 32),
    str: ("character", 64),
    list: ("item", 3),
    tuple: ("item", 3),
}
# As many characters of a line are read before one would rather be told where to look.
_READ = 120


def show(value: object) -> str:
    """A value as an error line shows it: long payloads by their length and both ends, also those
    of which only that is known (see :func:`sockproof.iut.values.octets`)."""
    if _is_payload(value):
        return _payload(value)
    if isinstance(value, list) and value and all(map(_is_payload, value)):
        return ", ".join(map(_payload, value[:20])) + (", …" if len(value) > 20 else "")
    if isinstance(value, bytes | bytearray) and len(value) > 80:
        return f"{len(value)} octets, {bytes(value[:32])!r}…{bytes(value[-16:])!r}"
    if isinstance(value, Collection) and not isinstance(value, str | bytes) and len(value) > 20:
        return f"{len(value)} items, {repr(value)[:200]}…"
    return repr(value)


def _is_payload(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict) and {"length", "text"} <= value.keys() <= _PAYLOAD


_PAYLOAD = {"length", "text", "sha256"}


def _payload(told: Mapping[str, Any]) -> str:
    """Of a long one its length, its begin and what tells it from others that begin alike."""
    kept = told["text"].encode("latin-1", "replace")
    if "sha256" not in told:
        return show(kept)
    return f"{told['length']} octets, {kept[:32]!r}… (SHA-256 {told['sha256'][:8]}…)"


def verdict_of(problem: BaseException | None, trace: str) -> tuple[Verdict, dict[str, str]]:
    """The verdict that what a case raised stands for, and the texts that explain it."""
    match problem:
        case None:
            return Verdict.PASS, {}
        case Mismatch(expected=expected, actual=actual):
            return Verdict.FAIL, {"expected": expected, "actual": actual}
        case AssertionError():
            return Verdict.FAIL, {"expected": "the assertion holds", "actual": str(problem)}
        case Inconclusive():
            return Verdict.INCONCLUSIVE, {"reason": str(problem)}
        case NotApplicable(lacks=lacks):
            return Verdict.NOT_APPLICABLE, {"reason": str(problem), "lacks": lacks}
        case _:
            name = type(problem).__name__
            return Verdict.ERROR, {"reason": f"{name}: {problem}\n{trace}".strip()}
