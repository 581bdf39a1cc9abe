"""Two servers of one class in a process: each has a loop and an end of its own."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, Peers, Serve, check, requirement, same
from fixtures.steps import Echo, Gate, ReadLine, When

LINE = b"x\n"
HELD = b"held\n"
OTHERS = 3
SCRIPT = [ReadLine(), When(b"held", [Gate("at work")]), Echo()]


@requirement("serving/loop-serves-its-own-server")
def test_other_loop_serves_nothing_of_it(serve: Serve, peers: Peers) -> None:
    """While one server is at a request, its next one waits, whatever the other's loop does."""
    busy, other = serve(SCRIPT), serve(SCRIPT)
    held = peers().connect(busy).send(HELD)
    busy.expect_at_gate("at work")

    waiting = peers().connect(busy).send(b"waiting\n")
    for _ in range(OTHERS):
        peers().connect(other).send(LINE).expect(LINE).expect_end()

    begun = len(busy.process.matching("handler", phase="setup"))
    same(1 + OTHERS, begun, "handlers that have begun, with one server's loop at a request")
    busy.open_gate("at work")
    held.expect(HELD).expect_end()
    waiting.expect(b"waiting\n").expect_end()


@requirement("serving/shutdown-waits-for-its-own-loop")
def test_end_of_the_other_loop_ends_no_wait(construct: Construct, peers: Peers) -> None:
    """shutdown() waits while its server is at a request, though the other one's loop has ended."""
    busy, other = construct(SCRIPT), construct(SCRIPT)
    for server in (busy, other):
        server.spawn("serve_forever", POLL_INTERVAL_S)
    held = peers().connect(busy).send(HELD)
    busy.expect_at_gate("at work")
    peers().connect(other).send(LINE).expect(LINE).expect_end()

    stopping = busy.spawn("shutdown")
    stopping.comes_to_wait()
    other.call("shutdown")
    busy.let_others_run()

    check(
        not stopping.has_ended,
        expected="shutdown() waits until its own server's loop has ended",
        actual="it returned when another server's loop had ended",
    )
    busy.open_gate("at work")
    stopping.expect_return()
    held.expect(HELD).expect_end()
