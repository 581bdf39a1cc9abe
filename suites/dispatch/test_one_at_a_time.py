"""A synchronous server: one request after the other."""

from __future__ import annotations

from fixtures import Peers, Serve, requirement, same
from fixtures.steps import Gate, ReadLine, Reply


@requirement("dispatch/synchronous-server-handles-one-at-a-time")
def test_next_request_waits_for_the_first(serve: Serve, peers: Peers) -> None:
    """While a handler is held, the handler of the next request does not begin."""
    server = serve([ReadLine(), Gate("held"), Reply(b"done")])
    clients = [peers().connect(server).send(b"x\n") for _ in range(2)]
    server.expect_at_gate("held")

    server.let_others_run()
    same(["setup", "handle"], server.phases(), "what handlers do while the first is held")
    server.open_gate("held")

    for client in clients:
        client.expect(b"done").expect_end()
    server.stop()
    same(["setup", "handle", "finish"] * 2, server.phases(), "what the two handlers did")


@requirement("dispatch/requests-are-closed-before-the-next")
def test_next_request_waits_for_the_end_of_the_first(serve: Serve, peers: Peers) -> None:
    """While shutdown_request() is held, the handler of the next request does not begin."""
    server = serve([ReadLine(), Reply(b"done")], hooks={"shutdown_request": Gate("held")})
    clients = [peers().connect(server).send(b"x\n") for _ in range(2)]
    server.expect_at_gate("held")

    server.let_others_run()
    phases = ["setup", "handle", "finish"]
    same(phases, server.phases(), "what handlers do while the first request is held at its end")
    server.open_gate("held")

    for client in clients:
        client.expect(b"done").expect_end()
