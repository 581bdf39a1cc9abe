"""Plays a plan of interleaved clients on a server: nobody waits long as long as others have
something to do, so that it can also be played on one that serves one after the other."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from sockproof.check.scene import Scene
from sockproof.check.service.admission import Admission
from sockproof.check.service.attempts import told_of
from sockproof.check.service.beside import DAWDLES_S
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.departing import WAYS_OUT
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.mix_plan import LEAVES, Mix, MixMove, path_of
from sockproof.judge.checks import Hang, Mismatch
from sockproof.timing import scale

__all__ = ["MixPlaying"]

# How long anything is waited for while others have something to do, at first, and once somebody has
# waited in vain.
_SOON_S, _BLOCKED_S = 0.3, 0.02
_PARTS_WITHIN_S = 0.1


class MixPlaying:
    """One plan on the server of a scene; any answer may take ``bound_s``. ``let_go`` are those who
    took long themselves, and were not answered."""

    def __init__(self, exchanges: Exchanges, scene: Scene, mix: Mix, bound_s: float) -> None:
        self._exchanges, self._scene, self._bound_s = exchanges, scene, bound_s
        self._mix, self._soon_s = mix, _SOON_S * scale()
        paths = (path_of(exchanges, names) for names in mix.clients)
        self._clients = [
            _MixedClient(scene, number, path, bound_s) for number, path in enumerate(paths, 1)
        ]
        self._come: list[_MixedClient] = []
        self.let_go = 0

    def play(self) -> None:
        """All moves in their order; what cannot be made soon is made when all others are through.

        Raises:
            Mismatch, Hang: somebody gets another answer than its own, or none.
        """
        for move in self._mix.moves:
            client = self._clients[move.client - 1]
            if client not in self._come:
                self._come.append(client)
            if client.pending or not self._makes(client, move, self._soon_s):
                client.pending.append(move)
                self._soon_s = min(self._soon_s, _BLOCKED_S * scale())
        for client in self._come:
            self._ends(client)
        with told_of("the next one"):
            caller = call_up(self._scene, self._bound_s, [], "next client")
            caller.have(self._exchanges.firsts[0])
        _part(caller)

    def _makes(self, client: _MixedClient, move: MixMove, soon_s: float) -> bool:
        """Whether it could be made within so many seconds."""
        try:
            with told_of(client.who):
                return client.makes(move, soon_s)
        except _LetGo:
            self.let_go += 1
            return True

    def _ends(self, client: _MixedClient) -> None:
        """It makes what it could not, and ends what it has begun."""
        moves = [*client.pending, *client.last_moves()]
        for move in moves:
            if not self._makes(client, move, self._bound_s) and not client.is_kept_out:
                with told_of(client.who):
                    raise Hang(*client.missed)
        client.part()


def _part(caller: Caller) -> None:
    """Leave so that the server has seen it, if it is quick: others who come later are others."""
    if caller.address.is_stream:
        caller.half_close()
        caller.peer.socket.settimeout(_PARTS_WITHIN_S)
        while isinstance(caller.stream.receive_some(), bytes):
            pass
    caller.peer.close()


class _LetGo(Exception):
    """A client was let go, as it may be."""


class _MixedClient:
    """One of them; it comes with its first move."""

    def __init__(self, scene: Scene, number: int, path: Sequence[Exchange], bound_s: float) -> None:
        self.who, self.pending = f"client {number}", deque[MixMove]()
        self._scene, self._bound_s = scene, bound_s
        self._path = [exchange.of_client(number) for exchange in path]
        self._caller: Caller | None = None
        self._admission: Admission | None = None
        self._at = self._said = 0
        self._is_gone = self.is_kept_out = False
        # What it has waited for in vain, and what it got.
        self.missed = ("its answer", "nothing")
        self._began_s = self._ended_s = 0.0

    @property
    def _exchange(self) -> Exchange:
        return self._path[self._at]

    def makes(self, move: MixMove, soon_s: float) -> bool:
        """Make a move: whether that could be done so soon.

        Raises:
            Mismatch: it gets another answer, or an end instead of one. _LetGo: it took too long
                itself.
        """
        if self._is_gone or not self._has_come():
            return True
        if move.do in LEAVES:
            self.leave(move.do)
            return True
        if move.do == "send":
            self._say(move.octets, soon_s)
            return True
        return self._hears(soon_s)

    def last_moves(self) -> list[MixMove]:
        """What ends the exchange that it is at."""
        pending = self.pending
        if self._is_gone or any(move.do in LEAVES for move in pending):
            return []
        return [MixMove("send", 0), MixMove("hear", 0)]

    def part(self) -> None:
        """It has had all, and leaves."""
        if self._caller and not self._is_gone:
            _part(self._caller)
        self._is_gone = True

    def leave(self, how: str) -> None:
        """Whatever it would get."""
        if self._caller and not self._is_gone:
            if how == "half-close":
                self._caller.half_close()
            else:
                WAYS_OUT[how](self._caller)
        self._is_gone = True

    def _has_come(self) -> bool:
        """It comes, unless it has; whoever is kept out is gone."""
        if self._caller is None:
            try:
                self._caller = Caller(self._scene, self._bound_s, self.who)
            except Hang:
                self.is_kept_out = self._is_gone = True
                return False
            self._admission = Admission(self._caller)
            self._began_s = time.monotonic()
        return True

    def _say(self, octets: int, soon_s: float) -> None:
        assert self._caller
        request = self._exchange.request if self._at < len(self._path) else b""
        piece = request[self._said : self._said + octets] if octets else request[self._said :]
        if not piece:
            return
        self._began_s = self._began_s if self._said else time.monotonic()
        self._caller.send(piece)
        self._said += len(piece)
        self._ended_s = time.monotonic()
        if self._said == len(request) and self._exchange.half_closes:
            self._caller.half_close()
        if self._caller.address.is_stream:
            self._caller.let_read(min(soon_s, _SOON_S))

    def _hears(self, soon_s: float) -> bool:
        """Whether its answer comes so soon; none if it has not begun to ask."""
        assert self._caller
        assert self._admission
        if self._at == len(self._path) or self._said < len(self._exchange.request):
            return True
        self._caller.peer.socket.settimeout(soon_s)
        was_in = self._admission.look() is not None
        try:
            self._caller.hear(self._exchange)
        except Hang as problem:
            self.missed = problem.expected, problem.actual
            self.is_kept_out = not was_in  # while it waited; it may have been let in just now
            return False
        except Mismatch:
            is_late = self._ended_s - self._began_s > DAWDLES_S * scale()
            self._is_gone = True
            if self._caller.has_part or not is_late:
                raise
            raise _LetGo from None
        self._at, self._said = self._at + 1, 0
        return True
