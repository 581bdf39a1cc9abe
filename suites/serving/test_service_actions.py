"""service_actions(): who calls it, who does not, and what its exceptions do."""

from __future__ import annotations

from fixtures import Construct, Observe, Peers, Serve, check, requirement
from fixtures.steps import Echo, ReadLine, RecordCall

ECHO_LINE = [ReadLine(), Echo()]
HOOKED = {"service_actions": RecordCall()}


@requirement("serving/service-actions-in-the-loop")
def test_loop_calls_it_in_its_own_thread(serve: Serve, peers: Peers) -> None:
    """Every call, before, between and after requests, comes from the thread of the loop."""
    server = serve(ECHO_LINE, hooks=HOOKED)
    for number in range(2):
        line = b"request %d\n" % number
        peers().connect(server).send(line).expect(line).expect_end()

    called = server.expect_call("service_actions", server.calls().count("service_actions") + 2)

    threads = {event.thread for event in called}
    check(
        len(threads) == 1 and threads.pop().startswith("serve_forever"),
        expected="service_actions() is called in the thread of serve_forever()",
        actual=f"it is called in {sorted({event.thread for event in called})}",
    )


@requirement("serving/service-actions-elsewhere")
def test_calls_by_handle_request_are_counted(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """How often handle_request() calls it, when it times out and when it serves."""
    server = construct(ECHO_LINE, attributes={"timeout": 0}, hooks=HOOKED)

    server.call("handle_request")
    observe("calls by a handle_request() that times out", len(server.calls()))

    peer = peers().connect(server).send(b"one\n")
    server.call("handle_request")
    peer.expect(b"one\n").expect_end()
    observe("calls by both", len(server.calls()))
