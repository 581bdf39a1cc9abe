"""Clients that do something while they wait in the queue: send all they have, close, reset."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Event, Fill, Observe, Peers, Serve, check, requirement
from fixtures.steps import Echo, ReadLine, ReadToEnd, RecordCall, When
from suites.backlog.busy import LARGE, BusyServer, line

# Fits into any receive buffer: nobody reads it before the connection is accepted.
EARLY_OCTETS = 2000

# What a reply to who has gone does is another matter.
ANSWER_WHO_STAYED = [
    ReadLine(),
    *(When(prefix, [Echo()]) for prefix in (b"first", b"0", b"1", b"late")),
]


@requirement("backlog/early-data-arrives")
def test_early_data_is_answered(construct: Construct, peers: Peers) -> None:
    """Three clients send and half-close before anybody is accepted; each gets its own data back."""
    server = construct([ReadToEnd(), Echo()])
    early = [
        (peers.stream().connect(server).send(data).half_close(), data)
        for data in (bytes(Fill(EARLY_OCTETS, seed)) for seed in range(3))
    ]

    loop = server.spawn("serve_forever", 0.001)

    for client, data in early:
        client.expect_reply(data)
    check(not loop.has_ended, expected="the loop goes on", actual="it has ended")


@requirement("backlog/closed-while-waiting", variants={"silent": b"", "after-data": b"gone\n"})
def test_client_that_closed_is_passed_over(
    serve: Serve, peers: Peers, observe: Observe, variant: bytes
) -> None:
    """Between two who wait one closes, silent or having sent; the two are served, and a later."""
    busy = _busy(serve, peers)
    before = busy.let_wait(1)
    gone = peers.stream("gone").connect(busy.server)
    if variant:
        gone.send(variant)
    gone.close()
    after = peers.stream("after").connect(busy.server).send(line(1))

    busy.serve_all([*before, after])

    _expect_still_serving(busy, peers)
    _observe_the_gone(busy, observe)


@requirement("backlog/reset-while-waiting", variants={"silent": b"", "after-data": b"gone\n"})
def test_client_that_reset_is_passed_over(
    serve: Serve, peers: Peers, observe: Observe, variant: bytes
) -> None:
    """Between two who wait one resets, silent or having sent; the two are served, and a later."""
    busy = _busy(serve, peers)
    before = busy.let_wait(1)
    gone = peers.stream("gone").connect(busy.server)
    if variant:
        gone.send(variant)
    gone.reset()
    after = peers.stream("after").connect(busy.server).send(line(1))

    busy.serve_all([*before, after])

    _expect_still_serving(busy, peers)
    _observe_the_gone(busy, observe)


def _busy(serve: Serve, peers: Peers) -> BusyServer:
    hooks = {"handle_error": RecordCall()}
    return BusyServer(serve, peers, LARGE, hooks=hooks, steps=ANSWER_WHO_STAYED)


def _expect_still_serving(busy: BusyServer, peers: Peers) -> None:
    peers.stream("late").connect(busy.server).send(b"late\n").expect(b"late\n").expect_end()


def _observe_the_gone(busy: BusyServer, observe: Observe) -> None:
    """Who was gone is the third of five clients: what its handler read, and what came of it."""
    busy.server.stop()
    observe("handlers of five clients", busy.server.phases().count("handle"))
    read = [_read(step) for step in busy.server.process.matching("step", do="read_line")]
    observe("their handlers read", read)
    observe("calls of handle_error()", busy.server.calls().count("handle_error"))


def _read(step: Event) -> Any:
    error = step.fields.get("error")
    return [error["type"], error["errno_name"]] if error else step.fields["octets"]["text"]
