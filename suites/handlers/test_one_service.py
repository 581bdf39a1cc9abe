"""One service for streams and datagrams, whose handle() knows nothing of either."""

from __future__ import annotations

from fixtures import Peers, Serve, ServerSpec, requirement

_SERVICE = """
class Service:
    def handle(self):
        line = self.rfile.readline()
        self.wfile.write(line.upper())
        self.wfile.write(b"at your service")

class Handler(Service, base):
    pass
"""
_OF_DATAGRAMS = """
class Server(find({name!r})):
    pass
"""
_DATAGRAM_SERVERS = {"TCP": "UDPServer", "UnixStream": "UnixDatagramServer"}


@requirement("handlers/one-service-for-streams-and-datagrams")
def test_one_service_behind_two_servers(serve: Serve, peers: Peers, spec: ServerSpec) -> None:
    """A stream and a datagram server of one process answer a line alike, one after the other and
    while the other has a client."""
    of_streams = serve(source=_SERVICE, base="StreamRequestHandler")
    of_datagrams = serve(
        source=_SERVICE,
        base="DatagramRequestHandler",
        class_source=_OF_DATAGRAMS.format(name=_DATAGRAM_SERVERS[spec.kind]),
    )
    sender = peers.datagram().connect(of_datagrams)
    client = peers.stream().connect(of_streams)

    sender.send(b"by datagram\n").expect(b"BY DATAGRAM\nat your service")
    client.send(b"by stream\n").expect_reply(b"BY STREAM\nat your service")
    sender.send(b"once more\n").expect(b"ONCE MORE\nat your service")
