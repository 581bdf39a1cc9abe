"""How long children live, who waits for them, and what of a connection the parent keeps."""

from __future__ import annotations

import time
from typing import Any

from fixtures import (
    Fill,
    Observe,
    Peers,
    RunningCall,
    Serve,
    Server,
    StreamPeer,
    check,
    hang_bound_s,
    requirement,
    same,
)
from fixtures.closing import HOLD_THREE, end_middle_last, hold_three
from fixtures.steps import Echo, Exit, Gate, ReadLine, Reply

REPLY = Fill(100_000)


def _hold(server: Server, peers: Peers, count: int) -> list[int]:
    """Bring ``count`` requests into their handlers; the processes they wait in."""
    for _ in range(count):
        peers().connect(server).send(b"x\n")
    return [event.pid for event in server.expect_at_gate("hold", count)]


def _close_while_held(server: Server) -> RunningCall:
    """Stop the loop and start server_close(), with ample chance to return."""
    server.call("shutdown")
    closing = server.spawn("server_close")
    server.let_others_run()
    return closing


def _is_gone(server: Server, pid: int) -> bool:
    """Whether a process is no more, not even as a zombie, which could still be sent a signal."""
    error = server.process.do("evaluate", expression=f"os.kill({pid}, 0)").error
    return error is not None and error.errno_name == "ESRCH"


@requirement("forking/server-close-waits-for-children")
def test_server_close_waits_for_every_child(serve: Serve, peers: Peers, observe: Observe) -> None:
    """server_close() returns after all of three held children, and all are reaped then.

    The second one ends last: who waits for the first alone, or for the last, returns too early.
    """
    server = serve(HOLD_THREE)
    observe("block_on_close", server.evaluate("getattr(server, 'block_on_close', 'none')"))
    pids = [event.pid for event in hold_three(server, peers)]

    end_middle_last(server, _close_while_held(server))

    left = [pid for pid in pids if not _is_gone(server, pid)]
    check(not left, expected="no child after server_close()", actual=f"{len(left)} of 3")
    same(0, server.stop().zombies, "children that nobody had reaped")


@requirement("forking/block-on-close-false-does-not-wait")
def test_server_close_does_not_block_if_told_so(serve: Serve, peers: Peers) -> None:
    """server_close() returns while a child is held at a gate."""
    server = serve([ReadLine(), Gate("hold")], attributes={"block_on_close": False})
    _hold(server, peers, 1)

    _close_while_held(server).expect_return()

    same([], server.process.matching("handler", phase="finish"), "handlers that ended before")
    server.open_gate("hold")
    server.expect_handler("finish")


@requirement("forking/idle-server-reaps-children")
def test_idle_loop_reaps_ended_children(serve: Serve, peers: Peers) -> None:
    """After the last request the loop goes on, and two ended children are reaped by it."""
    server = serve([ReadLine(), Gate("hold")])
    pids = _hold(server, peers, 2)

    server.open_gate("hold")

    limit_s = time.monotonic() + hang_bound_s()
    while left := [pid for pid in pids if not _is_gone(server, pid)]:
        check(
            time.monotonic() < limit_s,
            expected="both children are reaped",
            actual=f"{len(left)} of them still there after {hang_bound_s():g} s",
        )


@requirement(
    "forking/parent-closes-its-copy-of-the-request",
    variants={"child-shuts-down": [], "child-exits": [Exit(0)]},
)
def test_reply_and_end_come_from_the_child(serve: Serve, client: StreamPeer, variant: Any) -> None:
    """A long reply arrives whole after the parent has gone on, and then the end of the stream.

    Also of a child that exits without shutting the connection down: the stream then ends only
    if no other process has it open.
    """
    server = serve([ReadLine(), Gate("hold"), Reply(REPLY), *variant])

    client.connect(server).send(b"x\n")
    server.expect_at_gate("hold")
    server.let_others_run()
    server.open_gate("hold")

    client.expect_reply(REPLY)


@requirement("forking/shutdown-does-not-wait-for-children")
def test_shutdown_returns_while_a_child_runs(serve: Serve, peers: Peers) -> None:
    """shutdown() returns with one child held at a gate, whose client is then answered."""
    server = serve([ReadLine(), Gate("hold"), Echo()])
    held = peers().connect(server).send(b"held\n")
    server.expect_at_gate("hold")

    server.spawn("shutdown").expect_return()

    same([], server.process.matching("handler", phase="finish"), "handlers that ended before")
    server.open_gate("hold")
    held.expect(b"held\n").expect_end()
