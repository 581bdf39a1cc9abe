"""How a request ends: shutdown_request(), close_request(), and what the client sees of it."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Observe, Peers, Serve, Server, StreamPeer, requirement, same
from fixtures.steps import Echo, Gate, Hook, ReadLine, RecordCall, Reply, Run

ECHO_LINE = [ReadLine(), Echo()]
KEEP_A_COPY = Run("self.server.copy = os.dup(self.request.fileno())")
ENDS: dict[str, Hook] = {"shutdown_request": RecordCall(), "close_request": RecordCall()}

# What a handler does, so that nothing is left to shut down: the first sees the reset.
GONE = {
    "reset by the client": "try:\n    self.request.recv(1)\nexcept socket.error:\n    pass",
    "shut down by the handler": "self.request.shutdown(socket.SHUT_RDWR)",
    "closed by the handler": "self.request.close()",
}

END_ODD_REQUEST = """
class OddRequest(object):
    closed = 0
    def shutdown(self, how):
        raise ValueError("no shutdown")
    def close(self):
        self.closed += 1

odd, told = OddRequest(), "nothing"
try:
    server.shutdown_request(odd)
except Exception as error:
    told = type(error).__name__
"""


@requirement("dispatch/end-of-stream-while-a-copy-is-open")
def test_client_reads_the_end_though_a_copy_is_open(serve: Serve, client: StreamPeer) -> None:
    """The client reads the end of stream while somebody else still has the connection open."""
    server = serve([ReadLine(), KEEP_A_COPY, Reply(b"bye")])

    client.connect(server).send(b"x\n").expect_reply(b"bye")

    server.execute("os.fstat(server.copy)\nos.close(server.copy)")


@requirement("dispatch/shutdown-request-calls-close-request")
def test_request_is_shut_down_then_closed(serve: Serve, peers: Peers) -> None:
    """shutdown_request() calls close_request() for the same request, once."""
    server = serve(ECHO_LINE, hooks=ENDS)

    peers().connect(server).send(b"goodbye\n").expect(b"goodbye\n").expect_end()

    server.expect_call("close_request")
    server.stop()
    same(["shutdown_request", "close_request"], server.calls(), "calls at the end of a request")
    given = [server.expect_call(method)[0].fields["arguments"] for method in ENDS]
    same(given[0], given[1], "arguments of close_request()")
    _expect_inside(server, "close_request", "shutdown_request")


def _expect_inside(server: Server, inner: str, outer: str) -> None:
    """A method ended before another one that was called before it."""
    events = server.process.matching("call") + server.process.matching("return")
    order = [
        (event.name, event.fields["method"])
        for event in sorted(events, key=server.process.events.index)
    ]
    wanted = [("call", outer), ("call", inner), ("return", inner), ("return", outer)]
    same(wanted, order, "calls and returns at the end of a request")


@requirement("dispatch/shutdown-of-a-lost-connection-is-silent", variants=GONE)
def test_lost_connection_is_no_error(
    serve: Serve, peers: Peers, variant: Any, observe: Observe
) -> None:
    """A connection that is gone when its request is shut down causes no error of any kind."""
    script = [Gate("client gone"), Run(variant)]
    server = serve(script, base="BaseRequestHandler", hooks={"handle_error": RecordCall()})
    client = peers.stream().connect(server)
    server.expect_at_gate("client gone")
    if variant == GONE["reset by the client"]:
        client.reset()

    server.open_gate("client gone", 1)

    server.expect_handled()
    server.expect_calls(without="handle_error")
    if variant != GONE["reset by the client"]:
        observe("the client reads", str(client.receive_to_end()[1]))


@requirement("dispatch/shutdown-raises-another-exception")
def test_request_whose_shutdown_raises(construct: Construct, observe: Observe) -> None:
    """What shutdown_request() raises then, and whether it closes the request all the same."""
    server = construct()

    server.execute(END_ODD_REQUEST)

    observe("shutdown_request() raises", server.evaluate("told"))
    observe("the request is closed", server.evaluate("odd.closed"))


@requirement("dispatch/closed-datagram-leaves-the-server-open")
def test_end_of_a_datagram_closes_nothing(serve: Serve, peers: Peers) -> None:
    """However many datagrams were shut down and closed, the next one is answered."""
    server = serve(ECHO_LINE)
    server.execute("datagram = (b'', server.socket)")
    for method in ENDS:
        server.execute(f"server.{method}(datagram)")

    for payload in (b"first\n", b"second\n"):
        peers().connect(server).send(payload).expect(payload)
