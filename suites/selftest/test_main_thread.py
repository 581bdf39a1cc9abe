"""Calls in the main thread of a case's process, and the signals that are sent to it."""

from __future__ import annotations

import pytest

from sockproof.iut.process import CaseProcess
from sockproof.iut.server import Server
from sockproof.iut.starting import POLL_INTERVAL_S, ServerOrder
from sockproof.spec.matrix import spec_by_id
from suites.selftest.agents import EVERYWHERE

TESTED_UNDER = EVERYWHERE

TELLS_ITS_THREAD = "server.where = lambda: threading.current_thread().name"
RAISES_ON_A_SIGNAL = """
import signal
def fail(number, frame):
    raise ValueError("signal %d" % number)
signal.signal(signal.SIGALRM, fail)
"""


@pytest.fixture
def server(case_process: CaseProcess) -> Server:
    """A server that does not serve yet."""
    spec = spec_by_id("TCP/inet")
    made = case_process.do("make", **ServerOrder(spec, ("127.0.0.1", 0)).describe(0))
    assert made.error is None, made.error
    return Server(case_process, spec, 0, made.value)


def test_calls_are_made_in_the_main_thread(server: Server) -> None:
    """One call after another runs in the main thread, and a spawned one does not."""
    server.execute(TELLS_ITS_THREAD)

    told = [server.call_in_main("where").expect_return() for _ in range(2)]

    assert told == ["MainThread", "MainThread"]
    assert server.spawn("where").expect_return() != "MainThread"


@pytest.mark.by_turns(3)
def test_commands_are_carried_out_meanwhile(server: Server) -> None:
    """While the loop runs in the main thread its process answers, and stops without a leak."""
    loop = server.call_in_main("serve_forever", POLL_INTERVAL_S)

    assert loop.comes_to_wait()
    assert server.evaluate("1 + 1") == 2
    assert server.stop().leaks == ()
    assert loop.has_ended


def test_a_call_that_has_not_begun_is_not_seen_to_wait(server: Server) -> None:
    """The second of two calls waits for the first to end, and is told apart from it."""
    server.execute(TELLS_ITS_THREAD)
    loop = server.call_in_main("serve_forever", POLL_INTERVAL_S)
    second = server.call_in_main("where")
    server.let_others_run()

    assert not second.has_ended
    server.call("shutdown")
    loop.expect_return()
    assert second.expect_return() == "MainThread"


def test_what_a_signal_handler_raises_ends_the_call(server: Server) -> None:
    """A signal that the agent is asked to send has its handler run in the main thread's call."""
    server.execute(RAISES_ON_A_SIGNAL)
    loop = server.call_in_main("serve_forever", POLL_INTERVAL_S)
    loop.comes_to_wait()

    server.process.send_signal("SIGALRM")

    error = loop.wait().error
    assert error is not None
    assert error.is_a("ValueError")
    assert error.text == "signal 14"


def test_a_signal_without_a_handler_ends_the_process(server: Server) -> None:
    """What kills a process kills that of the case, and is told as its end."""
    server.process.send_signal("SIGKILL")

    server.process.wait_until(lambda: server.process.over, "the process ends")

    assert server.process.ending() == "the process was killed by SIGKILL"


def test_a_call_ends_before_an_event_or_after_it(server: Server) -> None:
    """ends_before() tells which came first, and waits until one has."""
    server.execute(TELLS_ITS_THREAD)

    assert server.call_in_main("where").ends_before("handled")
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    assert not loop.ends_before("begun", label=loop.label)
