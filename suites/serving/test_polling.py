"""poll_interval: how often the loop looks for shutdown(), and what else hangs on it."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Inconclusive, Observe, Peer, Peers, RunningCall, Server, requirement
from fixtures.steps import Echo, ReadLine, RecordCall

ECHO_LINE = [ReadLine(), Echo()]
IN_A_MINUTE_S = 60
TRIES = 5

INTERVALS: dict[str, Any] = {
    "zero": 0,
    "negative": -1,
    "none": None,
    "infinite": float("inf"),
    "text": "soon",
}
DEFAULTS = "list(server.serve_forever.__func__.__defaults__)"
OPEN_DESCRIPTORS = "len([name for name in os.listdir('/proc/self/fd')])"


@requirement("serving/request-does-not-wait-for-the-poll")
def test_requests_are_served_at_once(construct: Construct, peers: Peers) -> None:
    """With a poll_interval longer than any case, one request after another is served."""
    server = construct(ECHO_LINE)
    loop = server.spawn("serve_forever", IN_A_MINUTE_S)

    for number in range(3):
        _expect_echo(server, peers(), b"request %d\n" % number)

    _shut_down_and_wake(server, loop, peers)


@requirement("serving/shutdown-of-an-idle-loop")
def test_idle_loop_at_shutdown_is_recorded(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether a loop that waits for the next poll goes on waiting after shutdown() was called."""
    server = construct(ECHO_LINE)
    default = server.process.do("evaluate", handle=server.handle, expression=DEFAULTS)
    observe("defaults of serve_forever()", default.value)

    waits = any(_goes_on_waiting(server, peers) for _ in range(TRIES))

    observe("shutdown() of an idle loop", "waits for the poll" if waits else "wakes the loop")


def _goes_on_waiting(server: Server, peers: Peers) -> bool:
    """Of one loop; one that is not yet back at its poll ends at once, and tells nothing."""
    loop = server.spawn("serve_forever", IN_A_MINUTE_S)
    _expect_echo(server, peers(), b"running\n")
    server.let_others_run()
    server.spawn("shutdown").comes_to_wait()
    server.let_others_run()
    waits = not loop.has_ended
    if waits:
        peers().connect(server).offer(b"who wakes the loop\n")
    loop.expect_return()
    return waits


@requirement("serving/poll-interval-values", variants=INTERVALS)
def test_odd_intervals_are_recorded(
    construct: Construct, peers: Peers, observe: Observe, variant: Any
) -> None:
    """Whether the loop refuses the value, or serves with it."""
    server = construct(ECHO_LINE)
    loop = server.spawn("serve_forever", variant)

    peers().connect(server).send(b"request\n")

    if loop.ends_before("handled"):
        error = loop.wait().error
        outcome = f"{error.type_name} {error.errno_name}".rstrip() if error else "returns"
        observe("serve_forever()", outcome)
    else:
        observe("serve_forever()", "serves")
        _shut_down_and_wake(server, loop, peers)


@requirement("serving/descriptors-of-the-loop")
def test_descriptors_of_the_loop_are_counted(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """How many more descriptors are open while a loop waits than before it began."""
    server = construct(ECHO_LINE, hooks={"close_request": RecordCall()})
    before = server.process.do("evaluate", expression=OPEN_DESCRIPTORS)
    if before.error is not None:
        raise Inconclusive(f"descriptors cannot be counted: {before.error}")

    loop = server.spawn("serve_forever", IN_A_MINUTE_S)
    _expect_echo(server, peers(), b"running\n")
    server.process.wait_events(1, "return", method="close_request")

    observe("descriptors of the loop", server.evaluate(OPEN_DESCRIPTORS) - before.value)
    _shut_down_and_wake(server, loop, peers)


def _shut_down_and_wake(server: Server, loop: RunningCall, peers: Peers) -> None:
    """Tell the loop to end, and see that it looks: by a request, which it leaves alone."""
    stopping = server.spawn("shutdown")
    if stopping.comes_to_wait():
        peers().connect(server).offer(b"who wakes the loop\n")
    loop.expect_return()
    stopping.expect_return()


def _expect_echo(server: Server, peer: Peer, line: bytes) -> None:
    peer.connect(server).send(line).expect(line).expect_end()
