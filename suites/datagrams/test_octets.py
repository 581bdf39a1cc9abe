"""Datagrams of any octets: nothing is stripped, and nothing ends them."""

from __future__ import annotations

from fixtures import DatagramPeer, Serve, requirement
from fixtures.steps import Echo, ReadToEnd

# NULs and blanks at the ends, each octet, ends of lines.
DATAGRAMS = {
    "nul": b"\0",
    "nuls-at-the-end": b"padded\0\0\0",
    "nuls-at-the-beginning": b"\0\0padded",
    "blanks-at-the-ends": b" \t blanks \r\n\n",
    "every-octet": bytes(range(256)),
    "high-octets": b"\xff\xfe\xff",
}


@requirement("datagrams/octets-of-any-value", variants=DATAGRAMS)
def test_octets_of_any_value(serve: Serve, sender: DatagramPeer, variant: bytes) -> None:
    """They reach the handler as they are, and come back."""
    server = serve([ReadToEnd(), Echo()])

    sender.connect(server).send(variant)

    server.expect_read("read_to_end", variant)
    sender.expect(variant)
