"""Lines of any length, and handlers that are kept: no limit within reach."""

from __future__ import annotations

from fixtures import Fill, Serve, StreamPeer, requirement, same

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
