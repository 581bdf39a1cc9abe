"""Clients that wait in the queue of a busy server: how many, in which order, each one served."""

from __future__ import annotations

from fixtures import Inconclusive, Observe, Peers, Serve, check, requirement
from suites.backlog.busy import LARGE, SMALL, TRIED_AT_MOST, BusyServer


@requirement("backlog/request-queue-size-waits", variants={"default": None, "of-a-subclass": 3})
def test_waiting_clients_are_served(serve: Serve, peers: Peers, variant: int | None) -> None:
    """As many clients as request_queue_size says connect to a busy server, and are served then."""
    busy = BusyServer(serve, peers, variant)
    size = busy.server.evaluate("server.request_queue_size")

    waiting = busy.let_wait(min(size, TRIED_AT_MOST))

    busy.serve_all(waiting)


@requirement("backlog/queue-size-reaches-listen")
def test_larger_queue_lets_more_wait(serve: Serve, peers: Peers) -> None:
    """A queue of one keeps some of eight clients out, and a queue of eight keeps none out."""
    small = BusyServer(serve, peers, SMALL, "small")
    large = BusyServer(serve, peers, LARGE, "large")

    in_small, _ = small.fill(at_most=LARGE)
    in_large = large.let_wait(LARGE)

    check(
        len(in_small) < LARGE,
        expected=f"fewer than {LARGE} clients wait where request_queue_size is {SMALL}",
        actual=f"{len(in_small)} wait",
    )
    small.serve_all(in_small)
    large.serve_all(in_large)


@requirement("backlog/overflow-recovers")
def test_server_recovers_from_overflow(serve: Serve, peers: Peers) -> None:
    """Those who found room in a queue that ran over are served, and so is who comes after."""
    busy = BusyServer(serve, peers, SMALL)

    waiting, ending = busy.fill(at_most=LARGE)
    if not ending:
        raise Inconclusive(f"a queue of {SMALL} took {LARGE} clients")

    busy.serve_all(waiting)
    peers("late").connect(busy.server).send(b"late\n").expect(b"late\n").expect_end()


@requirement("backlog/order-of-waiting-clients")
def test_order_of_waiting_clients_is_recorded(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Clients that connected one after the other are served in an order that is recorded."""
    busy = BusyServer(serve, peers, LARGE)

    busy.serve_all(busy.let_wait(LARGE))

    read = busy.server.expect_step("read_line", count=1 + LARGE)
    lines = [event.fields["octets"]["text"].strip() for event in read]
    observe("served in this order", lines[1:])


@requirement(
    "backlog/capacity",
    variants={
        "queue-of-0": 0,
        "queue-of-1": 1,
        "queue-of-5": 5,
        "negative": -1,
        "default": None,
    },
)
def test_capacity_is_recorded(
    serve: Serve, peers: Peers, observe: Observe, variant: int | None
) -> None:
    """How many clients connect to a busy server, and what the first one too many is told."""
    busy = BusyServer(serve, peers, variant)

    waiting, ending = busy.fill(at_most=TRIED_AT_MOST)

    observe("request_queue_size", busy.server.evaluate("server.request_queue_size"))
    observe("waiting", len(waiting) if ending else f"{TRIED_AT_MOST} or more")
    observe("the next one", ending)
    busy.serve_all(waiting)
