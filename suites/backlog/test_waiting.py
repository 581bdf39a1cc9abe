"""Clients that wait in the queue of a server which is busy and accepts nobody.

The server handles one request at a time and its handler stands at a gate: until that is opened,
whoever connects stays in the queue.
"""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Sequence

from fixtures import Inconclusive, Observe, Peers, Serve, StreamPeer, check, requirement
from sockproof.peer.script import Echo, Gate, ReadLine

SMALL, LARGE = 1, 8
TRIED_AT_MOST = 40
"""A default queue may be as long as the system allows: nobody fills that."""
ANSWER_S = 0.25
"""How long a handshake over loopback may take before the queue counts as full. It ends inside
connect() as a rule, and a full queue is not asked again for a second."""


class BusyServer:
    """A server with one client that stands at a gate, so that all others wait.

    ``size`` is its request_queue_size, None for that of the class. ``name`` tells several apart.
    """

    def __init__(self, serve: Serve, peers: Peers, size: int | None, name: str = "busy") -> None:
        attributes = {} if size is None else {"request_queue_size": size}
        self._name = name
        self._peers = peers
        self.server = serve([Gate(name), ReadLine(), Echo()], attributes=attributes)
        self._first = self._peers.stream(name).connect(self.server).send(b"first\n")
        self.server.expect_at_gate(name)

    def let_wait(self, count: int) -> list[StreamPeer]:
        """So many clients more, connected one after the other, each with its number sent.

        Raises:
            Mismatch: one was kept out. Hang: one got no answer.
        """
        clients = [self._peers.stream(f"{self._name}-{number}") for number in range(count)]
        for number, client in enumerate(clients):
            client.connect(self.server).send(_line(number))
        return clients

    def fill(self, at_most: int) -> tuple[list[StreamPeer], str]:
        """Connect clients until one is kept out: those connected, and the errno name it was told.

        The name is empty if ``at_most`` found room. Who is kept out gives up.
        """
        clients: list[StreamPeer] = []
        for number in range(at_most):
            client = self._peers.stream(f"{self._name}-{number}")
            told = client.connect_at_once(self.server)
            if told == "EINPROGRESS":
                told = _answer(client)
            if told:
                client.close()
                return clients, told
            clients.append(client.send(_line(number)))
        return clients, ""

    def serve_all(self, waiting: Sequence[StreamPeer]) -> None:
        """Open the gate, and see each client served."""
        self.server.open_gate(self._name)
        self._first.expect(b"first\n").expect_end()
        for number, client in enumerate(waiting):
            client.expect(_line(number)).expect_end()


@requirement("backlog/request-queue-size-waits", variants={"default": None, "of-a-subclass": 3})
def test_waiting_clients_are_served(serve: Serve, peers: Peers, variant: int | None) -> None:
    """As many clients as request_queue_size says connect to a busy server, and are served then."""
    busy = BusyServer(serve, peers, variant)
    size = busy.server.evaluate("server.request_queue_size")

    waiting = busy.let_wait(min(size, TRIED_AT_MOST))

    busy.serve_all(waiting)


@requirement("backlog/queue-size-reaches-listen")
def test_larger_queue_lets_more_wait(serve: Serve, peers: Peers) -> None:
    """A queue of one keeps some of eight clients out, and a queue of eight keeps none out."""
    small = BusyServer(serve, peers, SMALL, "small")
    large = BusyServer(serve, peers, LARGE, "large")

    in_small, _ = small.fill(at_most=LARGE)
    in_large = large.let_wait(LARGE)

    check(
        len(in_small) < LARGE,
        expected=f"fewer than {LARGE} clients wait where request_queue_size is {SMALL}",
        actual=f"{len(in_small)} wait",
    )
    small.serve_all(in_small)
    large.serve_all(in_large)


@requirement("backlog/overflow-recovers")
def test_server_recovers_from_overflow(serve: Serve, peers: Peers) -> None:
    """Those who found room in a queue that ran over are served, and so is who comes after."""
    busy = BusyServer(serve, peers, SMALL)

    waiting, told = busy.fill(at_most=LARGE)
    if not told:
        raise Inconclusive(f"a queue of {SMALL} took {LARGE} clients")

    busy.serve_all(waiting)
    peers("late").connect(busy.server).send(b"late\n").expect(b"late\n").expect_end()


@requirement("backlog/backlog-drains-in-order")
def test_order_of_waiting_clients_is_recorded(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Clients that connected one after the other are served in an order that is recorded."""
    busy = BusyServer(serve, peers, LARGE)

    busy.serve_all(busy.let_wait(LARGE))

    read = busy.server.expect_step("read_line", count=1 + LARGE)
    lines = [event.fields["octets"]["text"].strip() for event in read]
    observe("served in this order", lines[1:])


@requirement(
    "backlog/capacity",
    variants={"queue-of-0": 0, "queue-of-1": 1, "queue-of-5": 5, "default": None},
)
def test_capacity_is_recorded(
    serve: Serve, peers: Peers, observe: Observe, variant: int | None
) -> None:
    """How many clients connect to a busy server, and what the first one too many is told."""
    busy = BusyServer(serve, peers, variant)

    waiting, told = busy.fill(at_most=TRIED_AT_MOST)

    observe("request_queue_size", busy.server.evaluate("server.request_queue_size"))
    observe("waiting", len(waiting) if told else f"{TRIED_AT_MOST} or more")
    observe("the next one", told)
    busy.serve_all(waiting)


def _line(number: int) -> bytes:
    return b"%d\n" % number


def _answer(client: StreamPeer) -> str:
    """What a connection under way came to: an errno name, empty if it stands."""
    if not select.select([], [client.socket], [], ANSWER_S)[1]:
        return "EINPROGRESS"
    number = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return errno.errorcode.get(number, "")
