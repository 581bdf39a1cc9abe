"""Two threading servers: closing one waits for none of the other's handlers."""

from __future__ import annotations

from fixtures import Peers, Serve, requirement
from fixtures.steps import Echo, Gate, ReadLine, When


@requirement("threading/server-close-leaves-others-handlers")
def test_close_does_not_wait_for_the_others(serve: Serve, peers: Peers) -> None:
    """A server that has served a request closes while a handler of the other one runs."""
    script = [ReadLine(), When(b"held", [Gate("at work")]), Echo()]
    busy, other = serve(script), serve(script)
    peers().connect(other).send(b"x\n").expect(b"x\n").expect_end()
    held = peers().connect(busy).send(b"held\n")
    busy.expect_at_gate("at work")
    other.call("shutdown")

    other.spawn("server_close").expect_return()

    busy.open_gate("at work")
    held.expect(b"held\n").expect_end()
