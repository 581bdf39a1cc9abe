"""Plays a walk: every step by the module under test, held to what the model says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sockproof.case.case_run import CaseRun
from sockproof.case.plain_sockets import HeldSocket, ModuleUnderTest
from sockproof.generate.walk import MODES, Walk, WalkModel, WalkStep, walk_octets
from sockproof.generate.walk_datagrams import DatagramModel
from sockproof.generate.walk_steps import MOST_OCTETS, Action, Walking
from sockproof.generate.walk_streams import StreamModel
from sockproof.iut.outcomes import Outcome
from sockproof.iut.values import Constant
from sockproof.judge.checks import check

__all__ = ["play_walk"]


def play_walk(case: CaseRun, walk: Walk, model: WalkModel, bound_s: float) -> None:
    """Take every step; nothing may be left when the sockets are closed.

    Raises:
        Mismatch: a step comes to something else than the model says, or something is left.
    """
    case.process.patience_s = bound_s
    tested = ModuleUnderTest(case.process, case.new_address_of)
    playing: Any
    if isinstance(model, StreamModel):
        playing = _StreamWalking(tested, model)
    else:
        assert isinstance(model, DatagramModel)
        playing = _DatagramWalking(tested, model)
    for step in walk.moves:
        playing.take(step, ACTIONS[step.do])
    left = ", ".join(case.clear(bound_s))
    check(not left, expected="nothing is left after the walk", actual=left)


class _StreamWalking(Walking):
    kind = "stream"

    def __init__(self, tested: ModuleUnderTest, model: StreamModel) -> None:
        super().__init__(tested, model)
        self.model = model
        self.helper: HeldSocket | None = None

    def connect(self, _: WalkStep) -> Outcome:
        """To a listener that is always there, who accepts the peer."""
        if self.helper is None:
            self.helper = self.tested.listening("helper", self.state.family)
        ended = self.there.attempt("connect", self.helper.address)
        if ended.error is None and self.state.phase in ("fresh", "bound"):
            self.peer = self.helper.accepted(self.name("peer"))
        return ended

    def come(self, _: WalkStep) -> Outcome:
        self.peer = self.tested.stream(self.name("peer"), self.state.family)
        return self.peer.attempt("connect", self.there.address)

    def accept(self, _: WalkStep) -> Outcome:
        """The connection walks on, and its listener is closed."""
        name = self.name("sock")
        ended = self.there.attempt("accept", keep=(name, f"{name}_address"))
        if ended.error is None:
            self.there.do("close")
            self.sock = self.tested.held(name, self.state.family)
            self.sock.do("settimeout", None)
        return ended

    def send(self, step: WalkStep) -> Outcome:
        return self.there.attempt(step.do, walk_octets(self.model.sent, step.amount))

    def receive(self, step: WalkStep) -> Outcome:
        if self.model.peer == "reset":
            self.tested.wait_until_over(self.there)
        start = self.model.came - self.model.to_sock
        return self._received(self.there, step, step.do, start, self.model.to_sock)

    def peer_send(self, step: WalkStep) -> Outcome:
        assert self.peer is not None
        return self.peer.attempt("send", walk_octets(self.model.came, step.amount))

    def peer_receive(self, step: WalkStep) -> Outcome:
        assert self.peer is not None
        start = self.model.sent - self.model.to_peer
        return self._received(self.peer, step, "recv", start, self.model.to_peer)

    def _received(
        self, sock: HeldSocket, step: WalkStep, do: str, start: int, pending: int
    ) -> Outcome:
        """All that may come of what is under way, in as many calls as it takes."""
        most = step.amount or MOST_OCTETS
        wanted, got = min(most, pending), 0
        while True:
            ended = self.receive_once(do, most - got, by=sock)
            if ended.error is not None or not pending:
                return ended
            count = ended.value if isinstance(ended.value, int) else len(ended.value)
            right = walk_octets(start + got, count)
            is_right = 0 < count <= wanted - got and ended.value in (count, right)
            check(is_right, expected=f"'{step}': {right!r}", actual=ended.value)
            got += count
            if got == wanted or do == "peek":
                return ended

    def end_peer(self, step: WalkStep) -> Outcome:
        assert self.peer is not None
        if step.do == "peer: shutdown":
            return self.peer.attempt("shutdown", Constant("SHUT_WR"))
        if step.do == "peer: reset":
            linger = self.tested.library("struct").do("pack", "ii", 1, 0)
            option = Constant("SOL_SOCKET"), Constant("SO_LINGER")
            self.peer.do("setsockopt", *option, linger)
        return self.peer.attempt("close")


class _DatagramWalking(Walking):
    kind = "datagram"

    def __init__(self, tested: ModuleUnderTest, model: DatagramModel) -> None:
        super().__init__(tested, model)
        self.model = model
        self.other = tested.bound_datagram("other", model.family)
        self.peer = self.other

    def connect(self, _: WalkStep) -> Outcome:
        return self.there.attempt("connect", self.other.address)

    def send(self, step: WalkStep) -> Outcome:
        data = walk_octets(self.model.sent, step.amount)
        where = (self.other.address,) if step.do == "sendto" else ()
        return self.there.attempt(step.do, data, *where)

    def peer_send(self, step: WalkStep) -> Outcome:
        data = walk_octets(self.model.came, step.amount)
        return self.other.attempt("sendto", data, self.there.address)

    def receive(self, step: WalkStep) -> Outcome:
        first = self.model.came - len(self.model.to_sock)
        ended = self.receive_once(step.do, step.amount or MOST_OCTETS)
        return self._looked_at(step, ended, first, self.model.to_sock)

    def peer_receive(self, step: WalkStep) -> Outcome:
        first = self.model.sent - len(self.model.to_peer)
        ended = self.receive_once("recv", step.amount or MOST_OCTETS, by=self.other)
        return self._looked_at(step, ended, first, self.model.to_peer)

    def _looked_at(self, step: WalkStep, ended: Outcome, first: int, pending: list[int]) -> Outcome:
        """One datagram, as much of it as was asked for."""
        if pending and ended.error is None:
            right = walk_octets(first, min(pending[0], step.amount or MOST_OCTETS))
            is_right = ended.value in (right, len(right))
            check(is_right, expected=f"'{step}': {right!r}", actual=ended.value)
        return ended


ACTIONS: Mapping[str, Action] = {
    "make": Walking.make,
    "bind": Walking.bind,
    "copy": Walking.copy,
    "connect": lambda w, step: w.connect(step),
    "accept": lambda w, step: w.accept(step) if w.kind == "stream" else w.call(step),
    "peer: come": lambda w, step: w.come(step),
    "peer: send": lambda w, step: w.peer_send(step),
    "peer: recv": lambda w, step: w.peer_receive(step),
    **dict.fromkeys(MODES, Walking.change_mode),
    **dict.fromkeys(("send", "sendall", "sendto"), lambda w, step: w.send(step)),
    **dict.fromkeys(("recv", "recv_into", "recvfrom", "peek"), lambda w, step: w.receive(step)),
    **dict.fromkeys(
        ("peer: shutdown", "peer: close", "peer: reset"), lambda w, step: w.end_peer(step)
    ),
    **dict.fromkeys(("listen", "shutdown", "getsockname", "getpeername", "close"), Walking.call),
}
