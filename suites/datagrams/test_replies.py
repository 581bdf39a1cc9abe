"""Replies to datagrams: to whom, from where, how many, and to nobody at all."""

from __future__ import annotations

from fixtures import DatagramPeer, Observe, Peers, Serve, ServerSpec, requirement, same
from fixtures.steps import Echo, Gate, ReadLine, ReadToEnd, RecordCall, Reply

LINE = b"a request that is longer than its reply\n"


@requirement("datagrams/reply-goes-to-the-sender")
def test_reply_goes_to_the_sender(serve: Serve, peers: Peers) -> None:
    """The sender gets the reply from the server's address; somebody else gets nothing."""
    server = serve([ReadLine(), Reply(b"for the sender")])
    bystander = peers.datagram("bystander").connect(server)

    peers.datagram("sender").connect(server).send(LINE).expect(b"for the sender")

    server.stop()
    same([], bystander.arrived(), "what somebody else receives")


@requirement("datagrams/interleaved-senders-get-their-own")
def test_interleaved_senders_get_their_own(
    serve: Serve, spec: ServerSpec, peers: Peers, observe: Observe
) -> None:
    """Two clients that send in turns, without waiting, get back what each of them sent."""
    server = serve([ReadLine(), Echo()])
    clients = {name: peers.datagram(name).connect(server) for name in ("a", "b")}
    turns = range(3)

    for turn in turns:
        for name, client in clients.items():
            client.send(b"%s %d\n" % (name.encode(), turn))

    in_turn = []
    for name, client in clients.items():
        replies = [client.receive()[0] for _ in turns]
        wanted = [b"%s %d\n" % (name.encode(), turn) for turn in turns]
        same(wanted, sorted(replies), f"replies to {name}")
        in_turn.append(replies == wanted)
    if spec.mixin == "none":
        observe("replies come in the order of the requests", all(in_turn))


@requirement("datagrams/empty-reply")
def test_reply_of_a_handler_that_writes_nothing(
    serve: Serve, sender: DatagramPeer, observe: Observe
) -> None:
    """A handler writes nothing to wfile; what the client then has is looked at when all is over."""
    server = serve([ReadToEnd()])
    sender.connect(server).send(LINE)
    server.expect_handler("finish")
    server.stop()

    observe("nothing written: datagrams received", sender.arrived())


@requirement("datagrams/wfile-is-one-datagram")
def test_writes_leave_as_one_datagram(serve: Serve, sender: DatagramPeer, observe: Observe) -> None:
    """Three writes are one datagram, sent when handle() has returned, and only these octets."""
    server = serve([ReadLine(), Reply(b"one "), Reply(b"two "), Reply(b"three"), Gate("written")])
    sender.connect(server).send(LINE)
    server.expect_at_gate("written")
    same([], sender.arrived(), "what is sent before handle() has returned")

    server.open_gate("written")

    sender.expect(b"one two three")
    server.stop()
    same([], sender.arrived(), "what is sent beside the one datagram")
    writes = server.process.matching("step", do="write")
    observe("what write() gives", [write.fields.get("value") for write in writes])


@requirement("datagrams/vanished-sender-leaves-server-serving")
def test_vanished_sender_does_not_stop_the_server(
    serve: Serve, peers: Peers, observe: Observe
) -> None:
    """A client that is gone before it is answered does not end the loop: the next is answered."""
    server = serve(
        [ReadLine(), Gate("reply"), Echo()],
        hooks={"handle_error": RecordCall(), "get_request": RecordCall()},
    )
    vanishing = peers.datagram().connect(server).send(LINE)
    server.expect_at_gate("reply")
    vanishing.close()

    server.open_gate("reply")

    peers.datagram().connect(server).send(b"still there?\n").expect(b"still there?\n")
    server.expect_handled(2)
    server.stop()
    kinds = [error.name for error in server.errors_handled()]
    observe("sender gone before the reply: handle_error called", bool(kinds))
    observe("sender gone before the reply: handle_error", kinds)
    failed = server.process.matching("raise", method="get_request")
    observe("sender gone before the reply: failures of get_request()", len(failed))
