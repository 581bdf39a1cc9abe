"""A case's process, seen from the harness: commands and their answers, gates, its end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection
from typing import Any

from sockproof.errors import AgentDied, AgentHeld, ChannelError
from sockproof.iut.agent.child import GATES
from sockproof.iut.arrivals import Arrivals
from sockproof.iut.case_log import CaseLog, operation
from sockproof.iut.case_pipes import encoded
from sockproof.iut.channel import Channel
from sockproof.iut.event_words import in_words
from sockproof.iut.ground import found_at
from sockproof.iut.outcomes import Event, Leftovers, Outcome
from sockproof.iut.strays import remove_segments
from sockproof.judge.checks import Mismatch, NotApplicable
from sockproof.timing import PATIENCE_S, case_deadline_s, hang_bound_s, settle_s

__all__ = ["CaseProcess"]

# What its agent does, which looks from outside at the process.
_FOR_AGENT = ("look", "look_around")
# How many may pass an opened gate: more than any case makes.
OPEN_FOR_ALL = 1000


def _order(_process: Any, op: str, **told: Any) -> dict[str, Any]:
    """What is noted of a command: the order as the agent gets it, and of the address of a new
    server what was there before."""
    told.pop("bound_s", None)
    if op == "make":
        told["found"] = found_at(told.get("address"))
    return {"op": op, **told}


def _called(op: str, *, method: str = "", on: str = "", name: str = "", **_: Any) -> str:
    """What a command calls, in words: a method of a server, a function of a module or a socket."""
    if op != "step":
        return method or op
    return f"{on}.{name}()" if on else f"{name}()"


class CaseProcess(Arrivals):
    """The process that one case runs in, which carries out commands. ``log`` is the case's;
    ``absent`` are the documented classes that the module has not. It is killed after
    ``deadline_s``, by default that of a case.

    Raises:
        AgentDied: the warm agent could not start it.
    """

    def __init__(
        self,
        channel: Channel,
        log: CaseLog | None = None,
        absent: Collection[str] = (),
        deadline_s: float | None = None,
    ) -> None:
        super().__init__(channel, log or CaseLog(), deadline_s or case_deadline_s())
        self._absent = absent
        self._gates: dict[str, int] = {}
        self._seq = 0
        self.began_s = time.monotonic()
        # How long an answer may take, where a command does not say; None is the hang bound.
        self.patience_s: float | None = None
        self._leftovers: Leftovers | None = None
        # No waiting for its word: the first command may already be on its way when it starts.
        order = {"number": self._number, "deadline_s": self.deadline_s, **self._way.order}
        channel.send(op="case", **order)

    @property
    def round_trips(self) -> int:
        """How many commands it was asked to carry out so far, each with an answer."""
        return self._seq

    @operation("do", _order)
    def do(self, op: str, *, bound_s: float | None = None, **arguments: Any) -> Outcome:
        """Have one command carried out, and wait for its answer: in the process's main thread,
        unless a method was ever called there without waiting (Server.call_in_main).

        Raises:
            Hang: none came within ``bound_s``, by default the hang bound. NotApplicable: it needs a
                class that the module has not.
        """
        self._seq += 1
        seq = self._seq
        line = encoded({"op": op, "seq": seq, **arguments})
        self._way.lines.allow_answer()
        if op in _FOR_AGENT:
            self._channel.send_line(line)
        else:
            self._way.send(line)
        # Its agent may be later to tell that it has started than it is to answer.
        self._wait(
            lambda: seq in self._answers and self.pid,
            f"{_called(op, **arguments)} returns",
            bound_s or self.patience_s,
        )
        outcome = self._answers.pop(seq)
        if outcome.error is not None and (name := outcome.error.asks_for(self._absent)):
            raise NotApplicable(f"the module has no {name}", name)
        return outcome

    @operation("something", lambda *_: {})
    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Until something that is looked at with every arrival holds; ``what`` says it in words.

        Raises:
            Hang: it did not within the hang bound. Crash: the process ended first.
        """
        self._wait(condition, what)

    @operation("wait")
    def wait_events(
        self, count: int, event: str, /, *, bound_s: float | None = None, **wanted: Any
    ) -> list[Event]:
        """The first ``count`` events of this name and these fields, once they have come, which
        may take as long as the hang bound, or ``bound_s``."""
        found: list[Event] = []

        def enough() -> bool:
            found[:] = self._seen(event, wanted)[:count]
            return len(found) >= count

        self._wait(enough, in_words(event, count, wanted), bound_s)
        return found

    @operation("something", lambda *_: {}, lambda _: None)
    def wait_first(self, what: str, wanted: Callable[[Event], bool]) -> Event:
        """The first event, of whatever kind, that ``wanted`` holds for, once it has come."""
        found: list[Event] = []

        def came() -> bool:
            found[:] = list(filter(wanted, self.events))[:1]
            return bool(found)

        self._wait(came, what)
        return found[0]

    @operation("outlast")
    def outlast(self, event: str, /, **wanted: Any) -> None:
        """Give whoever waits the time to give up, ``PATIENCE_S``, or until an event of this name
        and these fields tells that somebody has.

        Raises:
            Crash: the process ended first.
        """
        self.comes(lambda: self._seen(event, wanted), PATIENCE_S)

    @operation("matching")
    def matching(self, event: str, /, **wanted: Any) -> list[Event]:
        """The events so far of this name and with these fields."""
        self._channel.incoming.take_what_came()
        return self._seen(event, wanted)

    def _seen(self, event: str, wanted: dict[str, Any]) -> list[Event]:
        return [seen for seen in self.events if seen.name == event and seen.matches(wanted)]

    def gate(self, name: str) -> int:
        """The index of the gate of this name; a new one if the name is new.

        Raises:
            ChannelError: a case has more gates than there are.
        """
        index = self._gates.setdefault(name, len(self._gates))
        if index >= GATES:
            raise ChannelError(f"a case may use {GATES} gates", "use fewer names")
        return index

    @operation("open gate")
    def open_gate(self, name: str, count: int = OPEN_FOR_ALL) -> None:
        """Let ``count`` more pass the gate."""
        self._way.open_gate(self.gate(name), count)

    @operation("signal")
    def send_signal(self, name: str) -> None:
        """Have the agent send the process a signal, such as ``SIGINT``, whatever it is at."""
        self._channel.send(op="signal", name=name)

    def open_gates(self) -> None:
        """Let everybody pass everywhere."""
        for name in self._gates:
            self.open_gate(name)

    @operation("stop")
    def stop(self) -> Leftovers:
        """Open the gates, end every loop, close every server, and say what is left behind.

        When it returns nothing of the servers can happen any more. Stops only once.

        Raises:
            Mismatch: stopping raised. Hang: it did not end.
        """
        if self._leftovers is None:
            self._leftovers = self._stopped("stop", hang_bound_s(), settle_s())
        return self._leftovers

    @operation("stop")
    def renew(self, bound_s: float) -> Leftovers:
        """As stop(), and as often as one likes: what is then made finds the process as it was,
        unless something was left behind. ``bound_s`` is how long anything may take to end.

        Raises:
            Mismatch: stopping raised. Hang: it did not end.
        """
        left = self._stopped("renew", bound_s, bound_s)
        self._way.lines.renew()
        return left

    def _stopped(self, op: str, hang_s: float, settle_s: float) -> Leftovers:
        self.open_gates()
        bounds = {"hang_s": hang_s, "settle_s": settle_s}
        outcome = self.do(op, bound_s=hang_s + 2 * settle_s, **bounds)
        if outcome.error is not None:
            raise Mismatch("the servers can be stopped", f"stopping raised {outcome.error}")
        return Leftovers(tuple(outcome.value["leaks"]), outcome.value["zombies"])

    def end(self) -> None:
        """Kill what is left of the process and its children, and wait for the agent's word.

        Raises:
            AgentHeld: it gave none. It is killed, so that the next case gets another one.
            AgentDied: it has ended instead.
        """
        with contextlib.suppress(AgentDied) if self.over else contextlib.nullcontext():
            self._channel.send(op="end")  # also after its end, which somebody else may have told
        if not self.over:
            self._channel.incoming.wait_for(
                lambda: self.over or self._channel.ended, hang_bound_s()
            )
        if self._leftovers and self._channel.hello["reaches_pipes"]:
            remove_segments(self.pid, self._leftovers.leaks)
        self._way.close()
        self._channel.listen(None)
        if not self.over:
            died = self._channel.death() if self._channel.ended else None
            self._channel.kill()
            held = f"the agent did not end the process of the case ({self.pid})"
            raise died or AgentHeld(held)
