"""Clients of datagram servers that are connected, nameless or gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fixtures import DatagramPeer, Observe, Peers, Serve, requirement, same
from fixtures.steps import Echo, Gate, ReadLine, ReadToEnd, RecordCall, Step

LINE = b"a request that is longer than its reply\n"
# Scripts by the class that follows them: one that answers, and one that does not.
HANDLERS: dict[str, list[Step]] = {
    "DatagramRequestHandler": [ReadToEnd(), Echo()],
    "BaseRequestHandler": [ReadToEnd()],
}


@requirement("datagrams/connected-client-gets-the-reply")
def test_connected_client_gets_the_reply(serve: Serve, sender: DatagramPeer) -> None:
    """A client that takes datagrams from the server's address alone gets two replies."""
    server = serve([ReadLine(), Echo()])

    sender.connect(server, exclusively=True).send(LINE).expect(LINE)

    sender.send(b"once more\n").expect(b"once more\n")


@requirement("datagrams/concurrent-handlers-reply")
def test_two_handlers_at_work_reply_each(serve: Serve, peers: Peers) -> None:
    """Two handlers that are held at the same time both answer; a third client is served after."""
    server = serve([ReadLine(), Gate("both"), Echo()])
    clients = {name: peers.datagram(name).connect(server) for name in ("a", "b")}
    for name, client in clients.items():
        client.send(f"from {name}\n".encode())
    server.expect_at_gate("both", len(clients))

    server.open_gate("both")

    for name, client in clients.items():
        client.expect(f"from {name}\n".encode())
    peers.datagram("c").connect(server).send(LINE).expect(LINE)


@requirement("datagrams/unbound-sender-leaves-server-serving", variants={k: k for k in HANDLERS})
def test_nameless_client_does_not_stop_the_server(
    serve: Serve, peers: Peers, variant: Any, observe: Observe
) -> None:
    """A request of a client without a name is handled, and that of the next client, too."""
    server = serve(HANDLERS[variant], base=variant, hooks={"handle_error": RecordCall()})
    peers.datagram("nameless", bound=False).connect(server).send(b"from nobody\n")
    server.expect_read("read_to_end", b"from nobody\n")

    named = peers.datagram("named").connect(server).send(LINE)

    server.expect_handled(2)
    server.stop()
    kinds = [error.name for error in server.errors_handled()]
    if variant == "BaseRequestHandler":
        same([], kinds, "what handle_error() is called for")
    else:
        same([LINE], named.arrived(), "what the next client gets")
    observe("client without a name: handle_error", kinds)


@requirement("datagrams/reply-to-a-removed-path")
def test_client_whose_socket_file_is_gone(serve: Serve, peers: Peers, observe: Observe) -> None:
    """A client is closed and its socket file removed before its reply is sent."""
    hooks = {"handle_error": RecordCall()}
    server = serve([ReadLine(), Gate("reply"), Echo()], hooks=hooks)
    vanishing = peers.datagram("vanishing").connect(server).send(LINE)
    server.expect_at_gate("reply")
    own_path = Path(vanishing.address)
    vanishing.close()
    own_path.unlink()

    server.open_gate("reply")

    next_one = peers.datagram("next").connect(server).send(LINE)
    server.expect_handled(2)
    server.stop()
    observe("socket file removed: handle_error", [e.name for e in server.errors_handled()])
    observe("socket file removed: the next client gets", next_one.arrived())
