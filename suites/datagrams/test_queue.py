"""Datagrams that wait: for a loop that does not run yet, for a busy handler, and too many."""

from __future__ import annotations

import itertools
import socket

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    DatagramPeer,
    Inconclusive,
    Observe,
    Peers,
    Serve,
    Server,
    ServerSpec,
    check,
    octets,
    requirement,
    same,
)
from fixtures.steps import Echo, Gate, ReadLine, ReadToEnd, RecordCall, Reply

SENDERS = 12
# Datagrams: more than the smallest buffers that the system gives have room for.
FLOOD = 40
SMALLEST_BUFFER = "server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)"
NOTHING_WAITS = "not native('select')([server.socket], [], [], 0)[0]"
UNREAD_REPLIES_MAX = 600
SEND_TIMEOUT_S = 0.05


@requirement("datagrams/many-senders-get-their-own")
def test_many_senders_get_their_own(serve: Serve, peers: Peers) -> None:
    """A dozen clients send one after the other, and only then read: each reads its own."""
    server = serve([ReadLine(), Echo()])
    clients = [peers.datagram(f"peer-{number}").connect(server) for number in range(SENDERS)]

    for number, client in enumerate(clients):
        client.send(b"from number %d\n" % number)

    for number, client in enumerate(clients):
        client.expect(b"from number %d\n" % number)


@requirement("datagrams/waiting-datagrams-are-served-in-order")
def test_waiting_datagrams_are_served_in_order(construct: Construct, sender: DatagramPeer) -> None:
    """Two datagrams come before the loop runs and three during the first: served 1 to 5."""
    payloads = [b"%d\n" % number for number in range(1, 6)]
    server = construct([ReadLine(), Gate("busy"), Echo()])
    sender.connect(server).send(payloads[0]).send(payloads[1])
    server.spawn("serve_forever", POLL_INTERVAL_S)
    server.expect_at_gate("busy")
    for payload in payloads[2:]:
        sender.send(payload)

    server.open_gate("busy")

    for payload in payloads:
        sender.expect(payload)


@requirement("datagrams/queue-overflow-leaves-server-serving")
def test_overflow_loses_only_what_came_too_late(
    construct: Construct, spec: ServerSpec, sender: DatagramPeer, observe: Observe
) -> None:
    """Of a flood that no buffer holds the first datagrams are handled, in order; later ones too."""
    server = construct([ReadToEnd()], base="BaseRequestHandler")
    server.execute(SMALLEST_BUFFER)
    sender.connect(server)
    if spec.is_unix:  # there, the sender's buffer is what datagrams wait in
        sender.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    taken, refusal = _flood(sender)

    server.spawn("serve_forever", POLL_INTERVAL_S)

    server.expect_true(NOTHING_WAITS)
    sender.send(b"last")
    server.process.wait_events(1, "step", do="read_to_end", octets=octets(b"last"))
    handled = _handled(server)
    if handled == [*taken, b"last"] and not refusal:
        raise Inconclusive(f"{FLOOD} datagrams do not fill the smallest buffer")
    same(taken[: len(handled) - 1], handled[:-1], "the datagrams handled, in order")
    check(len(handled) > 1, expected="at least one of the flood is handled", actual=handled)
    if refusal:  # then nothing was dropped on the way, either
        same(taken, handled[:-1], "those that were taken, and those that are handled")
    observe("too many datagrams: what the sender is told", refusal)


def _flood(sender: DatagramPeer) -> tuple[list[bytes], str]:
    """The datagrams that were taken, until one was refused: and by which errno, if any."""
    payloads = [b"%d" % number for number in range(FLOOD)]
    results = ((payload, sender.send_at_once(payload)) for payload in payloads)
    taken: list[bytes] = []
    for payload, refusal in results:
        if refusal:
            return taken, refusal
        taken.append(payload)
    return taken, ""


def _handled(server: Server) -> list[bytes]:
    reads = server.process.matching("step", do="read_to_end")
    return [read.fields["octets"]["text"].encode() for read in reads if "octets" in read.fields]


@requirement("datagrams/client-that-never-reads")
def test_replies_to_a_client_that_never_reads(
    serve: Serve, spec: ServerSpec, peers: Peers, observe: Observe
) -> None:
    """A client sends until a reply fails, or is dropped; then another client asks."""
    server = serve([ReadLine(), Reply(b"never read")], hooks={"handle_error": RecordCall()})
    server.execute(f"server.socket.settimeout({SEND_TIMEOUT_S})")
    deaf = peers.datagram("deaf").connect(server)
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    requests = UNREAD_REPLIES_MAX if spec.is_unix else FLOOD
    numbers = itertools.takewhile(lambda _: not server.errors_handled(), range(1, requests + 1))

    count = 0
    for count in numbers:
        deaf.send(b"reply to me\n")
        server.expect_handled(count)

    other = peers.datagram("other").connect(server).send(b"and to me\n")
    server.expect_handled(count + 1)
    server.stop()
    kinds = {error.name for error in server.errors_handled()}
    observe("reply to a full queue, with a timeout: handle_error", sorted(kinds))
    observe("reply to a full queue: another client gets", other.arrived())
