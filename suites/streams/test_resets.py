"""Clients that reset their connections: the server goes on serving the others."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, Fill, Observe, Peers, Serve, Server, requirement
from fixtures.steps import Echo, HandlerScript, ReadLine, Reply, Run

LINE = b"anybody there?\n"
SMALL_BUFFER_OCTETS = 4096


@requirement("streams/reset-before-accept-leaves-server-serving")
def test_reset_before_accept(construct: Construct, peers: Peers, observe: Observe) -> None:
    """A connection that was reset while it waited to be accepted does not end the loop."""
    server = construct([ReadLine(), Echo()])
    peers.stream().connect(server).reset()

    server.spawn("serve_forever", POLL_INTERVAL_S)

    _check_serving(server, peers)
    server.stop()
    observe("reset before accept: reading", _errors(server, "read_line"))
    observe("reset before accept: exception", _errors(server, "read_line", "type"))


@requirement("streams/reset-while-reading-leaves-server-serving")
def test_reset_while_reading(serve: Serve, peers: Peers, observe: Observe) -> None:
    """A connection that is reset within a line that the handler reads does not end the loop."""
    server = serve([ReadLine(), Echo()])
    client = peers.stream().connect(server).send(b"half a li")
    server.expect_handler("handle")
    server.let_others_run()  # so that the handler waits for the rest

    client.reset()

    server.expect_step("read_line")
    _check_serving(server, peers)
    server.stop()
    observe("reset while reading", _errors(server, "read_line"))
    observe("reset while reading: exception", _errors(server, "read_line", "type"))


@requirement("streams/reset-while-writing-leaves-server-serving")
def test_reset_while_writing(serve: Serve, peers: Peers, observe: Observe) -> None:
    """A connection that is reset within a reply that the handler writes does not end the loop."""
    reply = Fill(100 * SMALL_BUFFER_OCTETS, seed=3)  # nobody's buffers have room for it
    shrink = f"self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, {SMALL_BUFFER_OCTETS})"
    steps = [Run(shrink), ReadLine(), Reply(reply)]
    # rfile by hand: Python 2.7 leaves that to the garbage collector when wfile cannot be flushed
    server = serve(HandlerScript(steps, finish=[Run("self.rfile.close()")]))
    client = peers.stream().connect(server, receive_buffer_octets=SMALL_BUFFER_OCTETS)
    client.send(LINE).expect(bytes(reply)[:1])

    client.reset()

    server.expect_step("write")
    peers.stream().connect(server).send(LINE).expect_reply(reply)
    server.stop()
    observe("reset while writing", _errors(server, "write"))
    observe("reset while writing: exception", _errors(server, "write", "type"))


def _check_serving(server: Server, peers: Peers) -> None:
    peers.stream().connect(server).send(LINE).expect_reply(LINE)


def _errors(server: Server, do: str, field: str = "errno_name") -> list[str]:
    """The errno names of what the step raised in one handler or another, or its types."""
    errors = [event.fields.get("error") for event in server.process.matching("step", do=do)]
    return sorted(error[field] for error in errors if error)
