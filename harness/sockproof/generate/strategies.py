"""How Hypothesis makes plans of clients, and lives of servers.

Plans are drawn; what comes first everywhere is what is simplest: no fault, the first peer, one
short line. Lives are put together by a state machine: every rule is a step, legal where the model
says so. The machine touches no server; the life it comes to is played when it is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from sockproof.generate.client_plan import Move, Payload, Plan, Profile, legal
from sockproof.generate.life import (
    HELD_MAX,
    OF_NEW_CLIENTS,
    OF_SILENT_CLIENTS,
    STEPS,
    Life,
    LifeModel,
    LifeStep,
)
from sockproof.generate.model import OWN_PACKET_OCTETS
from sockproof.generate.pieces import EARLY, FIRST, LAST
from sockproof.spec.matrix import ServerSpec

__all__ = ["lives", "plans"]

LINES = (*range(32), 80, 1000, 4096, 8191, 8192, 8193, 20_000)
# Where what is sent is cut in pieces.
CUTS = ((), (), (1,), (2,), (5,), (1, 2), (3, 30), (1000,))
_LINES = st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=3)
_SHAPES = st.sampled_from([(ended, cuts) for ended in (True, True, False) for cuts in CUTS])
# As many as may wait in the queue of a server whose ``request_queue_size`` is its own.
_PEERS = st.integers(1, 5)
_SELDOM = st.sampled_from((False, False, False, True))
# Values of max_packet_size; the first leaves it as it is.
PACKET_LIMITS = (0, 16, 1, 512)

SENDS = ("send", "send", "send")
STREAM_MOVES = (*SENDS, "connect", "await", "half-close")
WITH_GATE = ("open the gate",)
FAULTY_MOVES = {
    "TCP": ("reset", "reset", "close"),
    "UnixStream": ("close", "close"),
    "UDP": ("close",),
    "UnixDatagram": ("close",),
}
DATAGRAM_HANDLERS = (
    ("echo the rest",),
    ("pass the gate", "echo the rest"),
    ("greet", "echo lines"),
)
DATAGRAM_FAULTS = (("return",), ("raise",), ("greet", "raise"))

_Sent = tuple[Payload, tuple[int, ...]]


@st.composite
def plans(draw: st.DrawFn, spec: ServerSpec, profile: Profile) -> Plan:
    """A handler, a limit to the size of datagrams, and up to five clients in an interleaving of
    their own; of datagrams, around the limit."""
    handler = draw(_stream_handlers(profile) if spec.is_stream else _datagram_handlers(profile))
    limit = 0 if spec.is_stream else draw(st.sampled_from(PACKET_LIMITS))
    kinds: tuple[str, ...] = STREAM_MOVES if spec.is_stream else SENDS
    kinds += WITH_GATE if "pass the gate" in handler else ()
    kinds += FAULTY_MOVES[spec.kind] if profile.faults else ()
    sent = _lines if spec.is_stream else _datagrams(limit)
    unbound = spec.is_unix and not spec.is_stream and profile.faults
    one = _moves(kinds, sent, may_be_unbound=unbound)
    moves = draw(st.lists(one, min_size=1, max_size=profile.moves))
    if not profile.tls and draw(_SELDOM):  # the loop starts somewhere among them
        moves.insert(draw(st.integers(0, len(moves))), Move("serve"))
    return Plan(spec.id, handler, limit, legal(moves, stream=spec.is_stream))


@st.composite
def _stream_handlers(draw: st.DrawFn, profile: Profile) -> tuple[str, ...]:
    ends = LAST + (EARLY if profile.unread else ())
    last = draw(st.sampled_from(ends))
    first = draw(st.lists(st.sampled_from(FIRST), max_size=2))
    return (*first, last)


def _datagram_handlers(profile: Profile) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from(DATAGRAM_HANDLERS + (DATAGRAM_FAULTS if profile.faults else ()))


@st.composite
def _moves(
    draw: st.DrawFn,
    kinds: Sequence[str],
    sent: Callable[[st.DrawFn], _Sent],
    *,
    may_be_unbound: bool,
) -> Move:
    do = draw(st.sampled_from(kinds))
    if do in WITH_GATE:
        return Move(do)
    peer = draw(_PEERS)
    unbound = may_be_unbound and draw(_SELDOM)
    payload, cuts = sent(draw) if do == "send" else (None, ())
    return Move(do, peer, payload, cuts, unbound)


def _lines(draw: st.DrawFn) -> _Sent:
    """Up to three lines, in pieces or not."""
    lines = draw(_LINES)
    ended, cuts = draw(_SHAPES)
    return Payload("", tuple(LINES[index] for index in lines), ended), cuts


def _datagrams(limit: int) -> Callable[[st.DrawFn], _Sent]:
    """A short one, or one as long as the limit, or nearly so."""
    most = limit or OWN_PACKET_OCTETS
    sizes = (*range(40), *(edge for edge in (most - 1, most, most + 1) if edge >= 40))
    index = st.integers(0, len(sizes) - 1)
    return lambda draw: (Payload("", (sizes[draw(index)],), ended=False), ())


def lives(
    spec: ServerSpec, attempt: Callable[[Life], None], *, close_waits: bool
) -> type[RuleBasedStateMachine]:
    """The machine for servers of a spec; ``attempt`` plays a life, and raises if it fails.

    For ``close_waits`` see :class:`LifeModel`.
    """

    class Lives(RuleBasedStateMachine):
        """Collects the steps of a life, and follows them in the model."""

        def __init__(self) -> None:
            super().__init__()
            self.model = LifeModel(spec, close_waits)
            self.steps: list[LifeStep] = []

        @precondition(lambda self: self.model.phase == "closed")
        @rule()
        def rest(self) -> None:
            """Nothing more happens: after a server's end there may be no other step."""

        def teardown(self) -> None:
            attempt(Life(spec.id, tuple(self.steps)))

    for do in STEPS:  # Hypothesis takes them in the order of their names
        setattr(Lives, do.removesuffix("()").replace(" ", "_"), _rule(do))
    return Lives


def _rule(do: str) -> Any:
    """``which`` of the silent clients takes the step, if it is one of theirs."""

    def step(machine: Any, which: int = 0) -> None:
        model: LifeModel = machine.model
        client = 0
        if do in OF_NEW_CLIENTS:
            client = len(model.clients) + 1
        elif do in OF_SILENT_CLIENTS:
            client = model.silent[which % len(model.silent)].number
        machine.steps.append(LifeStep(do, client))
        model.take(machine.steps[-1])

    of_silent = rule(which=st.integers(0, HELD_MAX - 1))
    as_rule = of_silent if do in OF_SILENT_CLIENTS else rule()
    return precondition(lambda machine: machine.model.legal(do))(as_rule(step))
