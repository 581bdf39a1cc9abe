"""The server under test, seen from the harness: its address, its methods, its events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sockproof.iut.process import CaseProcess, Event, Leftovers, Outcome, RaisedError
from sockproof.judge.checks import Mismatch, check
from sockproof.spec.matrix import ServerSpec
from sockproof.timing import hang_bound_s

__all__ = ["RunningCall", "Server"]

_CHANCES = 50
"""Round trips, each of which leaves the interpreter and a processor to somebody else."""


class RunningCall:
    """A method that runs in a thread of its own in the implementation's process."""

    def __init__(self, process: CaseProcess, method: str, label: str) -> None:
        self._process = process
        self.method = method
        self.label = label

    def wait(self) -> Outcome:
        """How it ended, once it has.

        Raises:
            Hang: it did not within the hang bound.
        """
        event = self._process.wait_events(1, "ended", label=self.label)[0]
        return _outcome(event)

    def expect_return(self) -> Any:
        """The value it returned.

        Raises:
            Mismatch: it raised. Hang: it did not end.
        """
        return _value(self.method, self.wait())

    @property
    def has_ended(self) -> bool:
        """Whether its end has been told so far; ask after a fence."""
        return bool(self._process.matching("ended", label=self.label))


class Server:
    """One server under test. ``address`` is what it says of itself, as the interpreter told it."""

    def __init__(
        self, process: CaseProcess, spec: ServerSpec, handle: int, facts: dict[str, Any]
    ) -> None:
        self.process = process
        self.spec = spec
        self.handle = handle
        self.address = facts["address"]
        self.fileno: int = facts["fileno"]
        self._spawned = 0

    def attempt(self, method: str, *arguments: Any) -> Outcome:
        """Call a method in the process's main thread; an exception is an outcome like any."""
        return self.process.do("call", handle=self.handle, method=method, arguments=list(arguments))

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method in the process's main thread and give its value.

        Raises:
            Mismatch: it raised. Hang: it did not return.
        """
        return _value(method, self.attempt(method, *arguments))

    def spawn(self, method: str, *arguments: Any) -> RunningCall:
        """Start a method in a thread of its own."""
        self._spawned += 1
        label = f"{method}-{self.handle}.{self._spawned}"
        self.process.do(
            "spawn", handle=self.handle, method=method, label=label, arguments=list(arguments)
        )
        return RunningCall(self.process, method, label)

    def evaluate(self, expression: str) -> Any:
        """The value of a Python expression in the process, where ``server``, ``socketserver``,
        ``socket``, ``threading``, ``os`` and ``sys`` are known.

        Raises:
            Mismatch: it raised.
        """
        outcome = self.process.do("evaluate", handle=self.handle, expression=expression)
        return _value(expression, outcome)

    def expect_true(self, expression: str) -> None:
        """Until an expression is true in the process, asked again and again.

        Raises:
            Mismatch: it was not within the hang bound.
        """
        limit_s = time.monotonic() + hang_bound_s()
        while not self.evaluate(expression):
            if time.monotonic() > limit_s:
                raise Mismatch(f"{expression} becomes true", f"not within {hang_bound_s():g} s")

    def expect_thread_ended(self, name: str) -> None:
        """Until the process has no thread of this name.

        Raises:
            Mismatch: it still had one at the hang bound.
        """
        self.expect_true(f"not any(t.name == {name!r} for t in threading.enumerate())")

    def let_others_run(self) -> None:
        """Give every other thread and child ample chance: what then has not happened is held back.

        A right server never fails for it; it makes sure that a wrong one does.
        """
        for _ in range(_CHANCES):
            self.fence()

    def fence(self) -> None:
        """Whatever the process told or printed before this call has arrived when it returns."""
        self.process.do("fence")

    def stop(self) -> Leftovers:
        """Stop every server of the case; nothing can happen any more when it returns."""
        return self.process.stop()

    def expect_handler(self, phase: str, count: int = 1) -> list[Event]:
        """The first ``count`` events of handlers in ``phase`` (setup, handle, finish)."""
        return self.process.wait_events(count, "handler", phase=phase)

    def expect_step(self, do: str, count: int = 1, **wanted: Any) -> list[Event]:
        """The first ``count`` events of the handler step ``do``."""
        return self.process.wait_events(count, "step", do=do, **wanted)

    def expect_at_gate(self, name: str, count: int = 1) -> list[Event]:
        """Until ``count`` have come to the gate, in whatever thread or child."""
        return self.process.wait_events(count, "step", do="gate", name=name, passed=None)

    def open_gate(self, name: str, count: int = 1000) -> None:
        """Let ``count`` pass the gate."""
        self.process.open_gate(name, count)

    def expect_call(self, method: str, count: int = 1) -> list[Event]:
        """The first ``count`` calls of a hooked method."""
        return self.process.wait_events(count, "call", method=method)

    def calls(self) -> list[str]:
        """The hooked methods called so far, in order."""
        return [event.fields["method"] for event in self.process.matching("call")]

    def phases(self) -> list[str]:
        """The phases that handlers came to so far, in order."""
        return [event.fields["phase"] for event in self.process.matching("handler")]

    def expect_calls(self, *methods: str, without: str | Sequence[str] = ()) -> None:
        """The methods were called, in this order; those (or handler phases) in ``without`` never.

        Others may come between. ``without`` stops the servers first: absence is judged when
        nothing more can happen.

        Raises:
            Mismatch: otherwise.
        """
        for method in methods:
            self.expect_call(method)
        seen = self.calls()
        in_order = [name for name in seen if name in methods][: len(methods)]
        check(in_order == list(methods), expected=f"calls {list(methods)} in order", actual=seen)
        if without:
            self.stop()
        unwanted = {without} if isinstance(without, str) else set(without)
        found = [name for name in seen + self.phases() if name in unwanted]
        check(not found, expected=f"no {', '.join(sorted(unwanted))}", actual=found)


def _outcome(event: Event) -> Outcome:
    if "error" in event.fields:
        return Outcome(error=RaisedError.of(event.fields["error"]))
    return Outcome(event.fields.get("value"))


def _value(what: str, outcome: Outcome) -> Any:
    if outcome.error is not None:
        raise Mismatch(f"{what} returns", f"it raised {outcome.error}")
    return outcome.value
