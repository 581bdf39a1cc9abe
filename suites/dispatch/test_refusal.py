"""What becomes of a request that verify_request() refuses."""

from __future__ import annotations

from fixtures import Peers, Serve, StreamPeer, requirement
from sockproof.peer.script import Echo, ReadLine, Record, Reply, Return


@requirement("dispatch/refused-request-is-closed")
def test_refused_request_is_closed(serve: Serve, client: StreamPeer) -> None:
    """A refused client sees the end of its stream, without having sent or received anything."""
    server = serve(
        [Reply(b"never")], hooks={"verify_request": Return(False), "shutdown_request": Record()}
    )

    client.connect(server).expect_end()

    server.expect_calls("verify_request", "shutdown_request", without="setup")


@requirement("dispatch/refused-request-never-reaches-the-handler")
def test_refused_request_never_reaches_the_handler(serve: Serve, peers: Peers) -> None:
    """No handler is made for a refused request, whatever it sends."""
    server = serve([ReadLine(), Echo()], hooks={"verify_request": Return(False)})

    peers().connect(server).offer(b"let me in\n")

    server.expect_calls("verify_request", without=("setup", "handle", "finish"))
