"""Plays plans of datagram clients against a server, on real sockets."""

from __future__ import annotations

from collections.abc import Callable

from sockproof.case.case_run import CaseRun
from sockproof.case.datagram import DatagramPeer
from sockproof.generate.client_plan import Move, Plan
from sockproof.generate.played import Played, Received
from sockproof.generate.playing import happens, make_server, open_gate_for, start_loop
from sockproof.spec.matrix import spec_by_id

__all__ = ["play_datagrams"]


def play_datagrams(case: CaseRun, plan: Plan, bound_s: float) -> Played:
    """Make the moves, wait for the handlers, close the server, and tell what came of it.

    Raises:
        Mismatch: a datagram was not taken; the server could not be made or stopped.
        Hang: handlers did not come to the gate within ``bound_s``.
    """
    playing = _DatagramPlaying(case, plan, bound_s)
    for move in plan.moves:
        _ACTIONS[move.do](playing, move)
    return playing.end()


class _DatagramPlaying:
    """A plan while it is played: the server and the peers by number.

    The peers' sockets are all opened before the first move: so nobody gets the address of one that
    has gone.
    """

    def __init__(self, case: CaseRun, plan: Plan, bound_s: float) -> None:
        self.case = case
        self.plan = plan
        self.bound_s = bound_s
        self.serving = not plan.starts_late
        self.gate_open = "pass the gate" not in plan.handler
        self.sent: list[int] = []
        self.server = make_server(case, plan)
        self.peers: dict[int, DatagramPeer] = {}
        for move in plan.moves:
            if move.do == "connect":
                peer = case.new_datagram_peer(f"peer-{move.peer}", bound=not move.unbound)
                self.peers[move.peer] = peer.connect(self.server)
        self.addresses = {number: peer.address for number, peer in self.peers.items()}

    def nothing(self, move: Move) -> None:
        """The socket is open already."""

    def send(self, move: Move) -> None:
        assert move.payload is not None
        self.peers[move.peer].send(bytes(move.payload))
        self.sent.append(move.peer)

    def leave(self, move: Move) -> None:
        self.peers.pop(move.peer).close()

    def serve(self, _move: Move) -> None:
        self.serving = True
        start_loop(self.server)

    def open_gate(self, _move: Move) -> None:
        """Once those have come to it who must: all, or the first of a server without mixin."""
        one_by_one = spec_by_id(self.plan.spec).mixin == "none"
        coming = min(len(self.sent), 1) if one_by_one else len(self.sent)
        open_gate_for(self.case, self.server, coming if self.serving else 0, self.bound_s)
        self.gate_open = True

    def end(self) -> Played:
        """The loop runs, the gate opens, and once every handler has ended all replies are here."""
        if not self.serving:
            self.serve(Move("serve"))
        if not self.gate_open:
            self.open_gate(Move("open the gate"))
        process, needed = self.case.process, len(self.sent)
        if needed and happens(self.case, needed, self.bound_s, "handled"):
            process.matching("handler", phase="setup")  # so that a journal has their order
        received = {number: Received(pieces=peer.arrived()) for number, peer in self.peers.items()}
        leaks = self.case.clear(self.bound_s)
        return Played(self.plan, received, self.addresses, self.sent, needed, process.events, leaks)


_ACTIONS: dict[str, Callable[[_DatagramPlaying, Move], None]] = {
    "connect": _DatagramPlaying.nothing,
    "send": _DatagramPlaying.send,
    "close": _DatagramPlaying.leave,
    "serve": _DatagramPlaying.serve,
    "open the gate": _DatagramPlaying.open_gate,
}
