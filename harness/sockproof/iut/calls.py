"""Calls of the server's methods: those that run in a thread of their own, and how calls end."""

from __future__ import annotations

import time
from typing import Any

from sockproof.errors import HarnessError
from sockproof.iut.case_log import operation
from sockproof.iut.outcomes import Event, Outcome, RaisedError
from sockproof.iut.process import CaseProcess
from sockproof.iut.waiting import LOOK_EVERY_S, UNKNOWN, Look, waits
from sockproof.judge.checks import Inconclusive, Mismatch
from sockproof.timing import hang_bound_s

__all__ = ["RunningCall", "outcome_of", "value_of"]


def _which(call: RunningCall) -> dict[str, Any]:
    return {"label": call.label}


def _race(call: RunningCall, event: str, count: int = 1, /, **wanted: Any) -> dict[str, Any]:
    return {"label": call.label, "count": count, "event": event, "wanted": wanted}


class RunningCall:
    """A method that runs in a thread of its own in the implementation's process, or in the main
    thread there while other commands are carried out. ``handle`` is of a server; None of what plain
    sockets do."""

    def __init__(self, process: CaseProcess, handle: int | None, method: str, label: str) -> None:
        self._process = process
        self.log = process.log
        self.method = method
        self.label = label
        self._handle = handle
        self._task: int | None = None

    def wait(self) -> Outcome:
        """How it ended, once it has.

        Raises:
            Hang: it did not within the hang bound.
        """
        event = self._process.wait_events(1, "ended", label=self.label)[0]
        return outcome_of(event)

    def expect_return(self) -> Any:
        """The value it returned.

        Raises:
            Mismatch: it raised. Hang: it did not end.
        """
        return value_of(self.method, self.wait())

    @property
    def has_ended(self) -> bool:
        """Whether its end has been told so far; ask after a fence."""
        return bool(self._process.matching("ended", label=self.label))

    def expect_held(self, handlers: int) -> None:
        """It has not ended so far, while so many handlers are at work; ask after a fence.

        Raises:
            Mismatch: it has.
        """
        __tracebackhide__ = True
        if self.has_ended:
            who = f"{handlers} handlers are" if handlers > 1 else "a handler is"
            wanted = f"{self.method}() waits while {who} at work"
            raise Mismatch(wanted, "it returned before they were done")

    @operation("ends before", _race)
    def ends_before(self, event: str, count: int = 1, /, **wanted: Any) -> bool:
        """Whether it ended before so many events of this name and these fields had come.

        Raises:
            Hang: neither happened within the hang bound.
        """

        def came() -> bool:
            return len(self._process.matching(event, **wanted)) >= count

        self._process.wait_until(
            lambda: self.has_ended or came(), f"{self.method}() ends or goes on"
        )
        ends = self._process.matching("ended", label=self.label)
        events = self._process.events  # which may have grown since: the order of these decides
        before = events[: events.index(ends[0])] if ends else []
        return bool(ends) and sum(e.name == event and e.matches(wanted) for e in before) < count

    @operation("comes to wait", _which)
    def comes_to_wait(self) -> bool:
        """Whether it comes to wait for something, rather than to an end.

        The system says so of its thread, so whatever it does first has been done.

        Raises:
            Inconclusive: its thread is to be seen at neither within the hang bound.
        """
        limit_s = time.monotonic() + hang_bound_s()
        looks: list[Look] = []
        while not self.has_ended:
            looks += self._look()
            if looks and waits(looks):
                return not self.has_ended  # a green one, meanwhile: its thread sleeps all the same
            if time.monotonic() > limit_s:
                seen = looks[-1] if looks else "it has not begun"
                raise Inconclusive(f"{self.method}() is not seen to wait: {seen}")
            self._process.comes(lambda: self.has_ended, LOOK_EVERY_S)
        return False

    def _look(self) -> list[Look]:
        """What its thread is at; nothing while it has not begun, or has just ended."""
        if self._task is None:
            told = self._process.do("task", handle=self._handle, label=self.label)
            self._task = told.value
        if self._task is None:
            return []
        seen = (
            self._process.do("look", bound_s=2 * hang_bound_s(), task=self._task).value
            if self._task > 0
            else UNKNOWN
        )
        if seen == UNKNOWN:
            return self._look_at_frames()
        return [Look.of(seen)] if seen else []

    def _look_at_frames(self) -> list[Look]:
        """Where the system does not tell: it waits if it calls something. None if it is green."""
        stack = self._process.do("stack", handle=self._handle, label=self.label).value
        return [Look("call")] if stack is None or self.method in stack[1:] else []


def outcome_of(event: Event) -> Outcome:
    """What the event of a call's end tells."""
    if "error" in event.fields:
        return Outcome(error=RaisedError.of(event.fields["error"]))
    return Outcome(event.fields.get("value"))


def value_of(what: str, outcome: Outcome) -> Any:
    """The value of what was to return.

    Raises:
        Mismatch: it raised. HarnessError: the case's own source is at fault.
    """
    if outcome.error is not None and outcome.error.is_of_the_case:
        raise HarnessError(f"the case's own source is at fault: {outcome.error}")
    if outcome.error is not None:
        raise Mismatch(f"{what} returns", f"it raised {outcome.error}")
    return outcome.value
