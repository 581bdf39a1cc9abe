"""The end of a with statement: the server is closed, whatever its loop is at."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, Peers, requirement
from fixtures.steps import Echo, Gate, ReadLine


@requirement("construction/with-statement-waits-for-no-loop")
def test_left_with_statement_waits_for_no_loop(construct: Construct, peers: Peers) -> None:
    """Its end is server_close(), which returns while the loop of another thread is at a request."""
    server = construct([ReadLine(), Gate("at work"), Echo()])
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    held = peers().connect(server).send(b"held\n")
    server.expect_at_gate("at work")

    server.spawn("__exit__", None, None, None).expect_return()

    server.spawn("shutdown").comes_to_wait()
    server.open_gate("at work")
    held.expect(b"held\n").expect_end()
    loop.wait()
