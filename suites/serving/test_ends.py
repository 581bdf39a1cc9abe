"""Ends of loops and servers: by exceptions, behind waiting clients, beside copies of a socket."""

from __future__ import annotations

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    Peers,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, Gate, Raise, ReadLine, When

ECHO_LINE = [ReadLine(), Echo()]
WAITING = 3
IN_A_ROW = 5
EXITS = {"interrupt": "KeyboardInterrupt", "exit": "SystemExit", "own": "OwnExit"}
COPY = "copy = socket.fromfd(server.fileno(), server.address_family, server.socket_type)"
SERVE_THE_COPY = "server.socket = copy"


@requirement("serving/shutdown-returns-when-the-loop-raises", variants=EXITS)
def test_shutdown_of_a_loop_that_raises(construct: Construct, peers: Peers, variant: str) -> None:
    """It waits while a handler is at work, by which the loop then ends: not by shutdown()."""
    server = construct([ReadLine(), Gate("at work"), Raise(variant)])
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"x\n")
    server.expect_at_gate("at work")
    stopping = server.spawn("shutdown")
    stopping.comes_to_wait()

    server.open_gate("at work")

    check(loop.wait().error is not None, expected="the loop raises", actual="it returned")
    stopping.expect_return()


@requirement("serving/waiting-clients-outlast-shutdown")
def test_waiting_clients_are_served_by_the_next_loop(construct: Construct, peers: Peers) -> None:
    """Three clients wait behind a second request when the loop is shut down at that one; each gets
    its own reply, from this loop or the next."""
    server = construct([ReadLine(), When(b"held", [Gate("at work")]), Echo()])
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    held = peers().connect(server).send(b"held\n")
    server.expect_at_gate("at work")
    early = peers().connect(server).send(b"held too\n")
    lines = [b"%d\n" % number for number in range(WAITING)]
    waiting = [peers().connect(server).send(line) for line in lines]

    server.open_gate("at work", 1)
    server.expect_at_gate("at work", 2)
    stopping = server.spawn("shutdown")
    stopping.comes_to_wait()
    server.open_gate("at work")
    stopping.expect_return()
    loop.expect_return()
    server.spawn("serve_forever", POLL_INTERVAL_S)

    held.expect(b"held\n").expect_end()
    early.expect(b"held too\n").expect_end()
    for line, client in zip(lines, waiting, strict=True):
        client.expect(line).expect_end()


@requirement("serving/server-close-leaves-a-copy-alone")
def test_copy_of_the_socket_listens_on(construct: Construct, peers: Peers) -> None:
    """A server with a copy of a closed one's listening socket serves at its address."""
    first, second = construct(ECHO_LINE), construct(ECHO_LINE, bind_and_activate=False)
    first.execute(COPY)

    first.call("server_close")
    second.execute(
        f"server.socket.close(); {SERVE_THE_COPY}; server.server_address = copy.getsockname()"
    )
    second.ask_address()
    second.spawn("serve_forever", POLL_INTERVAL_S)

    peers().connect(second).send(b"x\n").expect(b"x\n").expect_end()


@requirement("serving/waiting-clients-are-served-in-order")
def test_waiting_clients_are_served_in_order(construct: Construct, peers: Peers) -> None:
    """Five clients that have all connected before the loop begins are served one by one."""
    server = construct(ECHO_LINE)
    lines = [b"%d\n" % number for number in range(IN_A_ROW)]
    waiting = [peers().connect(server).send(line) for line in lines]

    server.spawn("serve_forever", POLL_INTERVAL_S)

    for line, client in zip(lines, waiting, strict=True):
        client.expect(line).expect_end()
    read = server.expect_step("read_line", count=IN_A_ROW)
    order = [int(event.fields["octets"]["text"]) for event in read]
    same(list(range(IN_A_ROW)), order, "the clients in the order of their handlers")
