"""server_close() of threading servers: what it waits for, and what becomes of what still runs."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Construct,
    Observe,
    Peers,
    Serve,
    StreamPeer,
    requirement,
    waits_for_held_handler,
)
from fixtures.steps import Echo, Gate, ReadLine, Run

CLOSE_ITSELF = Run("self.server.shutdown()\nself.server.server_close()")


@requirement("threading/server-close-without-requests")
def test_unused_server_can_be_closed(construct: Construct, observe: Observe) -> None:
    """server_close() returns on a server that served nobody; how a second call ends is told."""
    server = construct([ReadLine()])

    server.call("server_close")

    again = server.attempt("server_close")
    observe("server_close() called again", again.error.type_name if again.error else "returns")


@requirement(
    "threading/server-close-while-a-handler-runs",
    variants={
        "daemonic": ({"daemon_threads": True}, ""),
        "not-daemonic": ({"daemon_threads": False}, ""),
        "daemonic-no-block": ({"daemon_threads": True, "block_on_close": False}, ""),
        "not-daemonic-no-block": ({"daemon_threads": False, "block_on_close": False}, ""),
        "no-block-later": ({"daemon_threads": False}, "server.block_on_close = False"),
    },
)
def test_whether_server_close_waits(
    serve: Serve, peers: Peers, observe: Observe, variant: Any
) -> None:
    """Whether server_close() returns before a held handler has ended."""
    attributes, source = variant
    server = serve([ReadLine(), Gate("hold")], attributes=attributes)
    peers().connect(server).send(b"x\n")
    server.expect_at_gate("hold")

    server.call("shutdown")
    server.execute(source)

    observe("server_close() waits for the handler", waits_for_held_handler(server, "hold"))


@requirement("threading/open-connection-at-server-close")
def test_silent_client_at_server_close(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """Whether server_close() returns before a silent client has spoken, and what that one gets."""
    server = serve([ReadLine(), Echo()])
    client.connect(server)
    server.expect_handler("handle")
    server.call("shutdown")

    closing = server.spawn("server_close")
    server.let_others_run()
    client.offer(b"at last\n")
    reply, ending = client.receive_to_end()
    closing.wait()
    server.expect_handled()

    names = [event.name for event in server.process.events]
    ended = server.process.matching("ended", method="server_close")[0]
    late = names.index("handled") < server.process.events.index(ended)
    observe("server_close() waits for the client", late)
    observe("what the client gets", reply)
    observe("how its stream ends", ending)


@requirement("threading/server-close-from-a-handler")
def test_handler_closes_its_own_server(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """What server_close() raises in a handler after shutdown(), and what the client gets."""
    server = serve([ReadLine(), CLOSE_ITSELF, Echo()])

    client.connect(server).send(b"x\n")

    reply, ending = client.receive_to_end()
    error = server.expect_step("run")[0].fields.get("error", {})
    observe("server_close() in a handler", error.get("type", "returns"))
    observe("what it says", error.get("text", ""))
    observe("what the client gets", reply)
    observe("how its stream ends", ending)
