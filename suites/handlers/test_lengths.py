"""Lines and datagrams of any length and of any octets: no limit within reach, nothing stripped."""

from __future__ import annotations

from fixtures import DatagramPeer, Fill, Serve, StreamPeer, requirement, same
from fixtures.steps import Echo, ReadToEnd

LENGTHS = (1, 4096, 8191, 8192, 8193, 65535, 65536, 65537, 1 << 20)
TELLS_LENGTHS = """
class Handler(base):
    def handle(self):
        for line in iter(self.rfile.readline, b""):
            self.wfile.write(b"%d\\n" % len(line))
"""
IN_A_SET = """
class Handler(base):
    def handle(self):
        other = base.__new__(base)
        emit("set", found=len(set([self, other, self])))
        self.wfile.write(b"done")
"""
# NULs and blanks at the ends, each octet, ends of lines.
DATAGRAMS = {
    "nul": b"\0",
    "nuls-at-the-end": b"padded\0\0\0",
    "nuls-at-the-beginning": b"\0\0padded",
    "blanks-at-the-ends": b" \t blanks \r\n\n",
    "every-octet": bytes(range(256)),
    "high-octets": b"\xff\xfe\xff",
}


@requirement("handlers/lines-of-any-length")
def test_lines_of_any_length(serve: Serve, client: StreamPeer) -> None:
    """Each line is read whole by one readline(), on one connection."""
    server = serve(source=TELLS_LENGTHS)
    client.connect(server)

    for length in LENGTHS:
        client.send(bytes(Fill(length - 1)).replace(b"\n", b"-") + b"\n")
        client.expect(b"%d\n" % length)


@requirement("handlers/handlers-can-be-in-a-set")
def test_handlers_can_be_in_a_set(serve: Serve, client: StreamPeer) -> None:
    """Two of them are two, and one that comes twice is one."""
    server = serve(source=IN_A_SET)

    client.connect(server).expect(b"done").expect_end()

    (told,) = server.process.matching("set")
    same(2, told.fields["found"], "two handlers, one of them twice, in a set")


@requirement("datagrams/octets-of-any-value", variants=DATAGRAMS)
def test_octets_of_any_value(serve: Serve, sender: DatagramPeer, variant: bytes) -> None:
    """They reach the handler as they are, and come back."""
    server = serve([ReadToEnd(), Echo()])

    sender.connect(server).send(variant)

    server.expect_read("read_to_end", variant)
    sender.expect(variant)
