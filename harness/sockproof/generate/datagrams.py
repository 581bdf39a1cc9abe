"""Plays plans of datagram clients against a server, on real sockets."""

from __future__ import annotations

from typing import ClassVar

from sockproof.case.case_run import CaseRun
from sockproof.case.datagram import DatagramPeer
from sockproof.generate.client_plan import Move, Plan
from sockproof.generate.playing import PlanPlaying
from sockproof.generate.properties import Played, Received

__all__ = ["DatagramPlaying"]


class DatagramPlaying(PlanPlaying):
    """A plan of datagram clients while it is played.

    The peers' sockets are all opened before the first move: so nobody gets the address of one that
    has gone.
    """

    def __init__(self, case: CaseRun, plan: Plan, bound_s: float) -> None:
        super().__init__(case, plan, bound_s)
        self.peers: dict[int, DatagramPeer] = {}
        for move in plan.moves:
            if move.do == "connect":
                peer = case.new_datagram_peer(f"peer-{move.peer}", bound=not move.unbound)
                self.peers[move.peer] = peer.connect(self.server)
                self.addresses[move.peer] = peer.address

    def send(self, move: Move) -> None:
        assert move.payload is not None
        self.peers[move.peer].send(bytes(move.payload))

    def leave(self, move: Move) -> None:
        self.peers.pop(move.peer).close()

    def end(self) -> Played:
        """Once every handler has ended all replies are here."""
        self.wait_for_handlers(self.bound_s)
        received = {number: Received(pieces=peer.arrived()) for number, peer in self.peers.items()}
        return self.close(received, self.bound_s)

    actions: ClassVar = {**PlanPlaying.actions, "send": send, "close": leave}
