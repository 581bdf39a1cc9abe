"""max_children: whether handle_request() keeps to it, who counts, and how a server waits there."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Children,
    Construct,
    Observe,
    Peers,
    Serve,
    Server,
    check,
    requirement,
    same,
    waits_for_held_handler,
)
from fixtures.steps import Echo, Gate, ReadLine

CHANCES = 20
# A poll_interval that does not pass: the loop does something when a request comes, no sooner.
NEVER_S = 60.0
WAITS: dict[str, Any] = {
    "max-children": ["serve_forever", NEVER_S],
    "server-close": ["server_close"],
}
IGNORE_CHILDREN = """
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
"""


def _give_every_chance(server: Server, count: int) -> None:
    """Until so many are at the gate, or have had ample chance to come to it."""
    for _ in range(CHANCES):
        if len(server.process.matching("step", do="gate", passed=None)) >= count:
            return
        server.let_others_run()


@requirement("forking/max-children-under-handle-request")
def test_handle_request_waits_at_max_children(construct: Construct, peers: Peers) -> None:
    """With max_children = 2 and two children held at a gate, a third handle_request()'s handler
    starts when one of them has ended."""
    server = construct([ReadLine(), Gate("hold"), Echo()], attributes={"max_children": 2})
    lines = [b"%d\n" % number for number in range(3)]
    clients = [peers().connect(server).send(line) for line in lines]
    server.call("handle_request")
    server.call("handle_request")
    server.expect_at_gate("hold", 2)

    third = server.spawn("handle_request")
    _give_every_chance(server, 3)
    if third.has_ended:  # it did not wait: its child, however slow, is on its way
        server.expect_at_gate("hold", 3)

    started = server.process.matching("handler", phase="setup")
    same(2, len(started), "handlers that run at once under handle_request()")
    server.open_gate("hold", 1)
    third.expect_return()
    server.expect_at_gate("hold", 3)
    server.open_gate("hold")
    for line, client in zip(lines, clients, strict=True):
        client.expect(line).expect_end()


@requirement(
    "forking/ended-children-do-not-count",
    variants={"reaped-by-the-server": "", "reaped-by-the-system": IGNORE_CHILDREN},
)
def test_ended_children_make_room(construct: Construct, peers: Peers, variant: str) -> None:
    """With max_children = 3, one child that has ended and two held at a gate, one more request is
    handled beside these two."""
    server = construct([ReadLine(), Gate("hold"), Echo()], attributes={"max_children": 3})
    children = Children(server)
    server.execute(variant)
    loop = server.spawn("serve_forever", NEVER_S)
    ended = peers().connect(server).send(b"ended\n")
    server.expect_at_gate("hold", 1)
    server.open_gate("hold", 1)
    ended.expect(b"ended\n").expect_end()
    children.expect_ended(server.expect_handled(1)[-1].pid)

    clients = []
    for number in range(2, 5):
        clients.append(peers().connect(server).send(b"held\n"))
        server.expect_at_gate("hold", number)

    server.open_gate("hold")
    for client in clients:
        client.expect(b"held\n").expect_end()
    stopping = server.spawn("shutdown")
    stopping.comes_to_wait()
    peers().connect(server)  # wakes the loop
    loop.expect_return()


@requirement("forking/shutdown-at-max-children")
def test_shutdown_at_max_children(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Whether shutdown() returns before the one child that there may be has ended."""
    server = serve([ReadLine(), Gate("hold"), Echo()], attributes={"max_children": 1})
    peers().connect(server).send(b"x\n")
    server.expect_at_gate("hold")

    waits = waits_for_held_handler(server, "hold", "shutdown")

    observe("shutdown() waits for the child", waits)


@requirement("forking/waits-for-children-asleep", variants=WAITS)
def test_server_that_waits_for_a_child_sleeps(
    construct: Construct, peers: Peers, variant: list[Any]
) -> None:
    """With one child held at a gate, every thread of the server's process sleeps, in a loop that
    has another request at max_children = 1, or in server_close()."""
    at_limit = variant[0] == "serve_forever"
    attributes = {"max_children": 1} if at_limit else {}
    server = construct([ReadLine(), Gate("hold"), Echo()], attributes=attributes)
    held = peers().connect(server).send(b"held\n")
    server.call("handle_request")
    server.expect_at_gate("hold")
    if at_limit:
        next_one = peers().connect(server).send(b"next\n")
    waiting = server.spawn(*variant)

    asleep = server.falls_asleep()

    check(asleep, expected="the server sleeps until its child ends", actual="it keeps running")
    server.open_gate("hold")
    held.expect(b"held\n").expect_end()
    if at_limit:
        next_one.expect(b"next\n").expect_end()
        server.spawn("shutdown").comes_to_wait()
        peers().connect(server).offer(b"who wakes the loop\n")
    waiting.expect_return()
