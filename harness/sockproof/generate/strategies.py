"""Hypothesis strategies for plans. What comes first everywhere is what is simplest: no fault, the
first peer, one short line."""

from __future__ import annotations

from hypothesis import strategies as st

from sockproof.generate.client_plan import Move, Payload, Plan, Profile, legal
from sockproof.generate.model import OWN_PACKET_OCTETS
from sockproof.generate.pieces import EARLY, FIRST, LAST
from sockproof.spec.matrix import ServerSpec

__all__ = ["plans"]

PEERS = 5
"""As many as may wait in the queue of a server whose ``request_queue_size`` is its own."""
BUDGET_OCTETS = 45_000
"""A peer sends no more: with the replies it fits into any system's buffers."""
LONG_LINES = (80, 1000, 4096, 8191, 8192, 8193, 20_000)
LINES = (*range(32), *LONG_LINES)
CUTS = ((), (), (1,), (2,), (5,), (1, 2), (3, 30), (1000,))
"""Where what is sent is cut in pieces."""
_LINES = st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=3)
_SHAPES = st.sampled_from([(ended, cuts) for ended in (True, True, False) for cuts in CUTS])
_PEERS = st.integers(1, PEERS)
_SELDOM = st.sampled_from((False, False, False, True))
PACKET_LIMITS = (0, 16, 1, 512)
"""Values of max_packet_size; the first leaves it as it is."""

STREAM_MOVES = ("send", "send", "send", "connect", "await", "half-close")
WITH_GATE = ("open the gate",)
STREAM_FAULTS = {"TCP": ("reset", "reset", "close"), "UnixStream": ("close", "close")}
DATAGRAM_HANDLERS = (
    ("echo the rest",),
    ("pass the gate", "echo the rest"),
    ("greet", "echo lines"),
)
DATAGRAM_FAULTS = (("return",), ("raise",), ("greet", "raise"))


def plans(spec: ServerSpec, profile: Profile) -> st.SearchStrategy[Plan]:
    """Plans for servers of this spec."""
    return stream_plans(spec, profile) if spec.is_stream else datagram_plans(spec, profile)


@st.composite
def stream_plans(draw: st.DrawFn, spec: ServerSpec, profile: Profile) -> Plan:
    """A handler, and up to five clients in an interleaving of its own."""
    handler = draw(_stream_handlers(profile))
    kinds = STREAM_MOVES + (WITH_GATE if "pass the gate" in handler else ())
    if profile.faults:
        kinds += STREAM_FAULTS[spec.kind]
    moves = draw(st.lists(_stream_moves(kinds), min_size=1, max_size=profile.moves))
    made = legal(_late(draw, moves), BUDGET_OCTETS, stream=True)
    return Plan(spec.id, handler, made)


@st.composite
def _stream_handlers(draw: st.DrawFn, profile: Profile) -> tuple[str, ...]:
    ends = LAST + (EARLY if profile.unread else ())
    last = draw(st.sampled_from(ends))
    first = draw(st.lists(st.sampled_from(FIRST), max_size=2))
    return (*first, last)


@st.composite
def _stream_moves(draw: st.DrawFn, kinds: tuple[str, ...]) -> Move:
    do = draw(st.sampled_from(kinds))
    if do in WITH_GATE:
        return Move(do)
    peer = draw(_PEERS)
    if do != "send":
        return Move(do, peer)
    lines = draw(_LINES)
    ended, cuts = draw(_SHAPES)
    return Move(do, peer, Payload("", tuple(LINES[index] for index in lines), ended), cuts)


def _late(draw: st.DrawFn, moves: list[Move]) -> list[Move]:
    """The moves; one time in four the loop starts somewhere among them."""
    if not draw(_SELDOM):
        return moves
    place = draw(st.integers(0, len(moves)))
    return [*moves[:place], Move("serve"), *moves[place:]]


@st.composite
def datagram_plans(draw: st.DrawFn, spec: ServerSpec, profile: Profile) -> Plan:
    """A handler, a size limit, and up to five clients that send around it."""
    handlers = DATAGRAM_HANDLERS + (DATAGRAM_FAULTS if profile.faults else ())
    handler = draw(st.sampled_from(handlers))
    limit = draw(st.sampled_from(PACKET_LIMITS))
    kinds = ("send", "send", "send") + (WITH_GATE if "pass the gate" in handler else ())
    if profile.faults:
        kinds += ("close",)
    edges = (limit or OWN_PACKET_OCTETS) - 1, limit or OWN_PACKET_OCTETS, (limit or 8192) + 1
    sizes = (*range(40), *(edge for edge in edges if edge >= 40))
    unbound = spec.is_unix and profile.faults
    one = _datagram_moves(kinds, sizes, may_be_unbound=unbound)
    moves = draw(st.lists(one, min_size=1, max_size=profile.moves))
    made = legal(_late(draw, moves), BUDGET_OCTETS, stream=False)
    return Plan(spec.id, handler, made, limit)


@st.composite
def _datagram_moves(
    draw: st.DrawFn, kinds: tuple[str, ...], sizes: tuple[int, ...], *, may_be_unbound: bool
) -> Move:
    do = draw(st.sampled_from(kinds))
    if do in WITH_GATE:
        return Move(do)
    peer = draw(_PEERS)
    unbound = may_be_unbound and draw(_SELDOM)
    if do != "send":
        return Move(do, peer, unbound=unbound)
    size = sizes[draw(st.integers(0, len(sizes) - 1))]
    return Move(do, peer, Payload("", (size,), ended=False), unbound=unbound)
