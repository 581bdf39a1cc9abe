"""handle_request() when a loop of its server has ended; a loop whose get_request() has failed."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, Peers, check, requirement
from fixtures.steps import Echo, Instead, ReadLine

LINE = b"x\n"
# Longer than a case may take: who waits it out is taken for hung.
NEVER_S = 60.0
FAIL_FIRST = Instead(
    "(self.failed.append(1), fail('socket.error')) if not self.failed else original()"
)


@requirement("serving/handle-request-after-a-loop")
def test_handle_request_after_a_loop(construct: Construct, peers: Peers) -> None:
    """It waits for a request, as it does before any loop, and serves it."""
    server = construct([ReadLine(), Echo()])
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(LINE).expect(LINE).expect_end()
    server.call("shutdown")
    loop.expect_return()

    serving = server.spawn("handle_request")

    check(
        serving.comes_to_wait(),
        expected="handle_request() waits for a request when a loop has ended",
        actual="it ended without one",
    )
    peers().connect(server).send(LINE).expect(LINE).expect_end()
    serving.expect_return()


@requirement("serving/failed-get-request-delays-no-client")
def test_failed_get_request_delays_no_client(construct: Construct, peers: Peers) -> None:
    """The request that get_request() has failed for once is served long before poll_interval."""
    server = construct(
        [ReadLine(), Echo()], hooks={"get_request": FAIL_FIRST}, attributes={"failed": []}
    )
    loop = server.spawn("serve_forever", NEVER_S)

    peers().connect(server).send(LINE).expect(LINE).expect_end()

    server.spawn("shutdown").comes_to_wait()
    peers().connect(server).offer(b"who wakes the loop\n")
    loop.expect_return()
