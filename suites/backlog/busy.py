"""A server that is busy and accepts nobody, so that whoever connects waits in its queue.

It handles one request at a time, and its handler stands at a gate until that is opened.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fixtures import Peers, Serve, Server, StreamPeer
from fixtures.steps import Echo, Gate, Hook, ReadLine, Step

__all__ = ["LARGE", "SMALL", "TRIED_AT_MOST", "BusyServer", "fill", "line"]

# A queue that a few clients overfill, and one that takes all of them.
SMALL, LARGE = 1, 8
# A default queue may be as long as the system allows: nobody fills that.
TRIED_AT_MOST = 40
# On Linux TCP_INFO of a listening socket tells how many wait, and how many may.
QUEUE = "server.socket.getsockopt(socket.IPPROTO_TCP, 11, 32)[24:32]"
# Elsewhere: how long a handshake over loopback may take before the queue counts as full. It ends
# inside connect() as a rule, and a full queue is not asked again for a second.
ANSWER_S = 0.25


class BusyServer:
    """A server with one client that stands at a gate, so that all others wait.

    ``size`` is its request_queue_size, None for that of the class. ``name`` tells several apart;
    ``steps`` are what its handler does after the gate.
    """

    def __init__(
        self,
        serve: Serve,
        peers: Peers,
        size: int | None,
        name: str = "busy",
        hooks: Mapping[str, Hook] = MappingProxyType({}),
        steps: Sequence[Step] = (ReadLine(), Echo()),
    ) -> None:
        attributes = {} if size is None else {"request_queue_size": size}
        self._name = name
        self._peers = peers
        self.server = serve([Gate(name), *steps], attributes=attributes, hooks=hooks)
        self._first = self._peers.stream(name).connect(self.server).send(b"first\n")
        self.server.expect_at_gate(name)

    def let_wait(self, count: int) -> list[StreamPeer]:
        """So many clients more, connected one after the other, each with its number sent.

        Raises:
            Mismatch: one was kept out. Hang: one got no answer.
        """
        clients = [self._peers.stream(f"{self._name}-{number}") for number in range(count)]
        for number, client in enumerate(clients):
            client.connect(self.server).send(line(number))
        return clients

    def fill(self, at_most: int) -> tuple[list[StreamPeer], str]:
        """Connect clients until one is kept out, as :func:`fill` does."""
        return fill(self.server, self._peers, at_most, self._name)

    def open(self) -> None:
        """Open the gate, and see the first client served."""
        self.server.open_gate(self._name)
        self._first.expect(b"first\n").expect_end()

    def serve_all(self, waiting: Sequence[StreamPeer]) -> None:
        """Open the gate, and see each client served."""
        self.open()
        for number, client in enumerate(waiting):
            client.expect(line(number)).expect_end()


def fill(
    server: Server, peers: Peers, at_most: int, name: str = "waiting"
) -> tuple[list[StreamPeer], str]:
    """Connect clients until one is kept out: those connected, and the errno name it was told.

    Each sends its number. The name is empty if ``at_most`` found room. Who is kept out gives up.
    """
    clients: list[StreamPeer] = []
    for number in range(at_most):
        client = peers.stream(f"{name}-{number}")
        ending = client.connect_at_once(server)
        if ending == "EINPROGRESS" and not _is_full(server):
            ending = _answer(client)
        if ending:
            client.close()
            return clients, ending
        clients.append(client.send(line(number)))
    return clients, ""


def line(number: int) -> bytes:
    """What the client of this number sends."""
    return b"%d\n" % number


def _is_full(server: Server) -> bool:
    """Whether the system says that the queue is full; it may not say anything."""
    outcome = server.process.do("evaluate", handle=server.handle, expression=f"bytes({QUEUE})")
    octets = outcome.value.encode("latin-1") if isinstance(outcome.value, str) else outcome.value
    if outcome.error is not None or len(octets) != 8:
        return False
    waiting, limit = struct.unpack("=II", octets)
    return bool(waiting > limit)


def _answer(client: StreamPeer) -> str:
    """What a connection under way came to: an errno name, empty if it stands."""
    if not select.select([], [client.socket], [], ANSWER_S)[1]:
        return "EINPROGRESS"
    number = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return errno.errorcode.get(number, "")
