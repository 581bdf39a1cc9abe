"""server_close(): the address is free, nobody is let in, and what becomes of who is at work."""

from __future__ import annotations

import time
from collections.abc import Callable

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    Inconclusive,
    Observe,
    Outcome,
    Peers,
    RaisedError,
    RunningCall,
    Server,
    check,
    hang_bound_s,
    requirement,
)
from fixtures.steps import Echo, ReadLine, RecordCall

SOON_S = 0.01
# How often the loop goes for a request, and goes round: a hook would tell of each, and of a closed
# socket the loop may do so without a pause.
TALLY = """
class Tally(object):
    count = rounds = 0
def counted(original=server.get_request):
    Tally.count += 1
    return original()
server.get_request = counted
def turned(original=getattr(server, "service_actions", None)):
    Tally.rounds += 1
    return original()
if hasattr(server, "service_actions"):
    server.service_actions = turned
"""
GOES_ON = "Tally.count > 3 or Tally.rounds > 20"

# Another process may be given a port the moment it is free; not three in a row.
TRIES = 3


@requirement("serving/server-close-frees-the-address")
def test_address_can_be_bound_again(construct: Construct) -> None:
    """When a server is closed, another can be made at its address."""
    _expect_free_once_closed(construct, construct)


@requirement("serving/close-before-activation")
def test_address_of_a_bound_server_can_be_bound_again(construct: Construct) -> None:
    """The same of a server that was never activated."""
    _expect_free_once_closed(construct, lambda: _bound(construct))


def _bound(construct: Construct) -> Server:
    server = construct(bind_and_activate=False)
    server.call("server_bind")
    server.ask_address()
    return server


def _expect_free_once_closed(construct: Construct, make: Callable[[], Server]) -> None:
    found: list[Server | RaisedError] = []
    for _ in range(TRIES):
        closed = make()
        closed.call("server_close")
        found.append(construct.attempt(address=closed.address))
        if isinstance(found[-1], Server):
            break
    check(isinstance(found[-1], Server), expected="the address is free", actual=str(found[-1]))


@requirement("serving/closed-server-refuses")
def test_nobody_is_let_in(construct: Construct, peers: Peers, observe: Observe) -> None:
    """A client of a closed server is refused by the kernel."""
    refusal = ""
    for _ in range(TRIES):
        server = construct()
        server.call("server_close")
        refusal = refusal or peers().connect_at_once(server)

    observe("refusal", refusal)
    check(refusal, expected="a client of a closed server is refused", actual="it is let in")


@requirement("serving/close-during-the-loop")
def test_close_under_the_loop_is_recorded(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether a loop ends when its server is closed, and by what, or else by shutdown()."""
    server = construct([ReadLine(), Echo()], hooks={"handle_error": RecordCall()})
    server.execute(TALLY)
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"running\n").expect(b"running\n").expect_end()

    server.call("server_close")
    server.execute("Tally.rounds = 0")

    ends = _ends_before(server, loop, GOES_ON)
    if not ends:
        server.call("shutdown")
    ending = _ending(loop.wait())
    observe("serve_forever()", ending if ends else f"goes on until shutdown(), {ending}")
    observe("calls of handle_error()", server.calls().count("handle_error"))


@requirement("serving/serving-when-closed")
def test_serving_when_closed_is_recorded(construct: Construct, observe: Observe) -> None:
    """How handle_request() and serve_forever() of a closed server end."""
    server = construct(attributes={"timeout": SOON_S})
    server.execute(TALLY)
    server.call("server_close")

    observe("handle_request()", _ending(server.attempt("handle_request")))
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    ends = _ends_before(server, loop, GOES_ON)
    observe("serve_forever()", _ending(loop.wait()) if ends else "goes on")
    if not ends:
        server.call("shutdown")


def _ends_before(server: Server, loop: RunningCall, expression: str) -> bool:
    """Whether a loop ends before an expression in the process has become true."""
    limit_s = time.monotonic() + hang_bound_s()
    while not loop.has_ended:
        if server.evaluate(expression):
            return False
        if time.monotonic() > limit_s:
            raise Inconclusive("the loop neither ends nor goes for a request")
    return True


def _ending(outcome: Outcome) -> str:
    if outcome.error is None:
        return "returns"
    return f"raises {outcome.error.type_name} {outcome.error.errno_name}".rstrip()
