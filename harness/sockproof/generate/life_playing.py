"""Plays the life of a server: every step on a real one, and what the model says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sockproof.case.case_run import CaseRun
from sockproof.case.client import END_OF_STREAM, RESET, TIMEOUT, StreamPeer
from sockproof.case.datagram import DatagramPeer
from sockproof.case.handler_script import Echo, ReadLine
from sockproof.case.server_options import ServerOptions
from sockproof.generate.happening import happens
from sockproof.generate.life import Client, Life, LifeModel, LifeStep
from sockproof.iut.calls import RunningCall, outcome_of, value_of
from sockproof.iut.outcomes import RaisedError
from sockproof.iut.server import Server
from sockproof.iut.starting import POLL_INTERVAL_S
from sockproof.judge.checks import Hang, Mismatch, check

__all__ = ["CLOSE_WAITS_SINCE", "play_life"]

CLOSE_WAITS_SINCE = (3, 7)


def play_life(case: CaseRun, life: Life, bound_s: float) -> None:
    """Take every step, then let the life come to its end.

    Raises:
        Mismatch: something went otherwise than the model says, or was left behind.
        Hang: something that the model says did not happen within ``bound_s``.
    """
    playing = _LifePlaying(case, bound_s)
    for step in life.moves:
        playing.take(step)
    playing.end()


class _LifePlaying:
    """A life while it is played. ``stopping`` and ``closing`` are calls that may still run."""

    def __init__(self, case: CaseRun, bound_s: float) -> None:
        self.case = case
        self.bound_s = bound_s
        close_waits = case.iut.level >= CLOSE_WAITS_SINCE
        self.model = LifeModel(case.spec, close_waits, self._takes_next)
        self.server: Server | None = None
        self.loop: RunningCall | None = None
        self.stopping: list[RunningCall] = []
        self.closing: list[RunningCall] = []
        self.streams: dict[int, StreamPeer] = {}
        self.senders: dict[int, DatagramPeer] = {}

    def take(self, step: LifeStep) -> None:
        """Take a step, and wait for everything that the model says must come of it."""
        _ACTIONS.get(step.do, _LifePlaying.call)(self, step)
        for client in self.model.take(step):
            self._expect_answer(client)
        starts = self.model.starts
        ends = starts - len(self.model.held)
        started = f"{starts} handlers have been started at '{step}'"
        self._expect(started, starts, "handler", phase="setup")
        self._expect(f"{ends} handlers have come to their end at '{step}'", ends, "handled")
        if not self.model.loop:
            self._expect_return(self.stopping)
        if not self.model.held:
            self._expect_return(self.closing)

    def end(self) -> None:
        """Those who hold connections speak, the loop and the server are brought to their end."""
        while self.model.silent:
            self.take(LifeStep("speak", self.model.silent[0].number))
        for do in ("shutdown()", "server_close()"):
            if self.model.legal(do):
                self.take(LifeStep(do))
        for client in self.model.clients.values():
            if client.dropped and not client.left:
                self._expect_no_answer(client)
        left = ", ".join(self.case.clear(self.bound_s))
        check(not left, expected="nothing is left behind after the server's life", actual=left)

    @property
    def there(self) -> Server:
        assert self.server is not None
        return self.server

    def _expect(self, what: str, count: int, event: str, **wanted: Any) -> None:
        if count and not happens(self.case, count, self.bound_s, event, **wanted):
            raise Hang(what, f"nothing for {self.bound_s:g} s")

    # What the server is made to do

    def construct(self, step: LifeStep) -> None:
        address = self.server.address if self.server else None
        if isinstance(address, str) and self.case.owns_file(address):
            Path(address).unlink(missing_ok=True)
        again = {"allow_reuse_address": True} if self.case.spec.kind == "TCP" else {}
        options = ServerOptions(
            [ReadLine(), Echo()],
            attributes={"timeout": 0, **again},
            address=address,
            bind_and_activate=False if step.do == "construct unbound" else None,
        )
        made = self.case.construct(options)
        if isinstance(made, RaisedError):
            raise Mismatch(f"a server is constructed at '{step}'", f"it raised {made}")
        self.server = made

    def bind(self, step: LifeStep) -> None:
        self.call(step)
        self.there.ask_address()

    def call(self, step: LifeStep) -> None:
        """Call a method in the main thread, where it must return at once."""
        method = step.do.removesuffix("()")
        if method == "server_close" and self.model.held:
            self.closing.append(self.there.spawn(method))
            return
        outcome = self.case.process.do(
            "call", bound_s=self.bound_s, handle=self.there.handle, method=method, arguments=[]
        )
        value_of(f"{method}()", outcome)

    def serve(self, _step: LifeStep) -> None:
        """Start the loop; it has certainly begun when this returns."""
        self.loop = self.there.spawn("serve_forever", POLL_INTERVAL_S)
        runs = self.loop.comes_to_wait()
        check(runs, expected="serve_forever() goes on until it is shut down", actual="it ended")
        self.there.fence()

    def shut_down(self, step: LifeStep) -> None:
        """Where a handler holds the loop, shutdown() waits for both."""
        assert self.loop is not None
        call = self.there.spawn(step.do.removesuffix("()"))
        self.stopping += [call, self.loop]
        if self.model.in_turn and self.model.held:
            waits = call.comes_to_wait()
            check(waits, expected="shutdown() waits for the handler", actual="it returned")

    def _takes_next(self, model: LifeModel) -> bool:
        """Whether the loop, which is told to end, starts one more handler instead."""
        assert self.loop is not None
        process, loop, starts = self.case.process, self.loop, model.starts

        def started() -> bool:
            return len(process.matching("handler", phase="setup")) > starts

        if not process.comes(lambda: loop.has_ended or started(), self.bound_s):
            raise Hang("the loop ends, or serves who waits", f"neither for {self.bound_s:g} s")
        return started()

    def _expect_return(self, calls: list[RunningCall]) -> None:
        for call in calls:
            self._expect(f"{call.method}() returns", 1, "ended", label=call.label)
            (ended,) = self.case.process.matching("ended", label=call.label)
            value_of(f"{call.method}()", outcome_of(ended))
        calls.clear()

    # What clients do

    def ask(self, step: LifeStep) -> None:
        line = Client(step.client, True).line
        if self.case.spec.is_stream:
            self.hold(step)
            self.streams[step.client].send(line).half_close()
        else:
            peer = self.case.new_datagram_peer(f"client {step.client}").connect(self.there)
            self.senders[step.client] = peer.send(line)

    def hold(self, step: LifeStep) -> None:
        peer = self.case.new_stream_peer(f"client {step.client}")
        self.streams[step.client] = peer.connect(self.there)

    def speak(self, step: LifeStep) -> None:
        self.streams[step.client].send(self.model.clients[step.client].line).half_close()

    def leave(self, step: LifeStep) -> None:
        self.streams[step.client].close()

    def find_nobody(self, _step: LifeStep) -> None:
        refusal = self.case.new_stream_peer().connect_at_once(self.there)
        check(refusal, expected="nobody can connect to a closed server", actual="it is connected")

    def _expect_answer(self, client: Client) -> None:
        """Its line comes back, and on a stream then the end."""
        what = f"client {client.number} is answered"
        peer = self.senders.get(client.number) or self.streams[client.number]
        peer.socket.settimeout(self.bound_s)
        if isinstance(peer, DatagramPeer):
            peer.expect(client.line)
            return
        data, ending = peer.receive_to_end()
        if ending is TIMEOUT:
            raise Hang(what, f"{data!r}, and then nothing for {self.bound_s:g} s")
        right = (data, ending) == (client.line, END_OF_STREAM)
        expected = f"{what}: {client.line!r}, then {END_OF_STREAM}"
        check(right, expected=expected, actual=f"{data!r}, then {ending}")

    def _expect_no_answer(self, client: Client) -> None:
        """Its connection ends with the server, in either way; a datagram is never answered."""
        what = f"client {client.number}, which waited when the server was closed, gets nothing"
        if client.number in self.senders:
            check(not self.senders[client.number].arrived(), expected=what, actual="a reply")
            return
        data, ending = self.streams[client.number].receive_to_end()
        right = data == b"" and ending in (END_OF_STREAM, RESET)
        check(right, expected=what, actual=f"{data!r}, then {ending}")


# Whatever else there is calls the method of its name.
_ACTIONS: dict[str, Callable[[_LifePlaying, LifeStep], None]] = {
    "construct": _LifePlaying.construct,
    "construct unbound": _LifePlaying.construct,
    "reopen": _LifePlaying.construct,
    "server_bind()": _LifePlaying.bind,
    "serve_forever()": _LifePlaying.serve,
    "shutdown()": _LifePlaying.shut_down,
    "ask": _LifePlaying.ask,
    "hold": _LifePlaying.hold,
    "speak": _LifePlaying.speak,
    "leave": _LifePlaying.leave,
    "find nobody": _LifePlaying.find_nobody,
}
