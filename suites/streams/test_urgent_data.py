"""Out-of-band data: TCP's urgent octet, which is apart from the stream."""

from __future__ import annotations

from fixtures import Observe, Peers, Serve, Server, StreamPeer, observable, requirement
from fixtures.steps import Attempt, Echo, Gate, ReadLine, Run

URGENT = b"!"
UNTIL_URGENT = Run("import select; select.select([], [], [self.request])")
RECEIVE_URGENT = Attempt(["bytearray(self.request.recv(9, socket.MSG_OOB))"])
INLINE = Run("self.request.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)")


@requirement("streams/out-of-band-octet")
def test_urgent_octet_is_apart(serve: Serve, peers: Peers, observe: Observe) -> None:
    """rfile reads a line without the urgent octet in it, and the next client's line whole."""
    server = serve([ReadLine(), Echo()])

    _send_with_urgent(peers.stream().connect(server)).expect_reply(b"before after\n")
    peers.stream().connect(server).send(b"next\n").expect_reply(b"next\n")

    server.expect_read("read_line", b"before after\n", b"next\n")
    _observe_urgent(serve([UNTIL_URGENT, RECEIVE_URGENT, ReadLine()]), peers, observe)
    _observe_inline(serve([INLINE, Gate("inline"), ReadLine()]), peers, observe)


def _send_with_urgent(client: StreamPeer) -> StreamPeer:
    client.send(b"before ")
    client.send_urgent(URGENT)
    return client.send(b"after\n")


def _observe_urgent(server: Server, peers: Peers, observe: Observe) -> None:
    _send_with_urgent(peers.stream().connect(server)).expect_end()
    observe("recv() with MSG_OOB", observable(server.expect_outcomes())[0])


def _observe_inline(server: Server, peers: Peers, observe: Observe) -> None:
    client = peers.stream().connect(server)
    server.expect_at_gate("inline")
    _send_with_urgent(client)
    server.open_gate("inline")
    observe(
        "a line with SO_OOBINLINE", server.expect_step("read_line", 4)[3].fields["octets"]["text"]
    )
