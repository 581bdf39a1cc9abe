"""All invariants: the requirement of each, in which variants it is played, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sockproof.check.invariants import (
    beginning,
    crowd,
    garbage,
    leaving,
    neighbours,
    resting,
    senders,
    stopping,
)
from sockproof.check.listener import Listener
from sockproof.check.scene import Scene
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_invariants

__all__ = ["AREA", "INVARIANTS", "Invariant", "Play", "plays_of"]

AREA = "invariants"


@dataclass(frozen=True)
class Invariant:
    """One requirement of the area, and how it is played.

    ``group`` are those that share a life of a program, one after the other; ``streams`` whether it
    is about connections alone, ``programs`` about what we have started alone, and ``ports`` about
    addresses with a port. ``alone`` are those that make lives of
    their own; ``one_life`` is for all variants. ``tls_variants`` are those of a server with which
    the check speaks TLS besides. ``does`` is what a dry run says of it.
    """

    name: str
    play: Callable[[Scene, str], None]
    group: str
    does: str
    variants: tuple[str, ...] = ("",)
    tls_variants: tuple[str, ...] = ()
    streams: bool = False
    programs: bool = False
    ports: bool = False
    alone: bool = False
    area: str = AREA
    one_life: bool = False

    @property
    def requirement(self) -> str:
        return f"{self.area}/{self.name}"

    def group_of(self, variant: str) -> str:
        """Who waits long where something is wrong has a life of his own."""
        own = "" if self.one_life else _LIVES.get(variant, variant)
        return f"{self.group} {own}".rstrip()

    def why_not(self, subject: Listener) -> str:
        """Why it cannot be played on this subject; empty if it can."""
        if self.streams and not subject.address.is_stream:
            return "datagrams have no connections"
        if self.programs and not subject.argv:
            return "the server was not started by this check, and is not stopped by it"
        if self.ports and subject.address.spec.is_unix:
            return "a Unix socket has no port"
        return ""


@dataclass(frozen=True)
class Play:
    """One case of a check."""

    invariant: Invariant
    case: CaseId

    @property
    def group(self) -> str:
        return self.invariant.group_of(self.case.variant)

    def needs_life(self, scene: Scene) -> bool:
        """Whether it is played on a life that is there, and has not been for another one."""
        is_over = (self.invariant.group, self.case.variant) in scene.played
        return not (self.invariant.alone or is_over)


_WAYS, _TLS_WAYS = tuple(leaving.WAYS), tuple(leaving.TLS_WAYS)
_WITH = tuple(one for one in stopping.WITH if one not in stopping.TLS_WITH)
# Variants that share a life, by its name; any other has one of its own.
_LIVES = dict.fromkeys([*garbage.GARBAGE, *garbage.TLS_GARBAGE, *beginning.FAMILIES], "") | {
    "reset": "end", "cut off": "end", "deaf to the handshake": "in the handshake",
    "in a reply": "a few octets", "while connecting": "after silence",
}  # fmt: skip
INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "at-rest-it-burns-nothing", resting.rests, "leaving",
        "look at it for a second while nobody uses it",
    ),
    Invariant(
        "reached-by-families", beginning.is_reached_by, "leaving",
        "connect to its port by IPv4, by IPv6 and by a mapped address",
        tuple(beginning.FAMILIES), streams=True, ports=True,
    ),
    Invariant(
        "leaving-clients-leave-nothing", leaving.leave_nothing, "leaving",
        "twice {clients} clients leave; threads, children and descriptors are counted",
        _WAYS, _TLS_WAYS, streams=True,
    ),
    Invariant(
        "leaving-clients-spin-nothing", leaving.spin_nothing, "leaving",
        "the same; its processor time is looked at", _WAYS, _TLS_WAYS, streams=True,
    ),
    Invariant(
        "next-client-is-served", leaving.next_is_served, "leaving",
        "after the same, one more asks", _WAYS, _TLS_WAYS, streams=True,
    ),
    Invariant(
        "neighbours-delay-nobody", neighbours.neighbours_delay_nobody, "neighbours",
        "10 clients stay; one more asks", neighbours.NEIGHBOURS,
        neighbours.TLS_NEIGHBOURS, streams=True,
    ),
    Invariant(
        "crowd-is-served", crowd.crowd_is_served, "neighbours",
        "{crowd} clients ask at once", streams=True,
    ),
    Invariant(
        "burst-forgets-nobody", crowd.burst_forgets_nobody, "neighbours",
        "after the same, the served leave; whoever waits, and one more, is served", streams=True,
    ),
    Invariant(
        "garbage-is-survived", garbage.garbage_is_survived, "garbage",
        "up to {large} octets of garbage; one more asks", tuple(garbage.GARBAGE),
        tuple(garbage.TLS_GARBAGE),
    ),
    Invariant(
        "gone-senders-harm-nobody", senders.gone_senders_harm_nobody, "garbage",
        "{clients} clients send, and are gone before the answer; one more asks",
    ),
    Invariant(
        "deaf-senders-block-nobody", senders.deaf_senders_block_nobody, "garbage",
        "a client asks 64 times and reads no answer; one more asks",
    ),
    Invariant(
        "data-is-not-kept", resting.keeps_no_data, "garbage",
        "four times {clients} clients send 256 KiB, later 1 MiB; its memory is looked at",
        streams=True,
    ),
    Invariant(
        "programs-inherit-nothing", resting.programs_inherit_nothing, "garbage",
        "look at the sockets of programs that it has started", streams=True,
    ),
    Invariant(
        "stop-ends-in-time", stopping.ends_in_time, "stopping",
        "start it, and end it by an interrupt", _WITH, stopping.TLS_WITH, programs=True, alone=True,
    ),
    Invariant(
        "second-interrupt-ends-it", stopping.second_interrupt_ends_it, "stopping",
        "interrupt it again if it goes on", ("silent client",), programs=True, streams=True,
        alone=True,
    ),
    Invariant(
        "stop-frees-the-address", stopping.frees_its_address, "stopping",
        "bind to its address once it has ended", _WITH, stopping.TLS_WITH, programs=True,
        alone=True,
    ),
    Invariant(
        "starts-again-at-once", stopping.starts_again_at_once, "stopping",
        "start it again at the same address", ("idle", "silent client"), programs=True,
        alone=True,
    ),
    Invariant(
        "address-in-use-is-told", beginning.address_in_use_is_told, "beginning",
        "start it where somebody else listens", programs=True, alone=True,
    ),
    Invariant(
        "starts-without-names", beginning.starts_without_names, "beginning",
        "start it in a network of its own whose name server is silent",
        programs=True, streams=True, ports=True, alone=True,
    ),
)  # fmt: skip


def plays_of(subject: Listener) -> Iterator[Play]:
    """The cases of a check of this subject, in their order."""
    spec = subject.address.spec.id
    for invariant in INVARIANTS:
        if subject.address.spec not in load_invariants().get(invariant.requirement).applies.specs():
            continue
        more = invariant.tls_variants if subject.address.tls else ()
        for variant in (*invariant.variants, *more):
            yield Play(invariant, CaseId(invariant.requirement, spec, variant))
