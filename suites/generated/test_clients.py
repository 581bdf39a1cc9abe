"""Generated clients of a running server: whatever they do, in whatever order, this holds."""

from __future__ import annotations

from fixtures import requirement
from fixtures.generated import Generated, Profile
from sockproof.generate.properties import (
    each_gets_its_own,
    every_connection_ends,
    handlers_start_in_order,
    nothing_is_left,
)

IN_GOOD_ORDER = Profile()
WITH_FAULTS = Profile(faults=True)
WITHIN_TLS = Profile(tls="get_request")
ANYTHING = Profile(faults=True, unread=True)


@requirement("generated/streams-lose-nothing")
def test_streams_lose_nothing(generated: Generated) -> None:
    """Clients send in pieces, stall, end early and wait for each other; handlers wait at a gate."""
    generated.plans(IN_GOOD_ORDER, each_gets_its_own)


@requirement("generated/streams-within-tls-lose-nothing")
def test_streams_within_tls_lose_nothing(generated: Generated) -> None:
    """The same within TLS, where records are cut and put together as well."""
    generated.plans(WITHIN_TLS, each_gets_its_own)


@requirement("generated/datagrams-keep-their-boundaries")
def test_datagrams_keep_their_boundaries(generated: Generated) -> None:
    """Datagrams of every size around the limit, from several clients in any order."""
    generated.plans(IN_GOOD_ORDER, each_gets_its_own)


@requirement("generated/abrupt-client-does-not-harm-others")
def test_abrupt_client_harms_no_other(generated: Generated) -> None:
    """Some reset, close without reading or vanish before they are accepted; handlers may raise."""
    generated.plans(WITH_FAULTS, each_gets_its_own)


@requirement("generated/every-connection-is-closed")
def test_every_connection_is_closed(generated: Generated) -> None:
    """Handlers read all, some or nothing of what clients send, return and raise."""
    generated.plans(ANYTHING, every_connection_ends)


@requirement("generated/handlers-start-in-order")
def test_handlers_start_in_order(generated: Generated) -> None:
    """Clients come one after another, before the loop runs or while a handler is held."""
    generated.plans(WITH_FAULTS, handlers_start_in_order)


@requirement("generated/nothing-is-left-behind")
def test_nothing_is_left_behind(generated: Generated) -> None:
    """After all of that and server_close() the process has what it had before."""
    generated.plans(ANYTHING, nothing_is_left)
