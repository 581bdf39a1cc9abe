"""The control channel to one warm agent: starts its interpreter, speaks its protocol, ends it.

Lines of JSON both ways, with a version in the first exchange. The interpreter leads a session of
its own, and so does the agent that it forks, whose guard it is; closing the channel ends them, and
so does the end of this process.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from sockproof.errors import AgentDied, IutUnavailable
from sockproof.iut.bundle import bundle
from sockproof.iut.case_pipes import CasePipes, ThroughAgent, Way, encoded, token_in_a_pipe
from sockproof.iut.greeting import BANNER_LINES, PROTOCOL, ending_in_words, is_banner, read_hello
from sockproof.iut.implementation import Implementation
from sockproof.iut.incoming import Incoming, Rank
from sockproof.iut.interpreter import start_interpreter, write_all
from sockproof.iut.message_lines import Message, MessageLines
from sockproof.iut.strays import AGENT_MARK, end_strays, end_tree, new_mark
from sockproof.timing import hang_bound_s, start_bound_s

__all__ = ["PROTOCOL", "Channel"]


class Channel:
    """One agent and the conversation with it.

    ``incoming`` reads what comes of it; ``hello`` is what the agent said of itself. Unless
    ``direct``, all that is said to a case's process and by it goes through the agent, as it does
    where the agent cannot open pipes of ours.

    Raises:
        IutUnavailable: the command does not start, or what it starts is no agent of ours.
    """

    def __init__(self, implementation: Implementation, *, direct: bool = True) -> None:
        self.implementation = implementation
        self.ended = False
        self.offset_s = 0.0
        self._sink: Callable[[Message], None] = self._keep
        self._kept: deque[Message] = deque(maxlen=1000)
        self._stderr = bytearray()
        self._stderr_ended = False
        self._mark = new_mark()
        self._process = start_interpreter(
            implementation, stderr=subprocess.PIPE, **{AGENT_MARK: self._mark}
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.incoming = Incoming()
        self._numbers = itertools.count(1)
        self._lines = MessageLines(lambda message: self._sink(message))
        self.incoming.add(self._process.stdout.fileno(), Rank.CONTROL, self._hear)
        self.incoming.add(self._process.stderr.fileno(), Rank.PRINTED, self._hear_stderr)
        try:
            self.hello = self._greet(direct)
        except BaseException:
            self.kill()
            self.close()
            raise

    def _greet(self, direct: bool) -> Message:
        """Send the agent, ask for the module under test, and check who answers."""
        given = self.implementation
        asked_at = time.monotonic()
        with token_in_a_pipe() as token:
            # It may have answered before, or take nothing, and give no answer either.
            with contextlib.suppress(BrokenPipeError, TimeoutError, AgentDied):
                self._write(bundle(), start_bound_s())
                self.send(
                    op="hello",
                    preload=given.preload,
                    own=given.judged,
                    module=given.module,
                    module_path=given.module_path,
                    search_path=given.search_path(),
                    classes=dict(given.classes),
                    server=given.server_order(),
                    token=token if direct else None,
                )
            hello = read_hello(given.given, self._first_word())
        if not asked_at <= hello["clock"] <= time.monotonic():
            self.offset_s = min(self._clock_difference() for _ in range(5))[1]
        return hello

    def _clock_difference(self) -> tuple[float, float]:
        """Round-trip time, and how far our clock is ahead of the agent's (another machine, 2.7)."""
        asked_at = time.monotonic()
        self.send(op="clock")
        told = self._answered("clock")
        answered_at = time.monotonic()
        return answered_at - asked_at, (asked_at + answered_at) / 2 - float(told)

    def _answered(self, kind: str) -> Any:
        """What the agent answers to a question of this kind."""
        said = self._first_message(start_bound_s())
        if said["r"] != kind:
            raise IutUnavailable(
                f"{self.implementation.given}: the agent answered {str(said)[:200]}",
                f"its {kind} was asked for",
            )
        return said["value"]

    def _first_word(self) -> Message:
        """The agent's first message, after what a wrapper may have printed."""
        limit_s, banner = time.monotonic() + start_bound_s(), ""
        for _ in range(BANNER_LINES):
            said = self._first_message(limit_s - time.monotonic(), banner)
            if not is_banner(said):
                return said
            banner = banner or said["text"]
        raise IutUnavailable(
            f"{self.implementation.given}: it prints {banner!r:.80} and more, and is no agent",
            "give a command that runs a Python with -c",
        )

    def _first_message(self, bound_s: float, before: str = "") -> Message:
        """The next message, which comes within ``bound_s``; ``before`` is what was printed."""
        self.incoming.wait_for(lambda: self._kept or self.ended, bound_s)
        if self._kept:
            return self._kept.popleft()
        if self.ended:
            problem = f"no answer, the {self._ending()}"
        else:
            problem = f"no answer within {start_bound_s():g} s of starting"
        printed = f"; it printed {before!r:.80}" if before else ""
        raise IutUnavailable(
            f"{self.implementation.given}: {problem}{printed}",
            "give a command that runs a Python with -c, and a module that imports",
        )

    def usage_s(self) -> tuple[float, float]:
        """Processor time so far: of the agent, and of the cases' processes; none may be running."""
        self.send(op="usage")
        of_agent, of_cases = self._answered("usage")
        return of_agent, of_cases

    def listen(self, sink: Callable[[Message], None] | None) -> None:
        """Give every message of the agent from now on to ``sink``."""
        with self.incoming.taking:
            self._sink = sink or self._keep

    def new_number(self) -> int:
        """By which the agent tells the next case from all others."""
        return next(self._numbers)

    def way_to_case(self, sink: Callable[[Message], None]) -> Way:
        """The way to the process of the next case, which tells ``sink``, as the agent does."""
        if self.hello["reaches_pipes"]:
            return CasePipes(self.incoming, sink)
        self._lines.renew()
        return ThroughAgent(self.send_line, self._lines)

    def send(self, **order: Any) -> None:
        """Send one command.

        Raises:
            ChannelError: it is too long.
            AgentDied: the agent is gone.
        """
        self.send_line(encoded(order))

    def send_line(self, line: bytes) -> None:
        try:
            self._write(line, hang_bound_s())
        except OSError:
            raise self.death() from None

    def death(self) -> AgentDied:
        """The error that says how the agent ended."""
        return AgentDied(f"{self.implementation.given}: the agent's {self._ending()}")

    def _ending(self) -> str:
        """How the interpreter ended, now that its output has; its last words."""
        status: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(1.0)
        # Its last words; a child of its may keep the pipe open.
        self.incoming.wait_for(lambda: self._stderr_ended, 1.0)
        words = "".join(f": {line}" for line in self.stderr.strip().splitlines()[-1:])
        if status is None:
            return f"interpreter closed its output{words}"
        return f"interpreter {ending_in_words(status)}{words}"

    def _write(self, data: bytes, bound_s: float) -> None:
        assert self._process.stdin is not None
        write_all(self._process.stdin, data, bound_s)

    def _keep(self, message: Message) -> None:
        self._kept.append(message)

    @property
    def stderr(self) -> str:
        """What the agent itself printed, outside any case; at most the last 8 KiB."""
        return self._stderr.decode("utf-8", "replace")

    def _hear(self, data: bytes) -> None:
        self._lines(data)
        self.ended = not data

    def _hear_stderr(self, data: bytes) -> None:
        self._stderr += data
        del self._stderr[:-8192]
        self._stderr_ended = not data

    def close(self) -> None:
        """End the agent and whatever it started; wait for it."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(hang_bound_s())
        except subprocess.TimeoutExpired:
            self.kill()
        end_strays(AGENT_MARK, self._mark)
        self.incoming.end()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()

    def forget(self) -> None:
        """In a copy of this process: close what it has of the pipes, or the agent would not see
        that the other one has closed them."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()

    def kill(self) -> None:
        """Kill the agent, all that came of it, and its group: it no longer listens."""
        if self._process.poll() is None:
            end_tree(self._process.pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
