"""server_close(): the address is free, and nobody is let in."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Observe, Peers, check, requirement
from sockproof.iut.outcomes import RaisedError
from sockproof.iut.server import Server

TRIES = 3
"""Another process may be given a port the moment it is free; not three in a row."""


@requirement("serving/server-close-frees-the-address")
def test_address_can_be_bound_again(construct: Construct) -> None:
    """When a server is closed, another can be made at its address."""
    found: list[Server | RaisedError] = []
    for _ in range(TRIES):
        found.append(_close_and_bind_again(construct))
        if isinstance(found[-1], Server):
            break
    check(isinstance(found[-1], Server), expected="the address is free", actual=str(found[-1]))


def _close_and_bind_again(construct: Construct) -> Server | RaisedError:
    closed = construct()
    closed.call("server_close")
    address: Any = closed.address
    return construct.attempt(address=address)


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
