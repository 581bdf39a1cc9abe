"""Sizes of datagrams at their limits: the largest, one that is too large, and no room at all."""

from __future__ import annotations

import socket
from typing import Any

from fixtures import Construct, DatagramPeer, Fill, Observe, Peers, Serve, ServerSpec, requirement
from fixtures.steps import Echo, ReadLine, ReadToEnd, RecordCall, Run, When

# Of UDP: 65535 without its header, and over IPv4 without that one's either.
LARGEST_OCTETS = {"inet": 65507, "inet6": 65527}
SEND_BUFFER = "self.request[1].getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)"
# More than a Unix socket's buffer needs for itself.
OVERHEAD_OCTETS = 1024
WITHOUT_ROOM: dict[str, int] = {"zero": 0, "negative": -1}


@requirement("datagrams/largest-datagram")
def test_largest_datagram_comes_back_whole(
    serve: Serve, spec: ServerSpec, sender: DatagramPeer
) -> None:
    """The largest datagram of the protocol, or of the sender's buffer, is echoed whole."""
    server = serve([ReadToEnd(), Echo()], attributes={"max_packet_size": 1 << 20})
    sender.connect(server)
    buffer_octets = sender.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    largest = Fill(LARGEST_OCTETS.get(spec.family, buffer_octets - OVERHEAD_OCTETS))

    sender.send(largest)

    server.expect_read("read_to_end", largest)
    sender.expect(largest)


@requirement("datagrams/oversized-reply-leaves-server-serving")
def test_reply_that_is_too_large(
    serve: Serve, spec: ServerSpec, peers: Peers, observe: Observe
) -> None:
    """After a reply of one octet more than can be sent, the next client is answered."""
    limit = LARGEST_OCTETS.get(spec.family, SEND_BUFFER)
    too_much = Run(f"self.wfile.write(b'x' * ({limit} + 1))")
    server = serve(
        [ReadLine(), When(b"too much", [too_much]), When(b"go on", [Echo()])],
        hooks={"handle_error": RecordCall()},
    )
    greedy = peers.datagram("greedy").connect(server).send(b"too much\n")

    peers.datagram("next").connect(server).send(b"go on\n").expect(b"go on\n")

    server.stop()
    observe("reply too large: handle_error", [error.name for error in server.errors_handled()])
    observe("reply too large: datagrams received", len(greedy.arrived()))


@requirement("datagrams/zero-or-negative-max-packet-size", variants=WITHOUT_ROOM)
def test_server_without_room_for_a_datagram(
    construct: Construct, sender: DatagramPeer, variant: Any, observe: Observe
) -> None:
    """A datagram comes to a server that has left no room for one."""
    server = construct([ReadToEnd(), Echo()], attributes={"max_packet_size": variant})
    sender.connect(server).send(b"a request\n")

    outcome = server.attempt("handle_request")

    server.fence()
    read = [event.fields.get("octets") for event in server.process.matching("step")]
    observe("handle_request() raises", outcome.error.name if outcome.error else "")
    observe("what the handler reads", read[0].get("text") if read and read[0] else None)
    observe("datagrams received", sender.arrived())
