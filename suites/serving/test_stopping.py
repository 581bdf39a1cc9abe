"""Who may call shutdown(), how often and when: two threads, handlers, the loop's own thread."""

from __future__ import annotations

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    Inconclusive,
    Observe,
    Peers,
    RunningCall,
    Server,
    check,
    requirement,
)
from fixtures.steps import Echo, Gate, ReadLine, Run, When

# A poll_interval that does not pass.
NEVER_S = 60.0
REQUESTS = 3
SHUT_DOWN = Run("self.server.shutdown()")
ON_A_SIGNAL = """
import signal
came = []
def shut_down(number, frame):
    came.append(number)
    server.shutdown()
signal.signal(signal.SIGALRM, shut_down)
"""
FAILING = """
def fail(*arguments):
    server.service_actions = fail
    raise ValueError("at every call")
server.verify_request = fail
"""


@requirement("serving/shutdown-by-two-threads")
def test_both_calls_wait_and_return(construct: Construct, peers: Peers) -> None:
    """Two calls of shutdown() both wait while a handler is at work, and return after the loop."""
    server = construct([ReadLine(), Gate("at work"), Echo()])
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peer = peers().connect(server).send(b"hold on\n")
    server.expect_at_gate("at work")

    stopping = [server.spawn("shutdown") for _ in range(2)]
    waiting = [call.comes_to_wait() for call in stopping]
    server.let_others_run()

    check(
        all(waiting) and not any(call.has_ended for call in stopping),
        expected="both calls of shutdown() wait while a handler is at work",
        actual=f"{sum(call.has_ended for call in stopping)} of them returned",
    )
    server.open_gate("at work")
    for call in (*stopping, loop):
        call.expect_return()
    peer.expect(b"hold on\n").expect_end()


@requirement("serving/shutdown-during-a-request")
def test_loop_after_a_request_during_shutdown(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether the loop comes to wait for requests again, once the one that it was at has ended."""
    server = construct([ReadLine(), Gate("at work"), Echo()])
    loop = server.spawn("serve_forever", NEVER_S)
    peer = peers().connect(server).send(b"hold on\n")
    server.expect_at_gate("at work")
    stopping = server.spawn("shutdown")
    stopping.comes_to_wait()

    server.open_gate("at work")
    peer.expect(b"hold on\n").expect_end()

    observe("the loop waits for poll_interval", loop.comes_to_wait())
    if not loop.has_ended:
        peers().connect(server)  # wakes it
    loop.expect_return()
    stopping.expect_return()


@requirement("serving/request-waiting-at-shutdown")
def test_who_waits_at_shutdown_is_recorded(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Of two requests, one at work and one that waits, how many the loop serves after shutdown();
    and whether the next loop serves the other, before a third that comes then."""
    server = construct([ReadLine(), When(b"hold", [Gate("at work")]), Echo()])
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"hold\n")
    server.expect_at_gate("at work")
    waiting = peers().connect(server).send(b"waiting\n")
    stopping = server.spawn("shutdown")
    stopping.comes_to_wait()

    server.open_gate("at work")
    loop.expect_return()
    stopping.expect_return()

    served = server.phases().count("setup")
    observe("handlers when the loop has ended", served)
    server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"third\n").expect(b"third\n").expect_end()
    server.fence()
    observe("handlers of the next loop", server.phases().count("setup") - served)
    if server.phases().count("setup") == REQUESTS:
        waiting.expect(b"waiting\n").expect_end()
    server.call("shutdown")


@requirement("serving/shutdown-in-the-loops-own-thread", variants={"handler": 0, "signal": 1})
def test_shutdown_by_the_loop_itself_is_recorded(
    construct: Construct, peers: Peers, observe: Observe, variant: int
) -> None:
    """Whether it waits; a loop that finds the flag set, and ends, is what then frees it."""
    server = construct([ReadLine(), When(b"stop", [SHUT_DOWN]), Echo()])
    loop = (_shut_down_by_signal if variant else _shut_down_by_handler)(server, peers)

    waits = loop.comes_to_wait()
    server.let_others_run()
    waits = waits and not loop.has_ended

    observe("shutdown() in the thread of the loop", "waits for ever" if waits else "returns")
    if waits:
        server.spawn("serve_forever", POLL_INTERVAL_S).expect_return()
    server.stop()


def _shut_down_by_handler(server: Server, peers: Peers) -> RunningCall:
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"stop\n")
    server.expect_step("read_line")  # from here on it waits in shutdown(), or nowhere
    return loop


def _shut_down_by_signal(server: Server, peers: Peers) -> RunningCall:
    server.execute(ON_A_SIGNAL)
    loop = server.call_in_main("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"running\n").expect(b"running\n").expect_end()
    server.process.send_signal("SIGALRM")
    server.expect_true("came")
    return loop


@requirement(
    "serving/shutdown-without-a-loop", variants={"after-a-shutdown": False, "after-it-died": True}
)
def test_shutdown_of_an_ended_loop_is_recorded(
    construct: Construct, peers: Peers, observe: Observe, variant: bool
) -> None:
    """Whether shutdown() returns, and whether each of the two loops started next serves."""
    server = construct([ReadLine(), Echo()])
    (_end_by_exception if variant else _end_by_shutdown)(server, peers)
    served = server.phases().count("handle")

    waits = server.spawn("shutdown").comes_to_wait()
    observe("shutdown() after the loop has ended", "waits for another" if waits else "returns")

    peers().connect(server).send(b"first\n")
    observe("the loop started next", _fate(server, served + 1))
    peers().connect(server).send(b"second\n")
    observe("the loop started after that", _fate(server, served + 2))


def _end_by_shutdown(server: Server, peers: Peers) -> None:
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"running\n").expect(b"running\n").expect_end()
    server.call("shutdown")
    loop.expect_return()


def _end_by_exception(server: Server, peers: Peers) -> None:
    """By what verify_request() raises, or where that is a request's error, service_actions()."""
    server.execute(FAILING)
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).offer(b"who ends the loop\n")
    if loop.wait().error is None:
        raise Inconclusive("the loop did not die of what its methods raise")
    server.execute("vars(server).pop('service_actions', None)\ndel server.verify_request")


def _fate(server: Server, requests: int) -> str:
    """Whether a loop serves, so that this many requests have been handled by now."""
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    if loop.ends_before("handled", requests):
        return "ends at once"
    server.call("shutdown")
    return "serves"
