"""handle_request(): one request, or one timeout."""

from __future__ import annotations

from typing import Any

from fixtures import CaseProcess, Construct, Observe, Peers, Server, check, requirement, same
from fixtures.steps import Echo, ReadLine, RecordCall

AT_ONCE_S = 0.01
# Longer than a case may take: who waits it out is taken for hung.
IN_A_MINUTE_S = 60

ECHO_LINE = [ReadLine(), Echo()]

WAYS_TO_WAIT = {
    "select": """
import select
def readable(server, timeout_s):
    return bool(select.select([server], [], [], timeout_s)[0])
""",
    "poll": """
import select
def readable(server, timeout_s):
    poller = native("poll")()
    poller.register(server, select.POLLIN)
    return bool(poller.poll(timeout_s * 1000))
""",
    "default-selector": """
import select
try:
    import selectors
except ImportError:  # Python 2.7
    selectors = None
def readable(server, timeout_s):
    selector = selectors.DefaultSelector() if selectors else native("epoll")()
    try:
        selector.register(server, selectors.EVENT_READ if selectors else select.EPOLLIN)
        return bool(selector.select(timeout_s) if selectors else selector.poll(timeout_s))
    finally:
        selector.close()
""",
}


@requirement("serving/handle-request-serves-one")
def test_one_of_two_waiting_requests_is_served(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """With two requests waiting, one handle_request() serves one of them and leaves the other."""
    server = construct(ECHO_LINE)
    first = peers().connect(server).send(b"first\n")
    peers().connect(server).send(b"second\n")

    observe("handle_request() returns", server.call("handle_request"))

    first.expect(b"first\n").expect_end()
    server.stop()
    same(1, server.phases().count("handle"), "handlers of two waiting requests")


@requirement("serving/handle-request-times-out")
def test_timeout_is_told_once(construct: Construct, observe: Observe) -> None:
    """Without a request handle_request() calls handle_timeout() once and returns."""
    server = construct(attributes={"timeout": AT_ONCE_S}, hooks={"handle_timeout": RecordCall()})

    observe("handle_request() returns", server.call("handle_request"))

    server.stop()
    same(["handle_timeout"], server.calls(), "calls of handle_timeout()")


@requirement("serving/handle-timeout-default-is-silent")
def test_timeout_by_itself_does_nothing(construct: Construct, peers: Peers) -> None:
    """After a timeout that nobody overrides, nothing is printed and the next request is served."""
    server = construct(ECHO_LINE, attributes={"timeout": AT_ONCE_S})

    server.call("handle_request")

    peer = peers().connect(server).send(b"after the timeout\n")
    server.call("handle_request")
    peer.expect(b"after the timeout\n").expect_end()
    _expect_silence(server)


def _expect_silence(server: Server) -> None:
    server.stop()
    server.fence()
    same({"stdout": "", "stderr": ""}, server.process.output, "what the server prints")


@requirement("serving/handle-request-serves-before-timeout")
def test_request_before_the_timeout_is_served(construct: Construct, peers: Peers) -> None:
    """A request that comes within the timeout is served at once, and no timeout is told."""
    server = construct(
        ECHO_LINE,
        attributes={"timeout": IN_A_MINUTE_S},
        hooks={"handle_timeout": RecordCall()},
    )
    serving = server.spawn("handle_request")

    peers().connect(server).send(b"in time\n").expect(b"in time\n").expect_end()

    serving.expect_return()
    server.expect_calls(without="handle_timeout")


@requirement("serving/fileno-works-with-a-selector", variants=WAYS_TO_WAIT)
def test_server_can_be_waited_for(
    construct: Construct, peers: Peers, process: CaseProcess, variant: Any
) -> None:
    """A server given to select(), poll() or epoll is readable with a request and not without."""
    server = construct(ECHO_LINE)
    process.do("execute", source=variant)
    check(
        not server.evaluate("readable(server, 0)"),
        expected="a server without a request is not readable",
        actual="it is",
    )

    peer = peers().connect(server).send(b"ready\n")

    check(
        server.evaluate(f"readable(server, {IN_A_MINUTE_S})"),
        expected="a server with a request is readable",
        actual="it is not",
    )
    server.call("handle_request")
    peer.expect(b"ready\n").expect_end()
