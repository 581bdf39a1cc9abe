"""When descriptors run out, and when they are high: clients wait, and are served later."""

from __future__ import annotations

from fixtures import (
    CaseProcess,
    Construct,
    DatagramPeer,
    Inconclusive,
    Observe,
    Outcome,
    Peers,
    RaisedError,
    Serve,
    Server,
    StreamPeer,
    check,
    hang_bound_s,
    requirement,
)
from fixtures.steps import Echo, Gate, Hook, ReadLine, RecordCall
from suites.resources.process_resources import (
    LINE,
    LOWEST_HIGH,
    count_at_rest,
    expect_as_before,
    high_descriptors,
    no_descriptor_left,
    play_one_by_one,
)

TRIES = 2
FAILURES = 3
IN_A_MINUTE_S = 60
ECHO = [ReadLine(), Echo()]


@requirement("resources/loop-survives-lack-of-descriptors")
def test_waiting_client_is_served_later(serve: Serve, peers: Peers, observe: Observe) -> None:
    """A client for whom accept() has failed twice is served when there is a descriptor again."""
    hooks: dict[str, Hook] = {"get_request": Gate("accept"), "handle_error": RecordCall()}
    server = serve(ECHO, hooks=hooks)
    count_at_rest(server)
    server.open_gate("accept", 1)
    play_one_by_one(server, peers, 1)
    expect_as_before(server)

    waiting = peers.stream("waiting").connect(server).send(LINE)
    server.expect_at_gate("accept", 2)
    with no_descriptor_left(server.process):
        server.open_gate("accept", TRIES)
        failed = server.process.wait_events(TRIES, "raise", method="get_request")
        server.expect_at_gate("accept", TRIES + 2)
        server.fence()
        observe("no descriptor: handle_error called", "handle_error" in server.calls())
        observe("no descriptor: something is printed", bool(server.process.output["stderr"]))

    server.open_gate("accept")
    waiting.expect(LINE).expect_end()
    errors = {RaisedError.of(event.fields["error"]).name for event in failed}
    observe("no descriptor: get_request() raises", sorted(errors))


@requirement("resources/spin-without-descriptors")
def test_loop_without_descriptors(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Of a loop that need not look for shutdown(), whether accept() fails three times in a row for
    one client. Where it does not, the hang bound passes; a loop that spins is never slow."""
    server = construct(ECHO, hooks={"get_request": Gate("accept")})
    loop = server.spawn("serve_forever", IN_A_MINUTE_S)
    check(loop.comes_to_wait(), expected="the loop goes on", actual="it ended")
    count_at_rest(server)
    server.open_gate("accept", 1)
    play_one_by_one(server, peers, 1)  # so that whatever is imported late is there
    expect_as_before(server)

    waiting = peers().connect(server).send(LINE)
    server.expect_at_gate("accept", 2)
    with no_descriptor_left(server.process):
        server.open_gate("accept", FAILURES)
        spins = _fails_again(server)
        observe("accept() fails three times for one client", spins)

    server.open_gate("accept")
    if not spins:
        peers().connect(server).offer(LINE)  # has it look again
    waiting.expect(LINE).expect_end()
    stopping = server.spawn("shutdown")
    if stopping.comes_to_wait():
        peers().connect(server).offer(b"who wakes the loop\n")
    loop.expect_return()


def _fails_again(server: Server) -> bool:
    def failed() -> bool:
        return len(server.process.matching("raise", method="get_request")) >= FAILURES

    return server.process.comes(failed, hang_bound_s())


@requirement("resources/handle-request-without-descriptors")
def test_handle_request_without_descriptors(
    construct: Construct, client: StreamPeer, observe: Observe
) -> None:
    """handle_request() is called for a waiting client, without and then with a descriptor left."""
    hooks: dict[str, Hook] = {"get_request": RecordCall(), "handle_error": RecordCall()}
    server = construct(ECHO, hooks=hooks)
    client.connect(server).send(LINE)
    with no_descriptor_left(server.process):
        observe("no descriptor: handle_request()", _told(server.attempt("handle_request")))
        server.fence()
        observe("no descriptor: calls", server.calls())
        observe("no descriptor: something is printed", bool(server.process.output["stderr"]))

    observe("a descriptor again: handle_request()", _told(server.attempt("handle_request")))
    observe("a descriptor again: the client gets", client.receive(len(LINE))[0])


def _told(outcome: Outcome) -> str:
    return f"raises {outcome.error.name}" if outcome.error else f"returns {outcome.value}"


@requirement("resources/datagrams-are-served-without-free-descriptor")
def test_datagrams_are_served_without_descriptors(serve: Serve, sender: DatagramPeer) -> None:
    """Two datagrams are answered while the process can have no further descriptor."""
    server = serve(ECHO)
    count_at_rest(server)
    sender.connect(server).send(LINE).expect(LINE)  # so that whatever is imported late is there
    expect_as_before(server)

    with no_descriptor_left(server.process):
        for line in (b"one\n", b"two\n"):
            sender.send(line).expect(line)


@requirement("resources/constructor-without-descriptors")
def test_constructor_without_descriptors(
    process: CaseProcess, construct: Construct, observe: Observe
) -> None:
    """A server is made when no descriptor is left, and another one when there are again."""
    construct(ECHO)  # so that whatever is imported late is there
    with no_descriptor_left(process):
        made = construct.attempt(ECHO)
        outcome = made.name if isinstance(made, RaisedError) else "nothing"
        observe("no descriptor: the constructor raises", outcome)

    again = construct.attempt(ECHO)
    outcome = again.name if isinstance(again, RaisedError) else "nothing"
    observe("a descriptor again: the constructor raises", outcome)


@requirement("resources/descriptors-above-select")
def test_server_with_a_high_descriptor(process: CaseProcess, serve: Serve, peers: Peers) -> None:
    """A server whose listening descriptor is 1024 or more serves, by descriptors as high."""
    with high_descriptors(process):
        server = serve(ECHO)
        if server.fileno < LOWEST_HIGH:
            raise Inconclusive(f"the server's descriptor is {server.fileno}")

        play_one_by_one(server, peers, 2)
