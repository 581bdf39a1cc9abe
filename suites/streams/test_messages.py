"""Messages over streams: whole, cut anywhere, joined, large, read slowly, side by side."""

from __future__ import annotations

import socket

from fixtures import Fill, Peers, Serve, ServerSpec, StreamPeer, requirement
from fixtures.steps import Echo, Read, ReadLine, ReadToEnd, Reply, Report, Run

LINE = b"one short line\n"
TWO_LINES = b"cut me\r\nanywhere\n"
SMALL_BUFFER_OCTETS = 4096
# Fixed, since the kernel lets a send buffer that nobody has set grow to megabytes.
SEND_BUFFER_OCTETS = 1 << 16


@requirement("streams/whole-message-echo")
def test_message_comes_back(serve: Serve, client: StreamPeer) -> None:
    """A line sent whole comes back whole, and the stream ends."""
    server = serve([ReadLine(), Echo()])

    client.connect(server).send(LINE).expect_reply(LINE)


@requirement("streams/every-cut-arrives-in-order")
def test_message_cut_at_any_place_arrives(serve: Serve, peers: Peers) -> None:
    """Cut in two at every place, one connection each, the message is read complete and in order."""
    server = serve([Read(len(TWO_LINES)), Echo()])
    cuts = range(1, len(TWO_LINES))

    for cut in cuts:
        client = peers.stream().connect(server).send(TWO_LINES[:cut])
        server.expect_handler("handle", cut)  # so that the pieces are not read as one
        client.send(TWO_LINES[cut:]).expect_reply(TWO_LINES).close()

    server.expect_read("read", *[TWO_LINES for _ in cuts])


@requirement("streams/octet-by-octet")
def test_octet_by_octet_arrives(serve: Serve, client: StreamPeer) -> None:
    """A message of which every octet is sent by itself is read complete and in order."""
    server = serve([Read(len(TWO_LINES)), Echo()])
    client.connect(server).send(TWO_LINES[:1])
    server.expect_handler("handle")
    server.let_others_run()  # so that the first octet is read alone

    client.send_octet_by_octet(TWO_LINES[1:]).expect_reply(TWO_LINES)

    server.expect_read("read", TWO_LINES)


@requirement("streams/coalesced-requests")
def test_lines_in_one_piece_are_read_one_by_one(serve: Serve, client: StreamPeer) -> None:
    """Three lines sent at once are three readline()s, in order, and each is answered."""
    lines = [b"first\n", b"\n", b"third and last\n"]
    server = serve([ReadLine(), Echo()] * len(lines))

    client.connect(server).send(b"".join(lines)).expect_reply(b"".join(lines))

    server.expect_read("read_line", *lines)


@requirement("streams/large-request-arrives-whole")
def test_large_request_is_read_whole(serve: Serve, client: StreamPeer) -> None:
    """A request several times as large as both buffers is read complete and in order."""
    buffer_octets = "self.request.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)"
    server = serve([Report({"octets": buffer_octets}), ReadToEnd(), Reply(b"got it")])
    client.connect(server)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_OCTETS)
    own_octets = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    request = Fill(4 * (server.expect_report()["octets"] + own_octets), seed=2)

    client.send(request).half_close().expect_reply(b"got it")

    server.expect_read("read_to_end", request)


@requirement("streams/large-reply-to-a-slow-reader")
def test_slow_reader_gets_a_large_reply(serve: Serve, client: StreamPeer) -> None:
    """A reply of many writes, larger than the buffers, arrives whole at a client in no hurry."""
    shrink = f"self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, {SMALL_BUFFER_OCTETS})"
    parts = [Fill(SMALL_BUFFER_OCTETS, seed) for seed in range(64)]
    server = serve([Run(shrink), ReadLine(), *map(Reply, parts)])
    client.connect(server, receive_buffer_octets=SMALL_BUFFER_OCTETS).send(LINE)
    server.expect_step("write")
    server.let_others_run()  # so that the buffers are full before the first octet is read

    for position in range(64):  # octet by octet
        client.expect(bytes(parts[0])[position : position + 1])
    client.expect(bytes(parts[0])[64:])
    for part in parts[1:]:
        client.expect(part)

    client.expect_end()


@requirement("streams/pipelined-connections-keep-apart")
def test_connected_clients_get_their_own_replies(
    serve: Serve, spec: ServerSpec, peers: Peers
) -> None:
    """Three clients, all connected before any is answered, get back what each of them sent."""
    server = serve([ReadLine(), Echo()])
    clients = [peers.stream().connect(server) for _ in range(3)]
    server.expect_handler("handle", 1 if spec.mixin == "none" else len(clients))
    lines = [b"sent by %d\n" % number for number in range(3)]

    for client, line in reversed(list(zip(clients, lines, strict=True))):
        client.send(line)

    for client, line in zip(clients, lines, strict=True):
        client.expect_reply(line)
