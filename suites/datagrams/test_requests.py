"""Datagrams as requests: one each, whole, up to max_packet_size."""

from __future__ import annotations

from typing import Any

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    DatagramPeer,
    Fill,
    Observe,
    Serve,
    Server,
    octets,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadToEnd, Reply

# Attributes of a server class, by the name of the variant.
LIMITS: dict[str, dict[str, Any]] = {
    "default": {},
    "lowered": {"max_packet_size": 100},
    "one": {"max_packet_size": 1},
}


@requirement("datagrams/one-datagram-one-request")
def test_every_datagram_is_one_request(serve: Serve, sender: DatagramPeer) -> None:
    """Three datagrams are three requests, each handled once with its own payload."""
    payloads = [b"first\n", b"second\n", b"third\n"]
    server = serve([ReadToEnd(), Echo()])
    sender.connect(server)

    for payload in payloads:
        sender.send(payload)

    replies = sorted(sender.receive()[0] for _ in payloads)
    server.stop()
    same(sorted(payloads), replies, "the replies in any order")
    same(len(payloads), server.phases().count("handle"), "the number of requests handled")


@requirement("datagrams/boundaries-are-kept")
def test_waiting_datagrams_stay_apart(
    construct: Construct, sender: DatagramPeer, observe: Observe
) -> None:
    """Datagrams of many sizes that wait for the loop together are read as they were sent."""
    payloads = [bytes(Fill(size, seed=size)) for size in (1, 700, 2, 64, 1500)]
    server = construct([ReadToEnd()])
    sender.connect(server)
    for payload in payloads:
        sender.send(payload)

    server.spawn("serve_forever", POLL_INTERVAL_S)

    steps = server.expect_step("read_to_end", len(payloads))
    read = [step.fields.get("octets", {}) for step in steps]
    wanted = map(octets, payloads)
    same(sorted(wanted, key=_length), sorted(read, key=_length), "the requests by their length")
    observe("octets of the requests, as they were handled", [_length(payload) for payload in read])


def _length(payload: dict[str, Any]) -> int:
    return int(payload.get("length", -1))


@requirement("datagrams/empty-datagram-is-a-request")
def test_empty_datagram_is_handled(serve: Serve, sender: DatagramPeer) -> None:
    """A datagram without octets is handled and can be answered."""
    server = serve([ReadToEnd(), Reply(b"nothing received")])

    sender.connect(server).send(b"").expect(b"nothing received")

    server.expect_read("read_to_end", b"")


@requirement("datagrams/max-packet-size-truncates", variants=LIMITS)
def test_longer_datagram_is_cut(
    serve: Serve, sender: DatagramPeer, variant: dict[str, Any], observe: Observe
) -> None:
    """Of a datagram above max_packet_size the handler gets the first max_packet_size octets."""
    server = serve([ReadToEnd()], attributes=variant)
    limit_octets = _limit_octets(server)

    sender.connect(server).send(Fill(limit_octets + 50))

    server.expect_read("read_to_end", Fill(limit_octets))
    observe("max_packet_size", limit_octets)


@requirement("datagrams/datagram-of-max-packet-size-is-whole", variants=LIMITS)
def test_longest_datagram_is_whole(
    serve: Serve, sender: DatagramPeer, variant: dict[str, Any]
) -> None:
    """A datagram of exactly max_packet_size octets loses none of them."""
    server = serve([ReadToEnd()], attributes=variant)
    longest = Fill(_limit_octets(server))

    sender.connect(server).send(longest)

    server.expect_read("read_to_end", longest)


@requirement("datagrams/datagram-after-truncation-is-intact")
def test_remainder_of_a_cut_datagram_is_gone(serve: Serve, sender: DatagramPeer) -> None:
    """The request after one that was cut is the next datagram, and nothing else comes."""
    server = serve([ReadToEnd(), Echo()], attributes={"max_packet_size": 100})

    sender.connect(server).send(Fill(250)).send(b"the next one")

    sender.expect(Fill(100)).expect(b"the next one")
    server.stop()
    same(2, server.phases().count("handle"), "the number of requests handled")


@requirement("datagrams/large-datagram")
def test_raised_limit_lets_larger_datagrams_in(serve: Serve, sender: DatagramPeer) -> None:
    """A datagram of four times the default limit is whole once a subclass has raised the limit."""
    server = serve([ReadToEnd()], attributes={"max_packet_size": 65536})
    default_octets = server.evaluate("socketserver.UDPServer.max_packet_size")
    large = Fill(4 * default_octets)

    sender.connect(server).send(large)

    server.expect_read("read_to_end", large)


def _limit_octets(server: Server) -> int:
    return int(server.evaluate("server.max_packet_size"))
