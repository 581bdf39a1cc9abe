"""When ended children are reaped: at a timeout, by an idle loop, by server_close(), or not yet."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Children,
    Construct,
    Observe,
    Peers,
    Serve,
    Server,
    requirement,
    same,
    waits_for_held_handler,
)
from fixtures.steps import Echo, Gate, ReadLine, RecordCall, When

TIMEOUT_S = 0.02


def _play(server: Server, peers: Peers, children: Children, count: int, method: str) -> list[int]:
    """``count`` requests, each when the child of the one before has ended; the children."""
    for number in range(1, count + 1):
        peers().connect(server).send(b"x\n")
        if method:
            server.call(method)
        children.expect_ended(server.expect_handled(number)[-1].pid)
    return [event.pid for event in server.expect_handled(count)]


@requirement("forking/handle-timeout-collects-children")
def test_timeout_collects_ended_children(construct: Construct, peers: Peers) -> None:
    """handle_request() without a request reaps a child that has ended; one that is held at a gate
    runs on, and answers its client."""
    server = construct(
        [ReadLine(), When(b"held", [Gate("hold")]), Echo()], attributes={"timeout": TIMEOUT_S}
    )
    children = Children(server)
    held = peers().connect(server).send(b"held\n")
    server.call("handle_request")
    running = server.expect_at_gate("hold")[0].pid
    ended = _play(server, peers, children, 1, "handle_request")[0]

    server.call("handle_request")

    same("gone", children.state(ended), "the child that has ended")
    same("running", children.state(running), "the child that is held")
    server.open_gate("hold")
    held.expect(b"held\n").expect_end()


@requirement("forking/children-that-end-together")
def test_children_that_end_together_are_reaped(construct: Construct, peers: Peers) -> None:
    """Five children that end at one gate are gone after the next timeout; a request is served."""
    server = construct([ReadLine(), Gate("hold"), Echo()], attributes={"timeout": TIMEOUT_S})
    children = Children(server)
    for _ in range(5):
        peers().connect(server).send(b"x\n")
        server.call("handle_request")
    pids = [event.pid for event in server.expect_at_gate("hold", 5)]
    server.open_gate("hold")
    children.expect_ended(*pids)

    server.call("handle_request")

    same(["gone"] * 5, [children.state(pid) for pid in pids], "the children that have ended")
    later = peers().connect(server).send(b"later\n")
    server.call("handle_request")
    later.expect(b"later\n").expect_end()


@requirement("forking/zombies-under-handle-request")
def test_zombies_under_handle_request(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Zombies after three requests, each of which came when the last one's child had ended."""
    server = construct([ReadLine(), Echo()])
    children = Children(server)

    pids = _play(server, peers, children, 3, "handle_request")

    observe("zombies after three requests", children.zombies(pids))
    server.call("server_close")
    observe("zombies after server_close()", children.zombies(pids))


@requirement("forking/zombies-of-an-idle-loop")
def test_zombies_of_an_idle_loop(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Zombies of three requests, when the loop has gone round since the last child ended."""
    server = serve([ReadLine(), Echo()], hooks={"service_actions": RecordCall()})
    children = Children(server)

    pids = _play(server, peers, children, 3, "")
    if server.evaluate("hasattr(type(server).__mro__[1], 'service_actions')"):
        so_far = len(server.process.matching("call", method="service_actions"))
        server.expect_call("service_actions", so_far + 3)

    observe("zombies after three requests", children.zombies(pids))
    server.call("shutdown")
    server.call("server_close")
    observe("zombies after server_close()", children.zombies(pids))


@requirement("forking/no-active-children-after-server-close")
def test_no_child_is_active_after_server_close(serve: Serve, peers: Peers) -> None:
    """active_children is empty after three requests and server_close()."""
    server = serve([ReadLine(), Echo()])
    for number in range(1, 4):
        peers().connect(server).send(b"x\n")
        server.expect_handled(number)

    server.call("shutdown")
    server.call("server_close")

    left = server.evaluate("len(getattr(server, 'active_children', None) or ())")
    same(0, left, "active children after server_close()")


@requirement("forking/server-close-without-requests")
def test_unused_server_can_be_closed(construct: Construct, observe: Observe) -> None:
    """server_close() returns on a server that served nobody; how a second call ends is told."""
    server = construct([ReadLine()])

    server.call("server_close")

    again = server.attempt("server_close")
    observe("server_close() called again", again.error.type_name if again.error else "returns")


@requirement(
    "forking/server-close-while-a-child-runs",
    variants={
        "default": ({}, ""),
        "no-block": ({"block_on_close": False}, ""),
        "no-block-later": ({}, "server.block_on_close = False"),
    },
)
def test_whether_server_close_waits(
    serve: Serve, peers: Peers, observe: Observe, variant: Any
) -> None:
    """Whether server_close() returns before a held child has ended."""
    attributes, source = variant
    server = serve([ReadLine(), Gate("hold")], attributes=attributes)
    peers().connect(server).send(b"x\n")
    server.expect_at_gate("hold")

    server.call("shutdown")
    server.execute(source)

    observe("server_close() waits for the child", waits_for_held_handler(server, "hold"))
