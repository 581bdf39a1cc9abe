"""Signals in the process of a server: they neither end nor prolong what it does, unless they raise.

Signal handlers run in the main thread, so that is where the server is put. A timer in the process
gives a tick every few milliseconds: one signal could come just before the wait that it is to hit.
"""

from __future__ import annotations

from fixtures import (
    Construct,
    Inconclusive,
    Observe,
    Peers,
    RunningCall,
    Server,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine, RecordCall

ECHO_LINE = [ReadLine(), Echo()]
IN_A_MINUTE_S = 60
TIMEOUT_S = 0.05
# So many ticks have hit a wait for certain.
LOOKS = 3

TICKS = """
import signal
class Ticks(object):
    count = 0
def tick(number, frame):
    Ticks.count += 1
    if Ticks.count >= {limit}:
        pause_ticks()
def start_ticks():
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
def pause_ticks():
    signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, tick)
"""
# Ticks that go on far longer than TIMEOUT_S, and ticks that go on somewhat longer.
MANY, FEW = 500, 40

RAISES = """
import signal
def fail(number, frame):
    signal.setitimer(signal.ITIMER_REAL, 0)
    raise ValueError("raised by the signal handler")
signal.signal(signal.SIGALRM, fail)
"""
START_RAISING = "signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)"

COUNTED_CALL = """
def ticks_of_a_call():
    start_ticks()
    server.handle_request()
    pause_ticks()
    return Ticks.count
server.ticks_of_a_call = ticks_of_a_call
"""


@requirement("serving/signal-does-not-end-the-wait")
def test_signals_do_not_end_the_wait(construct: Construct, peers: Peers) -> None:
    """handle_request() still waits after several signals, and serves the request that comes."""
    server = construct(
        ECHO_LINE, attributes={"timeout": IN_A_MINUTE_S}, hooks={"handle_timeout": RecordCall()}
    )
    server.execute(TICKS.format(limit=MANY) + "start_ticks()")
    serving = server.call_in_main("handle_request")

    _expect_to_outlast_ticks(server, serving)

    peers().connect(server).send(b"at last\n").expect(b"at last\n").expect_end()
    serving.expect_return()
    server.expect_calls(without="handle_timeout")


@requirement("serving/signals-do-not-prolong-the-wait")
def test_deadline_is_kept(construct: Construct) -> None:
    """handle_request() tells its timeout and returns before the last of many signals."""
    server = construct(attributes={"timeout": TIMEOUT_S}, hooks={"handle_timeout": RecordCall()})

    deadline = _deadline(server)

    check(
        deadline == "is kept",
        expected="the timeout of handle_request() passes while signals are handled",
        actual="it begins anew with each signal",
    )
    server.expect_call("handle_timeout")


@requirement("serving/signals-and-the-deadline")
def test_deadline_is_recorded(construct: Construct, observe: Observe) -> None:
    """Whether a signal has the timeout begin anew."""
    server = construct(attributes={"timeout": TIMEOUT_S})

    observe("the deadline of handle_request() after a signal", _deadline(server))


def _deadline(server: Server) -> str:
    """Who begins anew at each tick does not return before the last; who does not, does.

    That holds on a busy machine, too: ticks that nobody could take come as one, and whoever begins
    anew takes a tick that is due before a timeout that is.
    """
    server.execute(TICKS.format(limit=FEW) + COUNTED_CALL)
    count = server.call("ticks_of_a_call")
    if not count:
        raise Inconclusive("no signal came while handle_request() waited")
    return "begins anew" if count >= FEW else "is kept"


@requirement("serving/signal-does-not-end-the-loop")
def test_signals_do_not_end_the_loop(construct: Construct, peers: Peers, observe: Observe) -> None:
    """serve_forever() goes on after several signals, and serves; whether they wake it is told."""
    server = construct(ECHO_LINE, hooks={"service_actions": RecordCall()})
    server.execute(TICKS.format(limit=MANY) + "start_ticks()")
    loop = server.call_in_main("serve_forever", IN_A_MINUTE_S)

    _expect_to_outlast_ticks(server, loop)

    observe("signals wake the loop", "service_actions" in server.calls())
    peers().connect(server).send(b"at last\n").expect(b"at last\n").expect_end()
    server.spawn("shutdown").comes_to_wait()
    peers().connect(server).offer(b"who wakes the loop\n")
    loop.expect_return()


def _expect_to_outlast_ticks(server: Server, running: RunningCall) -> None:
    """A call in the main thread waits, and still does when some ticks have come."""
    waits = running.comes_to_wait()
    before = server.evaluate("Ticks.count")
    server.expect_true(f"Ticks.count >= {before + LOOKS}")
    server.execute("pause_ticks()")
    server.let_others_run()
    check(
        waits and not running.has_ended,
        expected=f"{running.method}() goes on after signals whose handlers return",
        actual=f"it ended, {running.wait()}" if running.has_ended else "it ended",
    )


@requirement(
    "serving/signal-handler-may-raise",
    variants={"handle_request": (), "serve_forever": (IN_A_MINUTE_S,)},
)
def test_exception_of_a_signal_handler_leaves(
    construct: Construct, peers: Peers, variant: tuple[float, ...]
) -> None:
    """What the signal handler raised is what the call ends with; then the server serves again."""
    method = "serve_forever" if variant else "handle_request"
    server = construct(
        ECHO_LINE, hooks={"handle_error": RecordCall(), "handle_timeout": RecordCall()}
    )
    server.execute(RAISES)
    running = server.call_in_main(method, *variant)
    running.comes_to_wait()

    server.execute(START_RAISING)

    error = running.wait().error
    check(
        error is not None and error.is_a("ValueError") and "signal handler" in error.text,
        expected=f"{method}() ends with what the signal handler raised",
        actual=f"it ended with {error}" if error else "it returned",
    )
    same([], server.calls(), "calls of handle_error() and handle_timeout()")
    peer = peers().connect(server).send(b"again\n")
    server.call("handle_request")
    peer.expect(b"again\n").expect_end()
