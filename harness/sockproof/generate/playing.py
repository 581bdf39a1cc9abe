"""Plays plans of stream clients against a server, on real sockets.

No move waits for anything but what the model is certain of. Whatever waits has a bound, past which
the play goes on: that somebody got nothing is for the properties to judge.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Callable, Iterable
from typing import Any

from sockproof.case.case_run import CaseRun, ServerOptions
from sockproof.case.client import TIMEOUT, Ending, StreamPeer
from sockproof.case.handler_script import HandlerScript, Run
from sockproof.generate.client_plan import Move, Plan
from sockproof.generate.model import StreamModel
from sockproof.generate.pieces import GATE, steps_of
from sockproof.generate.played import Played, Received, ended_handlers, reset_addresses
from sockproof.iut.outcomes import RaisedError
from sockproof.iut.server import Server
from sockproof.iut.starting import POLL_INTERVAL_S
from sockproof.judge.checks import Hang, Mismatch

__all__ = ["StreamPlaying", "happens", "make_server", "open_gate_for", "play_streams", "start_loop"]


AFTER_A_HANG_PART = 0.2
"""Once somebody has waited in vain it is known that the plan fails; no more time is spent on it."""


CLOSE_RFILE = Run("self.rfile.close()")
"""Python 2 leaves that to the garbage collector when wfile cannot be flushed."""


def make_server(case: CaseRun, plan: Plan) -> Server:
    """The server that a plan asks for, its loop running unless the plan starts it later.

    Raises:
        Mismatch: its constructor raised.
    """
    attributes = {"max_packet_size": plan.packet_octets} if plan.packet_octets else {}
    by_hand = [CLOSE_RFILE] if case.spec.is_stream and case.iut.level < (3,) else []
    handler = HandlerScript(steps_of(plan.handler), finish=by_hand)
    options = ServerOptions(handler, attributes=attributes)
    made = case.construct(options, serve=not plan.starts_late)
    if isinstance(made, RaisedError):
        raise Mismatch("a server is constructed", f"its constructor raised {made}")
    return made


def start_loop(server: Server) -> None:
    """Start ``serve_forever()`` of a server whose plan starts it by a move."""
    server.spawn("serve_forever", POLL_INTERVAL_S)


def happens(case: CaseRun, count: int, bound_s: float, event: str, **wanted: Any) -> bool:
    """Whether so many such events come within the bound.

    Raises:
        Crash: the process ended first.
    """
    try:
        case.process.wait_events(count, event, bound_s=bound_s, **wanted)
    except Hang:
        return False
    return True


def open_gate_for(case: CaseRun, server: Server, handlers: int, bound_s: float) -> None:
    """Open the gate once so many handlers have come to it.

    Raises:
        Hang: they have not.
    """
    gate = {"do": "gate", "name": GATE, "passed": None}
    if handlers and not happens(case, handlers, bound_s, "step", **gate):
        raise Hang(f"{handlers} handlers come to the gate", "not all of them do")
    server.open_gate(GATE)


def play_streams(case: CaseRun, plan: Plan, bound_s: float) -> Played:
    """Make the moves, let everybody come to the end, close the server, and tell what came of it.

    Raises:
        Mismatch: a client was not connected; the server could not be made or stopped.
        Hang: nothing was got within ``bound_s`` of what a client had to get for the next move.
    """
    playing = StreamPlaying(case, plan, bound_s)
    for move in plan.moves:
        playing.make(move)
    return playing.end()


class StreamPlaying:
    """A plan while it is played: the server, the peers by number, what each got so far, and how
    much of it is accounted for."""

    def __init__(self, case: CaseRun, plan: Plan, bound_s: float) -> None:
        self.case = case
        self.plan = plan
        self.bound_s = bound_s
        self.model = StreamModel(plan, serving=not plan.starts_late)
        self.peers: dict[int, StreamPeer] = {}
        self.got: dict[int, bytearray] = {}
        self.accounted: dict[int, int] = {}
        self.endings: dict[int, Ending] = {}
        self.addresses: dict[int, Any] = {}
        self.server = make_server(case, plan)

    def make(self, move: Move) -> None:
        action = _ACTIONS.get(move.do)
        if action:
            action(self, move)
        self.model.take(move)

    def connect(self, move: Move) -> None:
        peer = self.case.new_stream_peer(f"peer-{move.peer}").connect(self.server)
        self.peers[move.peer], self.got[move.peer] = peer, bytearray()
        self.addresses[move.peer] = peer.address

    def send(self, move: Move) -> None:
        """A server that has ended the connection already takes nothing more, and need not."""
        assert move.payload is not None
        try:
            self.peers[move.peer].send(bytes(move.payload), move.cuts)
        except Mismatch:
            self.read_ready([move.peer])

    def half_close(self, move: Move) -> None:
        with contextlib.suppress(Mismatch):  # the server has ended the connection, as it may
            self.peers[move.peer].half_close()

    def leave(self, move: Move) -> None:
        peer = self.peers[move.peer]
        peer.reset() if move.do == "reset" else peer.close()

    def wait_for_reply(self, move: Move) -> None:
        """Read what the model is certain that the peer gets now."""
        due = self.model.due(move.peer)
        came = self.read_until(lambda: len(self.got[move.peer]) >= due, [move.peer])
        self.account(move.peer, due)
        if not came:
            got = bytes(self.got[move.peer])
            raise Hang(f"peer {move.peer} receives {due} octets", f"{got!r} and then nothing")

    def account(self, number: int, due: int | None = None) -> None:
        """Tell what a peer has got since it was told, up to what it was due, or to the end."""
        known = self.accounted.get(number, 0)
        data = bytes(self.got[number][known:due])
        size = None if due is None else due - known
        if size == 0:
            return
        self.accounted[number] = known + len(data)
        ending = self.endings.get(number, TIMEOUT) if size is None or len(data) < size else None
        self.peers[number].account(data, ending, size)

    def serve(self, _move: Move) -> None:
        start_loop(self.server)

    def open_gate(self, _move: Move) -> None:
        """Once those have come to the gate who must."""
        open_gate_for(self.case, self.server, self.model.at_gate(), self.bound_s)

    def end(self) -> Played:
        """The loop runs, the gate opens, whoever is connected sends no more and reads on."""
        for do in ("serve", "open the gate"):
            if do not in (move.do for move in self.plan.moves) and not self._is_done(do):
                self.make(Move(do))
        live = [number for number in self.peers if not self.model.guests[number].left]
        for number in live:
            if not self.model.guests[number].silent:
                self.make(Move("half-close", number))
        self.read_until(lambda: all(number in self.endings for number in live), live)
        for number in live:
            self.account(number)
        return self.told(live)

    def _is_done(self, do: str) -> bool:
        return self.model.serving if do == "serve" else "pass the gate" not in self.plan.handler

    def told(self, live: Iterable[int]) -> Played:
        received = {
            number: Received(
                bytes(self.got[number]),
                self.endings.get(number, TIMEOUT),
                self.model.owed(number),
            )
            for number in live
        }
        process, needed = self.case.process, self.model.handlers_min
        came = all(one.ending is not TIMEOUT for one in received.values())
        waits_s = self.bound_s if came else self.bound_s * AFTER_A_HANG_PART
        reset = reset_addresses(self.plan, self.addresses)
        if reset or not needed:
            process.comes(lambda: ended_handlers(process.events, reset) >= needed, waits_s)
        elif happens(self.case, needed, waits_s, "handled"):
            process.matching("handler", phase="setup")  # so that a journal has their order
        leaks = self.case.clear(waits_s)
        return Played(
            self.plan, received, self.addresses, list(self.peers), needed, process.events, leaks
        )

    def read_until(self, enough: Callable[[], bool], numbers: Iterable[int]) -> bool:
        """Read what comes for these peers until it is enough, or nothing came for the bound."""
        wanted = list(numbers)
        limit_s = time.monotonic() + self.bound_s
        while not enough():
            if self.read_ready(wanted, max(0.0, limit_s - time.monotonic())):
                limit_s = time.monotonic() + self.bound_s
            elif time.monotonic() >= limit_s or all(n in self.endings for n in wanted):
                return enough()
        return True

    def read_ready(self, numbers: Iterable[int], wait_s: float = 0.0) -> bool:
        """Read once for every peer that something has come for: whether it had for any."""
        waiting = {self.peers[n].socket.fileno(): n for n in numbers if n not in self.endings}
        ready = select.select(list(waiting), [], [], wait_s)[0]
        for fd in ready:
            number = waiting[fd]
            some = self.peers[number].receive_some()
            if isinstance(some, Ending):
                self.endings[number] = some
            else:
                self.got[number] += some
        return bool(ready)


_ACTIONS: dict[str, Callable[[StreamPlaying, Move], None]] = {
    "connect": StreamPlaying.connect,
    "send": StreamPlaying.send,
    "half-close": StreamPlaying.half_close,
    "close": StreamPlaying.leave,
    "reset": StreamPlaying.leave,
    "await": StreamPlaying.wait_for_reply,
    "serve": StreamPlaying.serve,
    "open the gate": StreamPlaying.open_gate,
}
