"""Whose a request is: of the listening socket that is there now, and of its own server."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, Peers, Serve, requirement, same
from fixtures.steps import Echo, ReadLine, Report

LINE = b"x\n"
ECHO_LINE = [ReadLine(), Echo()]


@requirement("dispatch/socket-put-there-later")
def test_socket_put_there_later_is_asked(construct: Construct, peers: Peers) -> None:
    """A server that has been given another listening socket serves at that one's address."""
    server, other = construct(ECHO_LINE), construct(ECHO_LINE)
    other.execute("others_socket, other = server.socket, server")

    server.execute("server.socket.close(); server.socket = others_socket")
    server.spawn("serve_forever", POLL_INTERVAL_S)

    peers().connect(other).send(b"x\n").expect(b"x\n").expect_end()


@requirement("dispatch/handler-gets-its-own-server")
def test_handler_has_the_server_of_its_request(serve: Serve, peers: Peers) -> None:
    """Of two servers, each is that of the handlers of its own requests, whichever was made last."""
    servers = [serve([ReadLine(), Report({"server": "id(self.server)"}), Echo()]) for _ in "ab"]

    for number, server in enumerate(servers, 1):
        peers().connect(server).send(LINE).expect(LINE).expect_end()
        told = server.expect_report(number)["server"]
        same(server.evaluate("id(server)"), told, "the server that a handler has")
