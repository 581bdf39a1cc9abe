"""A case's process, seen from the harness: commands and answers, events, gates, its end."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from sockproof.errors import AgentDied, ChannelError
from sockproof.iut.channel import Channel, Message
from sockproof.iut.outcomes import Event, Leftovers, Outcome, RaisedError
from sockproof.iut.values import decode
from sockproof.judge.checks import Crash, Hang, Mismatch
from sockproof.timing import case_deadline_s, hang_bound_s, settle_s

__all__ = ["CaseProcess"]

GATES = 8
OPEN_FOR_ALL = 1000
"""How many may pass an opened gate: more than any case makes."""
AGENT_FAILED = 70
"""The exit status when our own part of the process met an error, such as a descriptor of ours that
the implementation has closed; its traceback is the last that was printed."""
_QUIET_S = 0.25


class CaseProcess:
    """The process that one case runs in. Everything that arrives is kept, in its order.

    ``pid`` is 0 until the agent has told it, before anything else of the process.

    Raises:
        AgentDied: the warm agent could not start it.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._answers: dict[int, Message] = {}
        self._parts: dict[int, str] = {}
        self._gates: dict[str, int] = {}
        self._seq = 0
        self.pid = 0
        self.began_s = time.monotonic()
        self.events: list[Event] = []
        self.output = {"stdout": "", "stderr": ""}
        self.garbage: list[str] = []
        self.over: Message | None = None
        self._leftovers: Leftovers | None = None
        channel.listen(self._take)
        # No waiting for its word: the first command may already be on its way when it starts.
        channel.send(op="case", deadline_s=case_deadline_s())

    def _take(self, message: Message) -> None:
        """Called by the channel's thread, with its condition held, which nothing may end."""
        try:
            self._sort(message)
        except (KeyError, TypeError, ValueError, AttributeError):  # valid JSON, and none of ours
            self.garbage.append(str(message)[:200])

    def _sort(self, message: Message) -> None:
        if "e" in message:
            self.events.append(self._event(message))
            return
        kind = message["r"]
        if kind in ("stdout", "stderr"):
            self.output[kind] += message["text"]
        elif kind == "started":
            self.pid = message["pid"]
        elif kind == "over":
            self.over = message
        elif kind == "part":
            self._parts[message["seq"]] = self._parts.get(message["seq"], "") + message["text"]
        elif kind in ("done", "raised"):
            self._answers[message["seq"]] = message
        else:
            self.garbage.append(str(message.get("text", message)))

    def _event(self, message: Message) -> Event:
        fields = {key: decode(v) for key, v in message.items() if key not in ("e", "t", "p", "th")}
        at_s = message["t"] + self._channel.offset_s
        return Event(message["e"], at_s, message["p"], message["th"], fields)

    def _wait(
        self, condition: Callable[[], object], what: str, bound_s: float | None = None
    ) -> None:
        """Until ``condition`` holds.

        Raises:
            Hang: it did not within the hang bound. Crash: the process ended first.
            AgentDied: the agent did. ChannelError: something else wrote to the channel.
        """
        changed = self._channel.changed
        with changed:
            changed.wait_for(
                lambda: condition() or self.over or self.garbage or self._channel.ended,
                bound_s or hang_bound_s(),
            )
            if condition():
                return
        self._raise_why(what, bound_s or hang_bound_s())

    def _raise_why(self, what: str, bound_s: float) -> None:
        if self.garbage:
            raise Crash(
                "the implementation writes to descriptors of its own only",
                f"it wrote to the control channel: {self.garbage[0][:80]!r}",
            )
        if self.over:
            raise Crash(what, self.ending())
        if self._channel.ended:
            raise self._channel.death()
        raise Hang(what, f"nothing for {bound_s:g} s", self.stacks())

    def ending(self) -> str:
        """How the process ended, in words."""
        assert self.over is not None
        status = self.over["status"]
        if self.over["why"] == "deadline":
            return f"the case took more than {case_deadline_s():g} s and was killed"
        if os.WIFSIGNALED(status):
            return f"the process was killed by {signal.Signals(os.WTERMSIG(status)).name}"
        number = os.WEXITSTATUS(status)
        lines = self.output["stderr"].strip().splitlines()[-1:] if number == AGENT_FAILED else []
        return ": ".join([f"the process ended with exit status {number}", *lines])

    def stacks(self) -> str:
        """Where every thread stands now, as far as the interpreter can tell; may be empty."""
        before = len(self.output["stderr"])
        self._channel.send(op="stacks")
        changed = self._channel.changed
        with changed:
            changed.wait_for(lambda: "File " in self.output["stderr"][before:] or self.over, 1.0)
            while not self.over and self._prints_more():  # PyPy writes them word by word
                pass
        return self.output["stderr"][before:]

    def _prints_more(self) -> bool:
        """Whether something comes on stderr before it has been quiet for a while."""
        length = len(self.output["stderr"])
        changed = self._channel.changed
        return changed.wait_for(lambda: len(self.output["stderr"]) > length, _QUIET_S)

    def do(self, op: str, *, bound_s: float | None = None, **arguments: Any) -> Outcome:
        """Have one command carried out, and wait for its answer: in the process's main thread,
        unless a method was ever called there without waiting (Server.call_in_main).

        Raises:
            Hang: none came within ``bound_s``, by default the hang bound.
        """
        self._seq += 1
        seq = self._seq
        self._channel.send(op=op, seq=seq, **arguments)
        what = arguments.get("method") or op
        self._wait(lambda: seq in self._answers, f"{what} returns", bound_s)
        answer = self._answers.pop(seq)
        value = json.loads(self._parts.pop(seq)) if answer.get("parts") else answer["value"]
        if answer["r"] == "raised":
            return Outcome(error=RaisedError.of(value))
        return Outcome(decode(value))

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Until something that is looked at with every arrival holds; ``what`` says it in words.

        Raises:
            Hang: it did not within the hang bound. Crash: the process ended first.
        """
        self._wait(condition, what)

    def comes(self, condition: Callable[[], object], bound_s: float) -> bool:
        """Whether something that is looked at with every arrival comes to hold within the bound.

        Raises:
            Crash: the process ended first.
        """
        changed = self._channel.changed
        with changed:
            changed.wait_for(
                lambda: condition() or self.over or self.garbage or self._channel.ended, bound_s
            )
            if condition():
                return True
        if self.over or self.garbage or self._channel.ended:
            self._raise_why("the process goes on", bound_s)
        return False

    def wait_events(
        self, count: int, event: str, /, *, bound_s: float | None = None, **wanted: Any
    ) -> list[Event]:
        """The first ``count`` events of this name and these fields, once they have come, which
        may take as long as the hang bound, or ``bound_s``."""
        found: list[Event] = []

        def enough() -> bool:
            found[:] = self.matching(event, **wanted)[:count]
            return len(found) >= count

        described = " ".join(str(value) for value in wanted.values() if value is not None)
        self._wait(enough, f"{count} × {event} {described}".rstrip(), bound_s)
        return found

    def wait_first(self, what: str, wanted: Callable[[Event], bool]) -> Event:
        """The first event, of whatever kind, that ``wanted`` holds for, once it has come."""
        found: list[Event] = []

        def came() -> bool:
            found[:] = list(filter(wanted, self.events))[:1]
            return bool(found)

        self._wait(came, what)
        return found[0]

    def matching(self, event: str, /, **wanted: Any) -> list[Event]:
        """The events so far of this name and with these fields."""
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

    def open_gate(self, name: str, count: int = OPEN_FOR_ALL) -> None:
        """Let ``count`` more pass the gate."""
        self._channel.send(op="gate", index=self.gate(name), count=count)

    def send_signal(self, name: str) -> None:
        """Have the agent send the process a signal, such as ``SIGINT``, whatever it is at."""
        self._channel.send(op="signal", name=name)

    def open_gates(self) -> None:
        """Let everybody pass everywhere."""
        for name in self._gates:
            self.open_gate(name)

    def stop(self) -> Leftovers:
        """Open the gates, end every loop, close every server, and say what is left behind.

        When it returns nothing of the servers can happen any more. Stops only once.

        Raises:
            Mismatch: stopping raised. Hang: it did not end.
        """
        if self._leftovers is None:
            self._leftovers = self._stopped("stop", hang_bound_s(), settle_s())
        return self._leftovers

    def renew(self, bound_s: float) -> Leftovers:
        """As stop(), and as often as one likes: what is then made finds the process as it was,
        unless something was left behind. ``bound_s`` is how long anything may take to end.

        Raises:
            Mismatch: stopping raised. Hang: it did not end.
        """
        return self._stopped("renew", bound_s, bound_s)

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
            AgentDied: it gave none. It is killed, so that the next case gets another one.
        """
        changed = self._channel.changed
        if not self.over:
            self._channel.send(op="end")
            with changed:
                changed.wait_for(lambda: self.over or self._channel.ended, hang_bound_s())
        self._channel.listen(None)
        if not self.over:
            self._channel.kill()
            raise AgentDied(f"the agent did not end the process of the case ({self.pid})")
