"""The server under test, seen from the harness: its address, its methods, its events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sockproof.iut.calls import RunningCall, value_of
from sockproof.iut.case_log import operation
from sockproof.iut.handler_reports import HandlerReports
from sockproof.iut.outcomes import Event, Leftovers, Outcome, RaisedError
from sockproof.iut.process import CaseProcess
from sockproof.iut.waiting import let_others_run
from sockproof.judge.checks import Inconclusive, Mismatch, check
from sockproof.spec.matrix import ServerSpec
from sockproof.timing import hang_bound_s

__all__ = ["Server"]


class Server(HandlerReports):
    """One server under test. ``address`` is what it says of itself, as the interpreter told it."""

    def __init__(
        self, process: CaseProcess, spec: ServerSpec, handle: int, facts: dict[str, Any]
    ) -> None:
        self.process = process
        self.log = process.log
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
        return value_of(method, self.attempt(method, *arguments))

    def spawn(self, method: str, *arguments: Any, **keywords: Any) -> RunningCall:
        """Start a method in a thread of its own."""
        return self._start("spawn", method, arguments, keywords)

    def call_in_main(self, method: str, *arguments: Any, **keywords: Any) -> RunningCall:
        """Start a method in the process's main thread, where signals are handled.

        All that is asked of the process from now on is done in another thread, so install signal
        handlers before.
        """
        return self._start("call_in_main", method, arguments, keywords)

    def _start(
        self, op: str, method: str, arguments: Sequence[Any], keywords: dict[str, Any]
    ) -> RunningCall:
        self._spawned += 1
        label = f"{method}-{self.handle}.{self._spawned}"
        order: dict[str, Any] = {
            "handle": self.handle,
            "method": method,
            "label": label,
            "keywords": keywords,
        }
        self.process.do(op, arguments=list(arguments), **order)
        return RunningCall(self.process, self.handle, method, label)

    def ask_address(self) -> Any:
        """Ask for ``server_address`` anew, when the server has been bound by hand; peers connect
        to it from then on.

        Raises:
            Mismatch: it raised.
        """
        self.address = self.evaluate("server.server_address")
        return self.address

    def evaluate(self, expression: str) -> Any:
        """The value of a Python expression in the process, where ``server``, ``handler_class``
        (what its constructor was given), ``socketserver``, ``own_name`` (what the module calls a
        class of socketserver), ``native`` (``native("poll")`` is what the interpreter's own module
        select has of this name, also where a runtime has patched it), ``socket``, ``threading``,
        ``os`` and ``sys`` are known.

        Raises:
            Mismatch: it raised.
        """
        outcome = self.process.do("evaluate", handle=self.handle, expression=expression)
        return value_of(expression, outcome)

    @operation("until true")
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

    @operation("let others run")
    def let_others_run(self) -> None:
        """Until every other thread and child sleeps, or has had ample chance to: what then has not
        happened is held back, and what has is told.

        A right server never fails for it; it makes sure that a wrong one does.
        """
        let_others_run(self.process)

    @operation("fall asleep")
    def falls_asleep(self) -> bool:
        """Whether every thread of its process and of its children comes to sleep, and so takes no
        processor time until something happens. One that polls sleeps in between.

        Raises:
            Inconclusive: the system does not tell what threads are at.
        """
        sleep = let_others_run(self.process)
        if sleep is None:
            raise Inconclusive("the system does not tell whether threads sleep")
        return sleep

    def execute(self, source: str) -> None:
        """Run source text in the process, where the names of :meth:`evaluate` are known; what it
        assigns is known to later expressions.

        Raises:
            Mismatch: it raised.
        """
        outcome = self.process.do("execute", handle=self.handle, source=source)
        value_of("the case's source text", outcome)

    def fence(self) -> None:
        """Whatever the process told or printed before this call has arrived when it returns."""
        self.process.do("fence")
        self.process.do("fence")  # the first answer may overtake what was printed just before it

    def stop(self) -> Leftovers:
        """Stop every server of the case; nothing can happen any more when it returns."""
        return self.process.stop()

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

    def errors_handled(self) -> list[RaisedError]:
        """The exceptions that handle_error() was called for so far, where it is hooked."""
        called = self.process.matching("call", method="handle_error")
        return [RaisedError.of(call.fields["error"]) for call in called if "error" in call.fields]

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
        found = [name for name in self.calls() + self.phases() if name in unwanted]
        check(not found, expected=f"no {', '.join(sorted(unwanted))}", actual=found)
