"""poll_interval, against a loop of select() alone that waits as often in the same process.

How fast either is judges nothing: one is counted while the other makes its turns.
"""

from __future__ import annotations

from typing import NamedTuple

from fixtures import Construct, Peers, check, requirement

PLAIN_INTERVAL_S = 0.01
COUNTED = """
import select
turns = []

def counted():
    turns.append(1)

server.service_actions = counted

def turns_while(count, interval_s):
    before = len(turns)
    for _ in range(count):
        native("select")([], [], [], interval_s)
    return len(turns) - before
"""


class Interval(NamedTuple):
    """How many turns of the server's loop there are to be, to so many of the plain one."""

    poll_s: float
    plain: int
    least: int
    most: int


# A fifth is left to a loop that other work keeps from its turns, and one turn to a first one.
INTERVALS = {
    "short": Interval(PLAIN_INTERVAL_S, 60, 12, 100_000),
    "long": Interval(60.0, 130, 0, 1),
}


@requirement("serving/poll-interval-is-kept", variants=INTERVALS)
def test_poll_interval_is_kept(construct: Construct, peers: Peers, variant: Interval) -> None:
    """An idle loop has about as many turns as its poll_interval says, be it short or long."""
    server = construct()
    server.execute(COUNTED)
    loop = server.spawn("serve_forever", variant.poll_s)

    found = server.evaluate(f"turns_while({variant.plain}, {PLAIN_INTERVAL_S})")

    server.spawn("shutdown").comes_to_wait()
    peers().connect(server).offer(b"who wakes the loop\n")
    loop.expect_return()

    plain = f"while a plain loop has waited {variant.plain} times for {PLAIN_INTERVAL_S} s"
    check(
        variant.least <= found <= variant.most,
        expected=f"{variant.least} to {variant.most} turns of {variant.poll_s:g} s {plain}",
        actual=f"{found} turns",
    )
