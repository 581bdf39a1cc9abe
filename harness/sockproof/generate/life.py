"""The life of a server, and of clients meanwhile: its steps as data, and the model that says which
of them are legal when, and who is answered by each.

Steps of the server: it is constructed (whole, or unbound), bound, activated, its loop is started,
shut down, and started again, handle_request() is called, the server is closed and opened anew at
the same address. Steps of clients: one asks at once; one connects and holds the connection without
a word, to speak or to leave later. The end of a life is not among its steps: those who hold a
connection speak, the loop is shut down, the server closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sockproof.generate.client_plan import Playable
from sockproof.spec.matrix import ServerSpec

__all__ = [
    "HELD_MAX",
    "OF_NEW_CLIENTS",
    "OF_SILENT_CLIENTS",
    "STEPS",
    "Client",
    "Life",
    "LifeModel",
    "LifeStep",
]

# Clients in the queue: no more than the smallest default of request_queue_size lets wait.
WAITING_MAX = 4
HELD_MAX = 2


@dataclass(frozen=True)
class LifeStep:
    """One step; ``client`` counts from 1, and is 0 for what the server is made to do."""

    do: str
    client: int = 0

    def __str__(self) -> str:
        return f"client {self.client}: {self.do}" if self.client else self.do


@dataclass(frozen=True)
class Life(Playable):
    """The life of a server."""

    moves: tuple[LifeStep, ...]

    @property
    def size(self) -> tuple[int, ...]:
        """Steps, and clients."""
        return len(self.moves), max((step.client for step in self.moves), default=0)

    def words(self) -> list[str]:
        return [self.spec, *map(str, self.moves)]


@dataclass
class Client:
    """``spoken``: it has sent its line and ended its sending. ``served``: a handler is at it, or
    was. ``left``: it went without a word. ``dropped``: the server was closed while it waited.
    ``uncertain``: it waits, or has been served instead of another.
    """

    number: int
    spoken: bool
    served: bool = False
    left: bool = False
    dropped: bool = False
    uncertain: bool = False

    @property
    def line(self) -> bytes:
        """What it says, and is answered by."""
        return b"client %d\n" % self.number

    @property
    def answered(self) -> bool:
        return self.served and self.spoken

    @property
    def is_silent(self) -> bool:
        """It may still speak."""
        return not (self.spoken or self.left)

    @property
    def holds(self) -> bool:
        """It is at a handler that waits for it."""
        return self.served and self.is_silent


@dataclass
class LifeModel:
    """Where a server stands in its life. ``phase`` is one of "made", "bound", "listening" and
    "closed"; ``loop`` one of "", "runs" and "ends", when shutdown() waits for a handler.

    ``queue`` are the clients that wait to be served, first come first. ``close_waits``: from Python
    3.7 on server_close() waits for children, which hold the listener as long as they live.

    No document says whether a loop that is told to end during a request still serves those who
    wait. ``takes_next`` says, where a life is played, whether it goes on to one more of them rather
    than to its end; without it they are ``uncertain``, and legal is what is so in either case.
    """

    spec: ServerSpec
    close_waits: bool = True
    takes_next: Callable[[LifeModel], bool] | None = None
    phase: str = ""
    loop: str = ""
    clients: dict[int, Client] = field(default_factory=dict)
    queue: list[Client] = field(default_factory=list)

    @property
    def in_turn(self) -> bool:
        return self.spec.mixin == "none"

    @property
    def held(self) -> list[Client]:
        return [client for client in self.clients.values() if client.holds]

    @property
    def silent(self) -> list[Client]:
        """Those who have said nothing so far, at a handler or waiting for one."""
        return [c for c in self.clients.values() if c.is_silent and not c.dropped]

    @property
    def perhaps_first(self) -> list[Client]:
        """Those of whom one is the next to be served; the uncertain are ahead of all others."""
        uncertain = sum(client.uncertain for client in self.queue)
        return self.queue[: uncertain + 1]

    @property
    def is_gone(self) -> bool:
        """The server is closed, and nobody has its listener any more."""
        known = self.close_waits or self.spec.mixin != "Forking"
        return self.phase == "closed" and not self.silent and known

    @property
    def starts(self) -> int:
        """Handlers that have been started so far."""
        return sum(client.served for client in self.clients.values())

    @property
    def takes_clients(self) -> bool:
        """A datagram server takes datagrams once it is bound."""
        bound = self.phase == "listening" or (self.phase == "bound" and not self.spec.is_stream)
        return bound and len(self.queue) < WAITING_MAX

    @property
    def may_hold(self) -> bool:
        return self.takes_clients and self.spec.is_stream and len(self.silent) < HELD_MAX

    @property
    def may_serve(self) -> bool:
        return self.phase == "listening" and not self.loop

    @property
    def may_serve_one(self) -> bool:
        """handle_request() of a server without mixin would wait for a client that says nothing."""
        silent = any(client.is_silent for client in self.perhaps_first)
        return self.may_serve and not (self.in_turn and silent)

    def legal(self, do: str) -> bool:
        """Whether a step may be taken now, and all of what must come of it is determined."""
        is_legal, _ = STEPS[do]
        return bool(is_legal(self))

    def take(self, step: LifeStep) -> list[Client]:
        """A step is taken: the clients that must have been answered when it is done."""
        before = [client.number for client in self.clients.values() if client.answered]
        _, becomes = STEPS[step.do]
        becomes(self, step.client)
        if self.loop == "runs":
            self._serve_queue()
        if self.loop == "ends":
            self._end_loop()
        return [c for c in self.clients.values() if c.answered and c.number not in before]

    def _serve_queue(self) -> None:
        while self.queue and not (self.in_turn and self.held):
            self.queue.pop(0).served = True

    def _end_loop(self) -> None:
        known = self.takes_next is not None
        while self.queue and not self.held and self.takes_next and self.takes_next(self):
            self.queue.pop(0).served = True
        if self.held or (not known and any(client.is_silent for client in self.queue)):
            return
        self.loop = ""
        for client in self.queue:
            client.uncertain = not known

    def come(self, number: int, *, spoken: bool) -> None:
        client = self.clients[number] = Client(number, spoken)
        self.queue.append(client)

    def serve_one(self) -> None:
        perhaps_first = self.perhaps_first
        for client in perhaps_first:
            client.uncertain = len(perhaps_first) > 1
        if self.queue:
            self.queue.pop(0).served = True

    def shut_down(self) -> None:
        """The loop goes on to its end with the handler it is at, where it waits for handlers."""
        self.loop = "ends" if self.in_turn and self.held else ""

    def close(self) -> None:
        """Those who wait are not answered any more; those at handlers are."""
        self.phase = "closed"
        for client in self.queue:
            client.dropped = True
        self.queue.clear()


def _becomes(**state: str) -> Callable[[LifeModel, int], None]:
    return lambda model, _client: vars(model).update(state)


def _is_open(model: LifeModel) -> bool:
    return model.phase not in ("", "closed") and not model.loop


# When each step is legal, and what becomes of the model by it, given the client's number.
STEPS: Mapping[str, tuple[Callable[[LifeModel], object], Callable[[LifeModel, int], object]]] = {
    "construct": (lambda m: not m.phase, _becomes(phase="listening")),
    "construct unbound": (lambda m: not m.phase, _becomes(phase="made")),
    "server_bind()": (lambda m: m.phase == "made", _becomes(phase="bound")),
    "server_activate()": (lambda m: m.phase == "bound", _becomes(phase="listening")),
    "serve_forever()": (lambda m: m.may_serve, _becomes(loop="runs")),
    "handle_request()": (lambda m: m.may_serve_one, lambda m, _: m.serve_one()),
    "shutdown()": (lambda m: m.loop == "runs", lambda m, _: m.shut_down()),
    "server_close()": (_is_open, lambda m, _: m.close()),
    "reopen": (lambda m: m.is_gone, _becomes(phase="listening")),
    "find nobody": (lambda m: m.is_gone and m.spec.is_stream, _becomes()),
    "ask": (lambda m: m.takes_clients, lambda m, n: m.come(n, spoken=True)),
    "hold": (lambda m: m.may_hold, lambda m, n: m.come(n, spoken=False)),
    "speak": (lambda m: m.silent, lambda m, n: setattr(m.clients[n], "spoken", True)),
    "leave": (lambda m: m.silent, lambda m, n: setattr(m.clients[n], "left", True)),
}
# Steps of a client that comes with it, and of one that has said nothing so far.
OF_NEW_CLIENTS, OF_SILENT_CLIENTS = ("ask", "hold"), ("speak", "leave")
