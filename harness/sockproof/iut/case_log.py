"""The log of one case: what the case does, what its peers do and see, and what its process tells.

A method of the public vocabulary says of itself that it is an operation, by :func:`operation`
above its definition. Of operations that call each other only the outermost is noted.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from sockproof.iut.outcomes import Event
from sockproof.iut.values import octets
from sockproof.judge.checks import Crash, Hang, Mismatch

__all__ = ["CRASH", "HANG", "REFUSED", "UNNOTED", "CaseLog", "Entry", "Operation", "operation"]

HANG, CRASH, REFUSED = "hang", "crash", "refused"
UNNOTED = "unnoted: "
KEPT_OCTETS = 1 << 16
_ENDINGS: dict[type[Mismatch], str] = {Hang: HANG, Crash: CRASH}

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Entry:
    """What a peer did or saw: when (seconds of this machine's monotonic clock), in which lane.

    ``payload`` is what :func:`sockproof.iut.values.octets` tells, or None.
    """

    at_s: float
    lane: str
    what: str
    payload: dict[str, Any] | None = None
    note: str = ""
    error: str = ""


@dataclass
class Operation:
    """One operation of the case: who does what, and what came of it.

    ``actor`` is the lane of a peer, or empty for the server's side. ``arguments`` are those of the
    method by their names, without how long it may take; ``outcome`` is what it returned. ``ending``
    is empty, or says that it hung, crashed the process, or was refused; ``outcome`` is then the
    text.
    """

    name: str
    actor: str
    arguments: dict[str, Any]
    outcome: Any = None
    ending: str = ""


@dataclass
class CaseLog:
    """All of it, each kind in its order. ``pid`` is that of the case's process, 0 until it is told.

    ``compared`` is what a failed comparison was of: what was expected, and what was found. What
    clears up once it is ``closed`` is no operation of the case. ``fate`` is how the case's process
    ended, where it did before it was told to. ``datagram_addresses`` are those
    that peers have had from the kernel.
    """

    start_s: float = field(default_factory=time.monotonic)
    pid: int = 0
    operations: list[Operation] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    compared: tuple[Any, Any] | None = None
    closed: bool = False
    fate: str = ""
    datagram_addresses: set[Any] = field(default_factory=set)
    _inside: set[int] = field(default_factory=set)

    def note(
        self,
        lane: str,
        what: str,
        data: bytes | None = None,
        note: str = "",
        error: str = "",
        *,
        is_whole: bool = False,
    ) -> None:
        """Add an entry that happened now. One of no operation stands for an operation by itself,
        so that nobody takes the operations for all that happened. What ``is_whole`` is kept, up to
        64 KiB; of other data the beginning is."""
        payload = None if data is None else octets(data, KEPT_OCTETS if is_whole else None)
        self.entries.append(Entry(time.monotonic(), lane, what, payload, note, error))
        if self.takes_operations:
            self.operations.append(Operation(f"{UNNOTED}{what}", lane, {}))

    @property
    def takes_operations(self) -> bool:
        """Whether an operation of this thread that begins now is noted."""
        return not self.closed and threading.get_ident() not in self._inside

    @contextlib.contextmanager
    def within_one(self) -> Iterator[None]:
        """What this thread does meanwhile is part of one operation, and none by itself."""
        self._inside.add(threading.get_ident())
        try:
            yield
        finally:
            self.end()

    def begin(self, made: Operation) -> None:
        """Add an operation: what this thread does from now on is part of it."""
        self.operations.append(made)
        self._inside.add(threading.get_ident())

    def end(self) -> None:
        """This thread's operation has ended."""
        self._inside.discard(threading.get_ident())

    def begin_anew(self) -> None:
        """Forget what happened."""
        self.start_s = time.monotonic()
        for happened in (self.operations, self.entries, self.events):
            happened.clear()


def operation(
    name: str,
    arguments: Callable[..., dict[str, Any]] | None = None,
    outcome: Callable[[Any], Any] | None = None,
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """The method is an operation of this name, noted in the ``log`` of its object.

    ``arguments`` takes what the method takes, and gives what is noted of it; by default that is
    all, by name. ``outcome`` takes the object, and gives what is noted of the end; by default that
    is what the method returns, if it is not the object itself.
    """

    def decorate(method: Callable[_P, _R]) -> Callable[_P, _R]:
        described = arguments or _by_name(method)

        @functools.wraps(method)
        def noted(*given: _P.args, **keywords: _P.kwargs) -> _R:
            __tracebackhide__ = True
            owner: Any = given[0]
            log: CaseLog = owner.log
            if not log.takes_operations:
                return method(*given, **keywords)
            made = Operation(name, getattr(owner, "lane", ""), described(*given, **keywords))
            with _during(log, made):
                result = method(*given, **keywords)
                if outcome is not None:
                    made.outcome = outcome(owner)
                elif result is not owner:
                    made.outcome = result
                return result

        noted.__dict__["operation"] = name
        return noted

    return decorate


@contextlib.contextmanager
def _during(log: CaseLog, made: Operation) -> Iterator[None]:
    """While the operation lasts; what it is refused with is how it ends."""
    __tracebackhide__ = True
    log.begin(made)
    try:
        yield
    except Mismatch as problem:
        made.ending = _ENDINGS.get(type(problem), REFUSED)
        made.outcome = problem.actual
        raise
    finally:
        log.end()


def _by_name(method: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """The arguments of a call by name, what keywords are left in one; a bound is not told."""
    parameters = list(inspect.signature(method).parameters.values())[1:]
    rest = next((one.name for one in parameters if one.kind is one.VAR_KEYWORD), "")
    names = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    defaults = {one.name: one.default for one in parameters if one.default is not one.empty}

    def described(_owner: Any, *given: Any, **keywords: Any) -> dict[str, Any]:
        told = {**defaults, **dict(zip(names, given, strict=False))}
        if rest:
            told[rest] = {name: keywords.pop(name) for name in [*keywords] if name not in defaults}
        told.update(keywords)
        told.pop("bound_s", None)
        return told

    return described
