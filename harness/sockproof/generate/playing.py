"""Plays plans of clients against a server, on real sockets: what all plans have in common, and
stream clients. :mod:`sockproof.generate.datagrams` has the others.

No move waits for anything but what the model is certain of. Whatever waits has a bound, past which
the play goes on: that somebody got nothing is for the properties to judge.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from sockproof.case.case_run import CaseRun
from sockproof.case.client import TIMEOUT, Ending
from sockproof.case.handler_script import HandlerScript, Run
from sockproof.case.server_options import ServerOptions
from sockproof.case.tls_client import TlsClient
from sockproof.case.tls_server import TlsServer
from sockproof.generate.client_plan import Move, Plan
from sockproof.generate.connected_peer import ConnectedPeer
from sockproof.generate.happening import happens
from sockproof.generate.model import PlanModel
from sockproof.generate.pieces import GATE, steps_of
from sockproof.generate.properties import Played, Received, ended_handlers
from sockproof.iut.case_log import Operation
from sockproof.iut.outcomes import RaisedError
from sockproof.iut.server import Server
from sockproof.iut.starting import POLL_INTERVAL_S
from sockproof.judge.checks import Hang, Mismatch

__all__ = ["PlanPlaying", "StreamPlaying"]


# Once somebody has waited in vain it is known that the plan fails; no more time is spent on it.
AFTER_A_HANG_PART = 0.2
# Python 2 leaves that to the garbage collector when wfile cannot be flushed.
CLOSE_RFILE = Run("self.rfile.close()")


class PlanPlaying:
    """A plan while it is played: the server, what the model says of it, and the peers' addresses.

    Raises:
        Mismatch: the server's constructor raised.
    """

    def __init__(
        self, case: CaseRun, plan: Plan, bound_s: float, tls: TlsServer | None = None
    ) -> None:
        self.case, self.tls = case, tls
        self.plan = plan
        self.bound_s = bound_s
        self.model = PlanModel(plan)
        self.addresses: dict[int, Any] = {}
        self.server = self._make_server()

    def _make_server(self) -> Server:
        """The server that the plan asks for, its loop running unless the plan starts it later."""
        limit = self.plan.packet_octets
        attributes = {"max_packet_size": limit} if limit else {}
        by_hand = [CLOSE_RFILE] if self.case.spec.is_stream and self.case.iut.level < (3,) else []
        handler = HandlerScript(steps_of(self.plan.handler), finish=by_hand)
        options = ServerOptions(handler, attributes=attributes, tls=self.tls)
        made = self.case.construct(options, serve=not self.plan.starts_late)
        if isinstance(made, RaisedError):
            raise Mismatch("a server is constructed", f"its constructor raised {made}")
        return made

    def play(self) -> Played:
        """Make the moves, let everybody come to the end, close the server, and tell what came.

        Raises:
            Mismatch: a client was not connected, a datagram not taken; the server could not be
                stopped.
            Hang: nothing was got within the bound of what a client had to get, or handlers did not
                come to the gate, for the next move.
        """
        for move in self.plan.moves:
            self.make(move)
        if not self.model.serving:
            self.make(Move("serve"))
        if not self.model.gate_open and "pass the gate" in self.plan.handler:
            self.make(Move("open the gate"))
        return self.end()

    def make(self, move: Move) -> None:
        action = self.actions.get(move.do)
        if action:
            action(self, move)
        self.model.take(move)

    def end(self) -> Played:
        """Let everybody come to the end, with the loop running and the gate open."""
        raise NotImplementedError

    def serve(self, _move: Move) -> None:
        self.server.spawn("serve_forever", POLL_INTERVAL_S)

    def open_gate(self, _move: Move) -> None:
        """Once those have come to the gate who must."""
        gate = {"do": "gate", "name": GATE, "passed": None}
        coming = self.model.at_gate()
        if coming and not happens(self.case, coming, self.bound_s, "step", **gate):
            raise Hang(f"{coming} handlers come to the gate", "not all of them do")
        self.server.open_gate(GATE)

    def wait_for_handlers(self, bound_s: float) -> None:
        """Until all that must come to their end have, or the bound has passed."""
        process, needed = self.case.process, self.model.handlers_min

        def ended() -> bool:
            return ended_handlers(self.model, process.events, self.addresses) >= needed

        if self.model.reset or not needed:
            process.comes(ended, bound_s)
        elif happens(self.case, needed, bound_s, "handled"):
            process.matching("handler", phase="setup")  # so that the log has their order

    def close(self, received: Mapping[int, Received], bound_s: float) -> Played:
        """The server is closed: what came of the plan."""
        leaks = self.case.clear(bound_s)
        return Played(self.model, received, self.addresses, self.case.process.events, leaks)

    # By the moves' names; what is not there needs nothing to be done.
    actions: ClassVar[Mapping[str, Callable[..., None]]] = {
        "serve": serve,
        "open the gate": open_gate,
    }


class StreamPlaying(PlanPlaying):
    """A plan of stream clients while it is played."""

    def __init__(
        self, case: CaseRun, plan: Plan, bound_s: float, tls: TlsServer | None = None
    ) -> None:
        super().__init__(case, plan, bound_s, tls)
        self.clients: dict[int, ConnectedPeer] = {}

    def connect(self, move: Move) -> None:
        peer = self.case.new_stream_peer(f"peer-{move.peer}").connect(self.server)
        speaker = TlsClient(peer).handshake() if self.tls else peer
        self.clients[move.peer] = ConnectedPeer(peer, speaker)
        self.addresses[move.peer] = peer.address

    def send(self, move: Move) -> None:
        """A server that has ended the connection already takes nothing more, and need not."""
        assert move.payload is not None
        client = self.clients[move.peer]
        try:
            client.speaker.send(bytes(move.payload), move.cuts)
        except Mismatch:
            self.read_ready([client])

    def half_close(self, move: Move) -> None:
        with contextlib.suppress(Mismatch):  # the server has ended the connection, as it may
            self.clients[move.peer].half_close()

    def leave(self, move: Move) -> None:
        peer = self.clients[move.peer].peer
        peer.reset() if move.do == "reset" else peer.close()

    def wait_for_reply(self, move: Move) -> None:
        """Read what the model is certain that the peer gets now."""
        client, due = self.clients[move.peer], self.model.due(move.peer)
        came = self.read_until(lambda: len(client.got) >= due, [client])
        self.account(client, due)
        if not came:
            expected = f"peer {move.peer} receives {due} octets"
            raise Hang(expected, f"{bytes(client.got)!r} and then nothing")

    def account(self, client: ConnectedPeer, due: int | None = None) -> None:
        """Log what a peer has got since that was done, up to what it was due, or to the end: as one
        operation, in whatever pieces it came."""
        data = bytes(client.got[client.accounted : due])
        size = None if due is None else due - client.accounted
        if size == 0:
            return
        client.accounted += len(data)
        ended = size is None or len(data) < size
        came = data, (client.ending or TIMEOUT) if ended else None
        wanted = {"size_octets": size} if size else {}
        name = "receive within TLS" if self.tls else "receive"
        self.case.log.operations.append(Operation(name, client.peer.lane, wanted, came))

    def end(self) -> Played:
        """Whoever is connected sends no more and reads on."""
        guests = self.model.guests
        live = {number: one for number, one in self.clients.items() if not guests[number].left}
        for number in live:
            if not guests[number].silent:
                self.make(Move("half-close", number))
        self.read_until(lambda: all(one.ending for one in live.values()), live.values())
        for client in live.values():
            self.account(client)
        received = {
            number: Received(bytes(one.got), one.ending or TIMEOUT) for number, one in live.items()
        }
        came = all(one.ending for one in live.values())
        bound_s = self.bound_s if came else self.bound_s * AFTER_A_HANG_PART
        self.wait_for_handlers(bound_s)
        return self.close(received, bound_s)

    def read_until(self, enough: Callable[[], bool], clients: Iterable[ConnectedPeer]) -> bool:
        """Read what comes for these until it is enough, or nothing came for the bound."""
        wanted = list(clients)
        limit_s = time.monotonic() + self.bound_s
        while not enough():
            if self.read_ready(wanted, max(0.0, limit_s - time.monotonic())):
                limit_s = time.monotonic() + self.bound_s
            elif time.monotonic() >= limit_s or all(one.ending for one in wanted):
                return enough()
        return True

    def read_ready(self, clients: Iterable[ConnectedPeer], wait_s: float = 0.0) -> bool:
        """Read once for every client that something has come for: whether it had for any. What came
        is logged by :meth:`account`."""
        waiting = {one.peer.socket.fileno(): one for one in clients if not one.ending}
        ready = select.select(list(waiting), [], [], wait_s)[0]
        for fd in ready:
            client = waiting[fd]
            with self.case.log.within_one():
                some = client.speaker.receive_some()
            if isinstance(some, Ending):
                client.ending = some
            else:
                client.got += some
        return bool(ready)

    actions: ClassVar = {
        **PlanPlaying.actions,
        "connect": connect,
        "send": send,
        "half-close": half_close,
        "close": leave,
        "reset": leave,
        "await": wait_for_reply,
    }
