"""What arrives from a case's process: events, answers, output, its end; and waiting for it."""

from __future__ import annotations

import os
from collections.abc import Callable

from sockproof.errors import IutUnavailable
from sockproof.iut.case_log import CaseLog
from sockproof.iut.case_pipes import encoded
from sockproof.iut.channel import Channel
from sockproof.iut.greeting import ending_in_words
from sockproof.iut.message_lines import Message, value_of_line
from sockproof.iut.outcomes import Event, Outcome, RaisedError
from sockproof.iut.values import decode
from sockproof.judge.checks import Crash, Hang
from sockproof.timing import hang_bound_s

__all__ = ["Arrivals"]

# The exit status when our own part of the process met an error, such as a descriptor of ours that
# the implementation has closed; its traceback is the last that was printed.
AGENT_FAILED = 70
_QUIET_S = 0.25
# The number of a command that no case gives, and how long its answer may take: it is put together
# beside a thread that may never give up the interpreter's lock but for a moment.
_STACKS, _GREEN_STACKS_S = 0, 5.0
# Characters of each stream; past them only how many there were is kept.
_OUTPUT_KEPT = 65536
# How much is kept of what is none of ours.
_GARBAGE_KEPT = 10

# What is told of each event; the rest are its own fields.
_OF_EACH = ("e", "t", "p", "th", "case")


class Arrivals:
    """Listens to the process that one case runs in. Everything is kept, in its order; events go
    into the ``log`` of the case. The process is killed after ``deadline_s``."""

    def __init__(self, channel: Channel, log: CaseLog, deadline_s: float) -> None:
        self._channel = channel
        self.deadline_s = deadline_s
        self._answers: dict[int, Outcome] = {}
        self._parts: dict[int, str] = {}
        self.log = log
        self.events = log.events
        self.output = {"stdout": "", "stderr": ""}
        self.dropped_octets = {"stdout": 0, "stderr": 0}
        self.garbage: list[str] = []
        self.over: Message | None = None
        self._number = channel.new_number()
        channel.listen(self._take)
        self._way = channel.way_to_case(self._take)

    @property
    def pid(self) -> int:
        """That of the process: 0 until the agent has told it, before anything else of it."""
        return self.log.pid

    def _take(self, message: Message) -> None:
        """Called by whoever reads, whom nothing may end."""
        try:
            self._sort(message)
        except Exception:  # valid JSON, and none of ours
            self._drop(str(message)[:200])

    def _drop(self, garbage: str) -> None:
        if len(self.garbage) < _GARBAGE_KEPT:
            self.garbage.append(garbage)

    def _sort(self, message: Message) -> None:
        if message.get("case", self._number) != self._number:  # of a process that we know as ended
            return
        if "e" in message:
            self.events.append(self._event(message))
            return
        kind = message["r"]
        if kind in ("stdout", "stderr"):
            self._print(kind, message["text"])
        elif kind == "started":
            self.log.pid = message["pid"]
            self._way.started()
        elif kind in ("over", "unstarted"):
            self._way.ended()
            self.over = message
        elif kind == "part":
            self._parts[message["seq"]] = self._parts.get(message["seq"], "") + message["text"]
        elif kind in ("done", "raised"):
            self._answers[message["seq"]] = self._answer(message)
        else:
            self._drop(str(message.get("text", message))[:200])

    def _answer(self, message: Message) -> Outcome:
        """The answer to a command, whose parts have come before it if it is long."""
        parts = self._parts.pop(message["seq"], "")
        value = value_of_line(parts.encode("utf-8")) if message.get("parts") else message["value"]
        if message["r"] == "raised":
            return Outcome(error=RaisedError.of(value))
        return Outcome(decode(value))

    def _print(self, stream: str, text: str) -> None:
        kept = text[: _OUTPUT_KEPT - len(self.output[stream])]
        self.output[stream] += kept
        self.dropped_octets[stream] += len(text) - len(kept)

    def _event(self, message: Message) -> Event:
        fields = {key: decode(v) for key, v in message.items() if key not in _OF_EACH}
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
        self._channel.incoming.wait_for(
            lambda: condition() or self.over or self.garbage or self._channel.ended,
            bound_s or hang_bound_s(),
        )
        if not condition() or self.garbage:
            self._raise_why(what, bound_s or hang_bound_s())

    def _raise_why(self, what: str, bound_s: float) -> None:
        if self.garbage:
            raise Crash(
                "the implementation writes to descriptors of its own only",
                f"it wrote to the control channel: {self.garbage[0][:80]!r}",
            )
        if self.over and self.over["r"] == "unstarted":
            raise IutUnavailable(
                f"{self._channel.implementation.given}: no process can be started for a case: "
                f"{self.over['text']}",
                "raise its limits on processes (ulimit -u) and open files (ulimit -n)",
            )
        if self.over:
            raise Crash(what, self.ending())
        if self._channel.ended:
            raise self._channel.death()
        raise Hang(what, f"nothing for {bound_s:g} s", self.stacks())

    def ending(self) -> str:
        """How the process ended, in words."""
        assert self.over is not None
        if self.over["r"] == "unstarted":
            return f"it could not be started: {self.over['text']}"
        status = self.over["status"] & 0xFFFF  # of waitpid(), or of whoever forges one
        if self.over["why"] == "deadline":
            return f"the case took more than {self.deadline_s:g} s and was killed"
        if os.WIFSIGNALED(status):
            return f"the process {ending_in_words(-os.WTERMSIG(status))}"
        number = os.WEXITSTATUS(status)
        lines = self.output["stderr"].strip().splitlines()[-1:] if number == AGENT_FAILED else []
        return ": ".join([f"the process ended with exit status {number}", *lines])

    def stacks(self) -> str:
        """Where every thread stands now, and every green one, as far as it can be told.

        May be empty.
        """
        before = len(self.output["stderr"])
        self._channel.send(op="stacks")
        incoming = self._channel.incoming
        if self._channel.hello.get("green_stacks"):
            self._answers.pop(_STACKS, None)
            self._way.send(encoded({"op": "green_stacks", "seq": _STACKS}))
            incoming.wait_for(lambda: _STACKS in self._answers or self.over, _GREEN_STACKS_S)
        incoming.wait_for(lambda: "File " in self.output["stderr"][before:] or self.over, 1.0)
        while not self.over and self._prints_more():  # PyPy writes them word by word
            pass
        return self.output["stderr"][before:]

    def _prints_more(self) -> bool:
        """Whether something comes on stderr before it has been quiet for a while."""
        length = len(self.output["stderr"])
        return self._channel.incoming.wait_for(
            lambda: len(self.output["stderr"]) > length, _QUIET_S
        )

    def comes(self, condition: Callable[[], object], bound_s: float) -> bool:
        """Whether something that is looked at with every arrival comes to hold within the bound.

        Raises:
            Crash: the process ended first.
        """
        self._channel.incoming.wait_for(
            lambda: condition() or self.over or self.garbage or self._channel.ended, bound_s
        )
        if condition() and not self.garbage:
            return True
        if self.over or self.garbage or self._channel.ended:
            self._raise_why("the process goes on", bound_s)
        return False
