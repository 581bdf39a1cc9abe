"""The timeout that handle_request() minds: none, zero, of the socket, of an instance."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Observe, Outcome, Peers, Server, check, requirement, same
from fixtures.steps import Echo, Raise, ReadLine, RecordCall, Return

AT_ONCE_S = 0.01
# Longer than a case may take: who waits it out is taken for hung.
IN_A_MINUTE_S = 60

TIMEOUT_S = 0.25
WAITED = """
import select, time
clock = getattr(time, "monotonic", time.time)  # Python 2.7 has no other

def waited():
    began = clock()
    server.handle_request()
    return clock() - began
"""

ECHO_LINE = [ReadLine(), Echo()]
TELLS = {"handle_timeout": RecordCall()}

# The timeout of the server's class, and of its object if that has another, and that of its socket.
TIMEOUTS: dict[str, tuple[float | None, float | None, float]] = {
    "of-the-socket-alone": (None, None, AT_ONCE_S),
    "socket-first": (IN_A_MINUTE_S, None, AT_ONCE_S),
    "server-first": (AT_ONCE_S, None, IN_A_MINUTE_S),
    "object-first": (None, AT_ONCE_S, IN_A_MINUTE_S),
    "zero-of-the-socket-alone": (None, None, 0),
    "zero-of-the-socket-first": (IN_A_MINUTE_S, None, 0),
}

OVERRIDES = {"returns": Return("told"), "raises": Raise("ValueError", "nobody came")}


@requirement("serving/timeout-zero-does-not-wait")
def test_timeout_of_zero_looks_once(construct: Construct, peers: Peers) -> None:
    """With a timeout of 0 a call without a request tells the timeout, and one with it serves."""
    server = construct(ECHO_LINE, attributes={"timeout": 0}, hooks=TELLS)

    server.call("handle_request")
    same(["handle_timeout"], server.calls(), "calls of handle_timeout() when nobody is there")

    peer = peers().connect(server).send(b"there already\n")
    server.call("handle_request")
    peer.expect(b"there already\n").expect_end()
    same(["handle_timeout"], server.calls(), "calls of handle_timeout() with a request besides")


@requirement("serving/each-call-has-its-timeout")
def test_timeout_begins_with_the_call(construct: Construct) -> None:
    """The program does something else for longer than the timeout; then it is waited for again."""
    server = construct(attributes={"timeout": TIMEOUT_S}, hooks=TELLS)
    server.execute(WAITED)
    server.call("handle_request")

    server.execute(f"select.select([], [], [], {2 * TIMEOUT_S})")
    waits = server.evaluate(f"waited() > {TIMEOUT_S / 2}")

    same(["handle_timeout"] * 2, server.calls(), "calls of handle_timeout()")
    check(
        waits,
        expected=f"handle_request() waits for {TIMEOUT_S} s, its timeout",
        actual="it gives up before half of that",
    )


@requirement("serving/handle-request-waits-without-timeout")
def test_call_waits_for_a_request(construct: Construct, peers: Peers) -> None:
    """Without a timeout handle_request() is still there when a request comes, and serves it."""
    server = construct(ECHO_LINE, hooks=TELLS)
    serving = server.spawn("handle_request")

    waits = serving.comes_to_wait()
    server.let_others_run()

    check(
        waits and not serving.has_ended,
        expected="handle_request() without a timeout waits for a request",
        actual="it ended without one",
    )
    peers().connect(server).send(b"at last\n").expect(b"at last\n").expect_end()
    serving.expect_return()
    server.expect_calls(without="handle_timeout")


@requirement("serving/timeout-of-the-socket", variants=TIMEOUTS)
def test_shorter_timeout_counts(
    construct: Construct, variant: tuple[float | None, float | None, float]
) -> None:
    """The timeout of the socket counts where the server has none, or a longer one."""
    of_class, of_object, of_socket = variant
    server = construct(attributes={"timeout": of_class}, hooks=TELLS)
    server.execute(f"server.socket.settimeout({of_socket})")
    if of_object is not None:
        server.execute(f"server.timeout = {of_object}")

    server.call("handle_request")

    same(["handle_timeout"], server.calls(), "calls of handle_timeout()")


@requirement("serving/timeout-of-an-instance")
def test_timeout_set_later_counts(construct: Construct) -> None:
    """A timeout set on a server that was made with a longer one takes the place of that."""
    server = construct(attributes={"timeout": IN_A_MINUTE_S}, hooks=TELLS)
    server.execute(f"server.timeout = {AT_ONCE_S}")

    server.call("handle_request")

    same(["handle_timeout"], server.calls(), "calls of handle_timeout()")


@requirement("serving/negative-timeout")
def test_negative_timeout_is_recorded(construct: Construct, observe: Observe) -> None:
    """How handle_request() ends with a timeout below zero, and whether it tells the timeout."""
    server = construct(attributes={"timeout": -1}, hooks=TELLS)

    outcome = server.attempt("handle_request")

    observe("handle_request()", _ending(outcome))
    observe("calls of handle_timeout()", server.calls().count("handle_timeout"))


@requirement("serving/handle-timeout-override", variants=OVERRIDES)
def test_override_of_handle_timeout_is_recorded(
    construct: Construct, peers: Peers, observe: Observe, variant: Any
) -> None:
    """What handle_request() makes of its handle_timeout(), and whether the server goes on."""
    server = construct(
        ECHO_LINE,
        attributes={"timeout": AT_ONCE_S},
        hooks={"handle_timeout": variant, "handle_error": RecordCall()},
    )

    outcome = server.attempt("handle_request")

    observe("handle_request()", _ending(outcome))
    observe("calls of handle_error()", server.calls().count("handle_error"))
    observe("the next request", _next_request(server, peers))


def _next_request(server: Server, peers: Peers) -> str:
    peer = peers().connect(server).send(b"next\n")
    outcome = server.attempt("handle_request")
    if outcome.error is None and "handle" in server.phases():
        peer.expect(b"next\n").expect_end()
        return "is served"
    return "is not served"


def _ending(outcome: Outcome) -> str:
    if outcome.error is None:
        return f"returns {outcome.value!r}"
    return f"raises {outcome.error.type_name} {outcome.error.errno_name}".rstrip()
