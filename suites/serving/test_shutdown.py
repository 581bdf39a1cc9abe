"""shutdown(): how the loop ends, and what may begin after it."""

from __future__ import annotations

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    Observe,
    Peer,
    Peers,
    RunningCall,
    Server,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, Gate, ReadLine, RecordCall

ECHO_LINE = [ReadLine(), Echo()]
# A poll_interval within which a request can be made to come between shutdown() and the loop's next
# look. Where it does not, a wrong server may pass, but a right one never fails.
SELDOM_S = 4.0

# As many as the race needs to be met early and late in the beginning of some loop.
SERVERS = 20
START_AND_SHUT_DOWN = f"""
loop = threading.Thread(target=server.serve_forever, args=({POLL_INTERVAL_S},))
loop.daemon = True
loop.start()
server.shutdown()
loop.join()
"""


def _start(server: Server, poll_interval_s: float = POLL_INTERVAL_S) -> RunningCall:
    return server.spawn("serve_forever", poll_interval_s)


def _expect_echo(server: Server, peer: Peer, line: bytes) -> None:
    peer.connect(server).send(line).expect(line).expect_end()


@requirement("serving/shutdown-stops-the-loop")
def test_serve_forever_returns(construct: Construct, peers: Peers, observe: Observe) -> None:
    """After shutdown() from another thread, shutdown() and serve_forever() have both returned."""
    server = construct(ECHO_LINE)
    loop = _start(server)
    _expect_echo(server, peers(), b"running\n")
    server.let_others_run()  # so that the loop is idle again when it is told to stop

    observe("shutdown() returns", server.call("shutdown"))

    observe("serve_forever() returns", loop.expect_return())


@requirement("serving/shutdown-waits-for-the-loop")
def test_shutdown_waits_for_the_request_at_work(construct: Construct, peers: Peers) -> None:
    """While a handler is at work shutdown() waits, and it returns only after the request's end."""
    server = construct([ReadLine(), Gate("at work")], hooks={"shutdown_request": RecordCall()})

    _expect_shutdown_to_wait(server, peers)


@requirement("serving/shutdown-waits-for-a-later-loop")
def test_shutdown_waits_for_the_second_loop(construct: Construct, peers: Peers) -> None:
    """That an earlier loop has ended does not count: shutdown() waits for the one that runs."""
    server = construct([ReadLine(), Gate("at work")], hooks={"shutdown_request": RecordCall()})
    earlier = _start(server)
    server.call("shutdown")
    earlier.expect_return()

    _expect_shutdown_to_wait(server, peers)


def _expect_shutdown_to_wait(server: Server, peers: Peers) -> None:
    loop = _start(server)
    peers().connect(server).send(b"hold on\n")
    server.expect_at_gate("at work")

    stopping = server.spawn("shutdown")

    check(
        stopping.comes_to_wait(),
        expected="shutdown() waits while a handler is at work",
        actual="it ended",
    )
    server.let_others_run()
    server.open_gate("at work")
    stopping.expect_return()
    loop.expect_return()
    _expect_end_of_request_first(server, stopping)


def _expect_end_of_request_first(server: Server, stopping: RunningCall) -> None:
    events = server.process.events
    ended = server.process.matching("ended", label=stopping.label)[0]
    done = server.process.wait_events(1, "return", method="shutdown_request")[0]
    check(
        events.index(done) < events.index(ended),
        expected="shutdown() returns after the loop is done with the request",
        actual="it returned before",
    )


@requirement("serving/shutdown-before-the-loop-is-not-lost")
def test_early_shutdown_ends_the_loop(construct: Construct, observe: Observe) -> None:
    """A shutdown() that is called first makes the serve_forever() called next end at once."""
    server = construct(ECHO_LINE)
    stopping = server.spawn("shutdown")
    waits = stopping.comes_to_wait()
    observe("shutdown() without a loop", "waits for one" if waits else "returns")

    loop = _start(server)

    loop.expect_return()
    stopping.expect_return()


@requirement("serving/shutdown-races-with-the-start")
def test_shutdown_ends_a_loop_that_begins(construct: Construct) -> None:
    """Of twenty servers each ends its loop by a shutdown() right after the thread was started."""
    for server in [construct() for _ in range(SERVERS)]:
        server.execute(START_AND_SHUT_DOWN)


@requirement("serving/request-after-shutdown-is-not-accepted")
def test_request_after_shutdown_waits(construct: Construct, peers: Peers) -> None:
    """A request that comes when shutdown() was called stays in the queue for the next loop."""
    server = construct(ECHO_LINE)
    loop = _start(server, SELDOM_S)
    _expect_echo(server, peers(), b"early\n")
    server.let_others_run()  # so that the loop is back where it waits for requests
    stopping = server.spawn("shutdown")
    stopping.comes_to_wait()

    late = peers().connect(server).send(b"late\n")

    loop.expect_return()
    stopping.expect_return()
    same(1, server.phases().count("setup"), "handlers when the loop has ended")
    _start(server)
    late.expect(b"late\n").expect_end()


@requirement("serving/restart-after-shutdown")
def test_server_serves_again(construct: Construct, peers: Peers) -> None:
    """serve_forever() and shutdown() can be called in turn, as often as one likes."""
    server = construct(ECHO_LINE)

    for number in range(3):
        loop = _start(server)
        _expect_echo(server, peers(), b"loop %d\n" % number)
        server.call("shutdown")
        loop.expect_return()
