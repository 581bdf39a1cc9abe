"""How streams end in good order: closed by one side, by both, with something left unread."""

from __future__ import annotations

from fixtures import Fill, Observe, Peers, Serve, StreamPeer, requirement
from fixtures.steps import Echo, HalfClose, ReadLine, ReadToEnd, Receive, Reply

LINE = b"hello\n"
# More than one segment, less than what the buffers hold: nobody has to read at the same time.
LARGE_OCTETS = 100_000


@requirement("streams/half-close-by-client-still-gets-the-reply")
def test_half_closed_client_gets_the_reply(serve: Serve, client: StreamPeer) -> None:
    """A request whose end is the client's half-close is read whole and answered whole."""
    request = Fill(LARGE_OCTETS, seed=1)
    server = serve([ReadToEnd(), Echo()])

    client.connect(server).send(request).half_close().expect_reply(request)

    server.expect_read("read_to_end", request)


@requirement("streams/half-close-by-server-is-end-of-stream")
def test_half_closed_server_reads_on(serve: Serve, client: StreamPeer) -> None:
    """After the handler's half-close the client sees the end of stream, and is still heard."""
    server = serve([ReadLine(), Reply(b"no more from me"), HalfClose(), ReadLine()])

    client.connect(server).send(LINE).expect_reply(b"no more from me")
    client.send(b"but from me\n")

    server.expect_read("read_line", LINE, b"but from me\n")


@requirement("streams/end-of-stream-after-handler")
def test_stream_ends_after_the_handler(serve: Serve, client: StreamPeer) -> None:
    """When the handler returns, what it wrote is delivered to the last octet, then the end."""
    reply = Fill(LARGE_OCTETS, seed=2)
    server = serve([ReadLine(), Reply(reply)])
    client.connect(server).send(LINE)
    server.expect_handler("finish")
    server.let_others_run()  # so that the connection is closed before the client reads on

    client.expect_reply(reply)


@requirement("streams/unread-request-data")
def test_ending_with_unread_request_data(
    serve: Serve, client: StreamPeer, observe: Observe
) -> None:
    """The server closes a connection of which the handler read one octet and left the rest."""
    server = serve([Receive(1), Reply(b"enough")], base="BaseRequestHandler")
    client.connect(server).send(LINE)
    server.expect_handler("finish")
    server.stop()  # everything is closed before the client looks

    reply, ending = client.receive_to_end()

    observe("unread request data: what arrives", reply)
    observe("unread request data: ending", str(ending))


@requirement("streams/vanished-client-before-any-data")
def test_silent_client_that_goes_is_end_of_stream(serve: Serve, peers: Peers) -> None:
    """A client that closes without an octet is read as the end, and the next client is served."""
    server = serve([ReadLine(), Echo()])

    peers.stream().connect(server).close()

    server.expect_read("read_line", b"")
    peers.stream().connect(server).send(LINE).expect_reply(LINE)
