"""The control channel to one warm agent: starts its interpreter, speaks its protocol, ends it.

Lines of JSON both ways, with a version in the first exchange. A thread of the harness drains the
agent's output all the time, so that no handler ever blocks on telling what it does. The agent leads
a session of its own; closing the channel ends it, and so does the end of this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from sockproof.errors import AgentDied, ChannelError, IutUnavailable
from sockproof.iut.bundle import bundle, first_command
from sockproof.iut.implementation import Implementation
from sockproof.iut.strays import AGENT_MARK, end_strays, new_mark
from sockproof.timing import hang_bound_s, start_bound_s

__all__ = ["PROTOCOL", "Channel", "Message"]

# Version of what is spoken; the agent says its own in the first exchange.
PROTOCOL = 1
# A command is written to the case's process in one go: it must fit into a pipe.
LONGEST_COMMAND_OCTETS = 32768

Message = dict[str, Any]


class Channel:
    """One agent and the conversation with it.

    ``messages`` holds what came and is not yet taken; ``changed`` is notified with every arrival.
    ``hello`` is what the agent said of itself.

    Raises:
        IutUnavailable: the command does not start, or what it starts is no agent of ours.
    """

    def __init__(self, implementation: Implementation) -> None:
        self.implementation = implementation
        self.changed = threading.Condition()
        self.ended = False
        self.offset_s = 0.0
        self._sink: Callable[[Message], None] = self._keep
        self._kept: deque[Message] = deque(maxlen=1000)
        self._stderr = bytearray()
        self._mark = new_mark()
        self._process = self._start()
        self._threads = [
            threading.Thread(target=target, daemon=True, name=f"sockproof {target.__name__}")
            for target in (self._drain_output, self._drain_stderr)
        ]
        for thread in self._threads:
            thread.start()
        try:
            self.hello = self._greet()
        except BaseException:
            self.kill()
            self.close()
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        command = first_command(self.implementation.argv)
        try:
            return subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**self.implementation.environment(), AGENT_MARK: self._mark},
                start_new_session=True,
            )
        except OSError as error:
            raise IutUnavailable(
                f"{self.implementation.given}: cannot start {command[0]}: {error.strerror}",
                "give a command that runs a Python",
            ) from None

    def _greet(self) -> Message:
        """Send the agent, ask for the module under test, and check who answers."""
        given = self.implementation
        asked_at = time.monotonic()
        with contextlib.suppress(BrokenPipeError, AgentDied):  # it may have answered before
            self._write(bundle())
            self.send(
                op="hello",
                preload=given.preload,
                module=given.module,
                module_path=given.module_path,
                search_path=given.search_path(),
                classes=dict(given.classes),
            )
        hello = self._read_hello(self._first_message())
        if not asked_at <= hello["clock"] <= time.monotonic():
            self.offset_s = min(self._clock_difference() for _ in range(5))[1]
        return hello

    def _read_hello(self, said: Message) -> Message:
        given = self.implementation.given
        match said:
            case {"r": "hello", "value": {"protocol": version} as hello} if version == PROTOCOL:
                return dict(hello)
            case {"r": "refused", "value": {"type": name, "text": str(text)}}:
                raise IutUnavailable(
                    f"{given}: loading the module under test failed: {name}: "
                    f"{' '.join(text.split())}",
                    "run it by hand: the module must import",
                )
            case _:
                raise IutUnavailable(
                    f"{given}: the agent answered {str(said)[:200]}",
                    f"protocol {PROTOCOL} was expected",
                )

    def _clock_difference(self) -> tuple[float, float]:
        """Round-trip time, and how far our clock is ahead of the agent's (another machine, 2.7)."""
        asked_at = time.monotonic()
        self.send(op="clock")
        told = self._first_message()["value"]
        answered_at = time.monotonic()
        return answered_at - asked_at, (asked_at + answered_at) / 2 - float(told)

    def _first_message(self) -> Message:
        with self.changed:
            self.changed.wait_for(lambda: self._kept or self.ended, start_bound_s())
            if self._kept:
                return self._kept.popleft()
        if self.ended:
            problem = f"no answer, the {self._ending()}"
        else:
            problem = f"no answer within {start_bound_s():g} s of starting"
        raise IutUnavailable(
            f"{self.implementation.given}: {problem}",
            "give a command that runs a Python with -c, and a module that imports",
        )

    def listen(self, sink: Callable[[Message], None] | None) -> None:
        """Give every message from now on to ``sink``; it is called with ``changed`` held."""
        with self.changed:
            self._sink = sink or self._keep

    def send(self, **order: Any) -> None:
        """Send one command.

        Raises:
            ChannelError: it is too long.
            AgentDied: the agent is gone.
        """
        line = json.dumps(order).encode("ascii") + b"\n"
        if len(line) > LONGEST_COMMAND_OCTETS:
            raise ChannelError(f"a command of {len(line)} octets", "use fill() for long payloads")
        try:
            self._write(line)
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
        self._threads[1].join(1.0)  # its last words; a child of its may keep the pipe open
        words = "".join(f": {line}" for line in self.stderr.strip().splitlines()[-1:])
        if status is None:
            return f"interpreter closed its output{words}"
        if status < 0:
            return f"interpreter was killed by {signal.Signals(-status).name}{words}"
        return f"interpreter ended with status {status}{words}"

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self._process.stdin.write(view) :]

    def _keep(self, message: Message) -> None:
        self._kept.append(message)

    @property
    def stderr(self) -> str:
        """What the agent itself printed, outside any case; at most the last 8 KiB."""
        return self._stderr.decode("utf-8", "replace")

    def _drain_output(self) -> None:
        assert self._process.stdout is not None
        rest = b""
        while True:
            data = os.read(self._process.stdout.fileno(), 1 << 18)
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            with self.changed:
                for line in lines:
                    self._sink(_parse(line))
                self.ended = not data
                self.changed.notify_all()
            if not data:
                return

    def _drain_stderr(self) -> None:
        assert self._process.stderr is not None
        while data := os.read(self._process.stderr.fileno(), 8192):
            self._stderr += data
            del self._stderr[:-8192]

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
        for thread in self._threads:
            thread.join(hang_bound_s())
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()

    def kill(self) -> None:
        """Kill the agent and its group: it no longer listens."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _parse(line: bytes) -> Message:
    """One line of the protocol; what is none becomes a ``garbage`` message."""
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if isinstance(message, dict) and ("r" in message or "e" in message):
        return message
    return {"r": "garbage", "text": line[:200].decode("latin-1")}
