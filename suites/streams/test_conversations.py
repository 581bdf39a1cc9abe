"""Conversations: who speaks when, in which pieces, and how many times over one connection."""

from __future__ import annotations

from fixtures import Fill, Observe, Peers, Serve, StreamPeer, requirement
from fixtures.steps import Echo, Gate, HalfClose, Read, ReadLine, ReadToEnd, Reply, Run

LINE = b"hello\n"
REPLY = b"cut\r\nanywhere"
# Less than what the buffers hold: nobody has to read at the same time.
LARGE_OCTETS = 50_000
REPLY_IN_TWO = Run(
    f"cut = int(self.sockproof_last)\n"
    f"self.wfile.write({REPLY!r}[:cut])\n"
    f"self.wfile.write({REPLY!r}[cut:])"
)
ANSWER_EVERY_LINE = Run(
    "for line in self.rfile:\n    self.wfile.write(b'answer to ' + line)\n",
)
LINES = 300


@requirement("streams/reply-in-two-writes")
def test_reply_in_two_writes_arrives(serve: Serve, peers: Peers) -> None:
    """The client sends where to split the reply, at every place including both ends."""
    server = serve([ReadLine(), REPLY_IN_TWO])

    for cut in range(len(REPLY) + 1):
        client = peers.stream().connect(server).send(b"%d\n" % cut)
        client.expect_reply(REPLY).close()


@requirement("streams/octet-for-octet-in-turns")
def test_octets_in_turns(serve: Serve, client: StreamPeer) -> None:
    """Each octet of a message comes back before the client sends the next one."""
    server = serve([Read(1), Echo()] * len(REPLY))
    client.connect(server)

    for position in range(len(REPLY)):
        octet = REPLY[position : position + 1]
        client.send(octet).expect(octet)

    client.expect_end()


@requirement("streams/many-requests-on-one-connection")
def test_lines_without_waiting_are_answered(serve: Serve, client: StreamPeer) -> None:
    """The handler goes through rfile line by line until the client closes its side."""
    server = serve([ANSWER_EVERY_LINE])
    lines = [b"line %d\n" % number for number in range(LINES)]

    client.connect(server).send(b"".join(lines)).half_close()

    client.expect_reply(b"".join(b"answer to " + line for line in lines))


@requirement("streams/handler-may-speak-first")
def test_silent_client_is_greeted(serve: Serve, client: StreamPeer) -> None:
    """The greeting is there before the client says anything; then both go on."""
    server = serve([Reply(b"welcome\n"), ReadLine(), Echo()])

    client.connect(server).expect(b"welcome\n").send(LINE).expect_reply(LINE)


@requirement("streams/both-sides-half-close")
def test_both_sides_read_on(serve: Serve, client: StreamPeer) -> None:
    """Both have sent and closed their sides before either reads."""
    request, reply = Fill(LARGE_OCTETS, seed=8), Fill(LARGE_OCTETS, seed=9)
    server = serve([Reply(reply), HalfClose(), Gate("closed"), ReadToEnd()])
    client.connect(server).send(request).half_close()
    server.expect_at_gate("closed")

    server.open_gate("closed")

    server.expect_read("read_to_end", request)
    client.expect_reply(reply)


@requirement("streams/reply-without-reading-the-request")
def test_reply_without_reading(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """The request is there when the handler answers, and stays unread to the end."""
    server = serve([Gate("sent"), Reply(b"never mind")], base="BaseRequestHandler")
    client.connect(server).send(LINE)
    server.open_gate("sent")
    server.expect_handler("finish")
    server.stop()  # everything is closed before the client looks

    reply, ending = client.receive_to_end()

    observe("request left unread: what arrives", reply)
    observe("request left unread: ending", str(ending))


@requirement("streams/sending-after-the-end")
def test_sending_after_the_end(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """The server has closed the connection, and the client has read that, when it sends twice."""
    server = serve([ReadLine(), Echo()])
    client.connect(server).send(LINE).expect_reply(LINE)
    server.stop()

    observe("sending after the end: first", client.attempt_send(LINE))
    client.wait_until_over()
    observe("sending after the end: second", client.attempt_send(LINE))
    observe("sending after the end: reading", str(client.receive_some()))
