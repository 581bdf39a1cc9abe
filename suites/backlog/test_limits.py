"""How long the queue is and who sets it; what empties it, and what is left of it at the end."""

from __future__ import annotations

from collections.abc import Callable

from fixtures import Construct, Inconclusive, Observe, Peers, Serve, check, requirement
from fixtures.steps import Echo, Gate, ReadLine
from suites.backlog.busy import LARGE, SMALL, TRIED_AT_MOST, fill, line

ECHO_LINE = [ReadLine(), Echo()]
BURST = 200
# What a queue of five, the default of old, takes on Linux.
CLASSIC = 6


@requirement("backlog/busy-handlers-leave-the-queue")
def test_more_than_the_queue_are_at_work(serve: Serve, peers: Peers) -> None:
    """With a queue of one, five clients stand in their handlers together, and are then answered."""
    server = serve([ReadLine(), Gate("together"), Echo()], attributes={"request_queue_size": SMALL})
    clients = []
    for number in range(5):
        clients.append(peers.stream().connect(server).send(line(number)))
        server.expect_at_gate("together", number + 1)

    server.open_gate("together")

    for number, client in enumerate(clients):
        client.expect(line(number)).expect_end()


@requirement("backlog/queue-size-of-an-instance")
def test_size_of_an_instance_counts(construct: Construct, peers: Peers) -> None:
    """A server told to have a small queue before it listens keeps some of eight clients out."""
    server = construct(ECHO_LINE, attributes={"request_queue_size": LARGE}, bind_and_activate=False)
    server.execute(
        f"server.request_queue_size = {SMALL}; server.server_bind(); server.server_activate()"
    )
    server.ask_address()

    waiting, _ = fill(server, peers, LARGE)

    check(
        len(waiting) < LARGE,
        expected=f"fewer than {LARGE} clients wait where its request_queue_size is {SMALL}",
        actual=f"{len(waiting)} wait",
    )


@requirement("backlog/queue-size-changed-later")
def test_change_while_listening_is_recorded(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """How many clients wait after request_queue_size was raised, and after listening anew."""
    server = construct(ECHO_LINE, attributes={"request_queue_size": SMALL})

    server.execute("server.request_queue_size = 4")
    waiting, _ = fill(server, peers, LARGE)
    observe("waiting after the change", len(waiting))
    outcome = server.attempt("server_activate")
    error = outcome.error
    observe("second server_activate()", f"raises {error.type_name}" if error else "returns")
    more, _ = fill(server, peers, LARGE, "later")
    observe("waiting after it", len(waiting) + len(more))


@requirement("backlog/default-is-the-systems-limit")
def test_default_is_no_number_of_its_own(construct: Construct, peers: Peers) -> None:
    """request_queue_size is SOMAXCONN, and more clients wait than in a queue of five."""
    server = construct(ECHO_LINE)

    size, limit = server.evaluate("[server.request_queue_size, socket.SOMAXCONN]")
    check(size == limit, expected=f"request_queue_size is SOMAXCONN, {limit}", actual=size)
    waiting, _ = fill(server, peers, TRIED_AT_MOST)
    if limit > TRIED_AT_MOST:
        check(
            len(waiting) > CLASSIC,
            expected=f"more than {CLASSIC} clients wait",
            actual=f"{len(waiting)} wait",
        )


@requirement("backlog/burst-is-served")
def test_burst_is_served_to_the_last(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Two hundred clients are there before the first is served; each gets its own line back."""
    server = construct(ECHO_LINE, attributes={"request_queue_size": BURST})
    clients, ending = fill(server, peers, BURST)
    if ending:
        raise Inconclusive(f"the system lets {len(clients)} clients wait, not {BURST}")

    server.spawn("serve_forever", 0.001)

    for number, client in enumerate(clients):
        client.expect(line(number)).expect_end()
    server.stop()
    observe("handlers", server.phases().count("handle"))


@requirement("backlog/waiting-clients-at-close", variants={"silent": False, "having-sent": True})
def test_end_of_the_queue_is_recorded(
    construct: Construct, peers: Peers, observe: Observe, variant: bool
) -> None:
    """How the stream of a client in the queue ends when the server is closed."""
    server = construct(ECHO_LINE)
    client = peers.stream().connect(server)
    if variant:
        client.send(b"request\n")

    server.call("server_close")

    data, ending = client.receive_to_end()
    observe("the client receives", [data, str(ending)])
    observe("its next send", _attempt(lambda: client.socket.send(b"more\n")))


def _attempt(action: Callable[[], object]) -> str:
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "is taken"
