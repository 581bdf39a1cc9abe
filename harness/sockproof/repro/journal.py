"""The journal of a case: every operation of the public vocabulary, with its outcome, as data.

While a journal is recorded, the methods named in :mod:`sockproof.repro.vocabulary` note what they
are asked and what comes of it. Of methods that call each other only the outermost is noted.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.iut.outcomes import Event
from sockproof.judge.checks import Crash, Hang, Mismatch

__all__ = ["CRASH", "HANG", "REFUSED", "Journal", "Noted", "Operation", "recording"]

HANG, CRASH, REFUSED = "hang", "crash", "refused"


@dataclass(frozen=True)
class Noted:
    """What is noted of one method.

    ``name`` is the operation's, empty if neither it nor what it calls is to be noted;
    ``arguments`` makes plain data of the object and the arguments of
    a call, and ``outcome`` of the object and the result.
    """

    name: str
    arguments: Callable[..., dict[str, Any]]
    outcome: Callable[[Any, Any], Any]


@dataclass
class Operation:
    """One operation: who does what, and what came of it.

    ``actor`` is the lane of a peer, or empty for the server's side. ``ending`` is empty, or says
    that it hung, crashed the process, or was refused; ``outcome`` is then the text.
    """

    name: str
    actor: str
    arguments: dict[str, Any]
    outcome: Any = None
    ending: str = ""


@dataclass
class Journal:
    """The operations of one case, in order; ``events`` is all that its process told.

    ``compared`` is what a failed comparison was of: what was expected, and what was found.
    """

    operations: list[Operation] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    pid: int = 0
    closed: bool = False
    compared: tuple[Any, Any] | None = None
    _inside: threading.local = field(default_factory=threading.local)

    @contextlib.contextmanager
    def noting(self, operation: Operation) -> Iterator[None]:
        """Note it, with how it ends; whatever it calls meanwhile is not noted."""
        if operation.name:
            self.operations.append(operation)
        self._inside.yes = True
        try:
            yield
        except Mismatch as problem:
            kinds = {Hang: HANG, Crash: CRASH}
            operation.ending = kinds.get(type(problem), REFUSED)
            operation.outcome = problem.actual
            raise
        finally:
            self._inside.yes = False

    def close(self) -> None:
        """Note nothing any more: the test function has ended."""
        self.closed = True

    @property
    def takes(self) -> bool:
        """Whether an operation that begins now is noted."""
        return not self.closed and not getattr(self._inside, "yes", False)


Vocabulary = Mapping[type, Mapping[str, Noted]]


@contextlib.contextmanager
def recording(vocabulary: Vocabulary, current: Callable[[], Journal | None]) -> Iterator[None]:
    """Note the operations of the vocabulary in whatever journal is the current one."""
    originals = [
        (owner, method, owner.__dict__[method], noted)
        for owner, methods in vocabulary.items()
        for method, noted in methods.items()
    ]
    for owner, method, original, noted in originals:
        setattr(owner, method, _noting(original, noted, current))
    try:
        yield
    finally:
        for owner, method, original, _ in originals:
            setattr(owner, method, original)


def _noting(
    original: Callable[..., Any], noted: Noted, current: Callable[[], Journal | None]
) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
        journal = current()
        if journal is None or not journal.takes:
            return original(self, *arguments, **keywords)
        _look(journal, self)
        told = noted.arguments(self, *arguments, **keywords)
        operation = Operation(noted.name, getattr(self, "lane", ""), told)
        with journal.noting(operation):
            result = original(self, *arguments, **keywords)
            operation.outcome = noted.outcome(self, result)
        _look(journal, self)
        return result

    return method


def _look(journal: Journal, owner: Any) -> None:
    """The events are the process's own list, which grows."""
    process = getattr(owner, "process", getattr(owner, "_process", owner))
    if hasattr(process, "events"):
        journal.events, journal.pid = process.events, process.pid or journal.pid
