"""What the handlers of a case's servers tell: their phases, and what their steps read and found."""

from __future__ import annotations

from typing import Any

from sockproof.iut.outcomes import Event, RaisedError
from sockproof.iut.process import CaseProcess
from sockproof.iut.values import Fill, octets
from sockproof.judge.checks import Mismatch, same

__all__ = ["HandlerReports"]


class HandlerReports:
    """Waits for the events of handlers, whichever server of the case they belong to."""

    process: CaseProcess

    def expect_handler(self, phase: str, count: int = 1) -> list[Event]:
        """The first ``count`` events of handlers in ``phase`` (setup, handle, finish)."""
        return self.process.wait_events(count, "handler", phase=phase)

    def expect_handled(self, count: int = 1) -> list[Event]:
        """Until the base class's ``finish()`` has ended ``count`` times, which answers datagrams.

        Stopping the server earlier may take its socket away from under a handler's reply.
        """
        return self.process.wait_events(count, "handled")

    def expect_step(self, do: str, count: int = 1, **wanted: Any) -> list[Event]:
        """The first ``count`` events of the handler step ``do``."""
        return self.process.wait_events(count, "step", do=do, **wanted)

    def expect_read(self, do: str, *payloads: bytes | Fill) -> None:
        """The first reading steps ``do`` of handlers gave these payloads, in this order.

        Raises:
            Mismatch: another came, or a step raised. Hang: fewer steps ended.
        """
        __tracebackhide__ = True
        found = [_read_by(event) for event in self.expect_step(do, len(payloads))]
        same([octets(bytes(payload)) for payload in payloads], found, "what is read")

    def expect_report(self, number: int = 1) -> dict[str, Any]:
        """The values that the ``number``-th Report step of the case tells.

        Raises:
            Mismatch: one of its expressions raised. Hang: there was none.
        """
        told = self.expect_step("report", number)[-1].fields
        if "error" in told:
            raised = RaisedError.of(told["error"])
            raise Mismatch("the handler reports what it finds", f"it raised {raised}")
        return dict(told["values"])

    def expect_outcomes(self, number: int = 1) -> list[Any]:
        """What the expressions of the ``number``-th Attempt step of the case gave: values, and
        a :class:`RaisedError` for each that raised. Hang if there was none."""
        told = self.expect_step("attempt", number)[-1].fields["outcomes"]
        return [RaisedError.of(one["error"]) if "error" in one else one["value"] for one in told]

    def expect_step_error(self, do: str) -> RaisedError:
        """What the first step ``do`` of a handler raised.

        Raises:
            Mismatch: it raised nothing. Hang: it did not end.
        """
        event = self.expect_step(do)[0]
        if "error" not in event.fields:
            raise Mismatch(f"{do} raises an exception", f"it gave {_read_by(event)}")
        return RaisedError.of(event.fields["error"])


def _read_by(event: Event) -> Any:
    """What a step read, as :func:`sockproof.iut.values.octets` tells it, or why it did not."""
    if "error" in event.fields:
        return f"raised {RaisedError.of(event.fields['error'])}"
    return event.fields.get("octets")
