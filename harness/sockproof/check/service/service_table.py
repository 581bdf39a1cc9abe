"""All requirements of the area ``service``: how each is played, and in which variants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sockproof.check.invariants.table import Invariant, Play
from sockproof.check.listener import Listener
from sockproof.check.scene import Scene
from sockproof.check.service import (
    answering,
    at_rest,
    declared_timeouts,
    departing,
    ending,
    half_requests,
    hostile,
    lingering,
    mixing,
    multitude,
    objects_kept,
    overflowing,
)
from sockproof.check.service.exchanges import Exchanges
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_checked

__all__ = ["SERVICE", "SERVICES", "Service", "service_plays"]

SERVICE = "service"


@dataclass(frozen=True)
class Service:
    """One requirement of the area. Its variants are the names of the exchanges, each with every one
    of ``ways`` behind it; or the ways alone, where all exchanges are played ``together``. Those of
    ``programs`` are about what we have started; a ``group`` makes lives of its own, and shares what
    comes of them. All of one share ``one_life`` where none of them waits long. Those of ``tls`` are
    played where that is spoken."""

    name: str
    play: Callable[[Exchanges, Scene, str], None]
    does: str
    ways: Sequence[str] = ()
    together: bool = False
    streams: bool = True
    programs: bool = False
    group: str = ""
    one_life: bool = False
    tls: bool = False

    @property
    def requirement(self) -> str:
        return f"{SERVICE}/{self.name}"

    def variants(self, exchanges: Exchanges) -> list[str]:
        """Those of a file of examples."""
        if self.together:
            return list(self.ways) or [""]
        names = [one.name for one in exchanges.all]
        return [" ".join([name, *way]) for name in names for way in self._ways]

    @property
    def _ways(self) -> list[list[str]]:
        return [[way] for way in self.ways] or [[]]

    def as_invariant(self, exchanges: Exchanges) -> Invariant:
        """What is played as any invariant is, with a life of its own."""
        return Invariant(
            self.name,
            partial(self.play, exchanges),
            f"{SERVICE} {self.group or self.name}",
            self.does,
            tuple(self.variants(exchanges)),
            streams=self.streams,
            programs=self.programs,
            alone=bool(self.group),
            area=SERVICE,
            one_life=self.one_life,
        )


SERVICES: tuple[Service, ...] = (
    Service(
        "exchange-is-answered", answering.answered_whole,
        "have it three times, and then with each that may follow", streams=False,
    ),
    Service(
        "octet-by-octet", answering.answered_octet_by_octet,
        "send the request an octet at a time, each when the one before it has been read",
    ),
    Service(
        "cut-anywhere", answering.answered_in_pieces,
        "send it in two pieces, cut at every octet",
    ),
    Service(
        "several-at-once", answering.answered_several_at_once,
        "send it with what may follow in one segment; then 20 at once",
    ),
    Service(
        "half-close-is-answered", answering.answered_before_half_close,
        "half-close behind the request",
    ),
    Service(
        "answer-ends-without-reset", answering.ends_without_reset,
        "half-close after the answer, and see how the connection ends",
    ),
    Service(
        "answer-ends-with-close-notify", answering.ends_with_close_notify,
        "of an answer that goes to the end, see whether TLS says that it is there", tls=True,
    ),
    Service(
        "slow-reader-gets-all", answering.answered_slowly_read,
        "ask again and again, read nothing until there is no room, then read all",
    ),
    Service(
        "leavers-harm-nobody", departing.leavers_harm_nobody,
        "leave at every octet of request and answer, and have one more ask each time",
        departing.LEAVING,
    ),
    Service(
        "leavers-leave-nothing", departing.leavers_leave_nothing,
        "leave at every octet, and count threads, children and descriptors",
        tuple(departing.WAYS_OUT),
    ),
    Service(
        "lingerers-delay-nobody", lingering.lingerers_delay_nobody,
        "10 clients stay, each elsewhere within the request; one more asks", lingering.LINGERING,
    ),
    Service(
        "each-its-own-answer", multitude.each_its_own_answer,
        "20 clients ask at once, and {crowd} clients", multitude.CROWDS,
        together=True, streams=False,
    ),
    Service(
        "thousand-leave-nothing", multitude.thousand_leave_nothing,
        "have up to 1,000 exchanges, and count threads, children and descriptors",
        together=True, streams=False,
    ),
    Service(
        "half-request-is-ended", half_requests.half_request_is_ended,
        "half-close within the request, at every octet",
    ),
    Service(
        "rests-after-exchanges", at_rest.rests_after_exchanges,
        "have exchanges of every kind, and look at its processor time", at_rest.REST,
        together=True, streams=False,
    ),
    Service(
        "overflow-is-answered", overflowing.overflow_is_answered,
        "hold it up until more clients come than its queue has room for, and let it go on",
        together=True, programs=True,
    ),
    Service(
        "thousand-keep-no-objects", objects_kept.thousand_keep_no_objects,
        "have up to 1,000 exchanges with a life of its own, and count objects in it",
        together=True, streams=False, programs=True, group="objects",
    ),
    Service(
        "stop-ends-at-work", ending.ends_at_work,
        "tell it to end while clients ask, read, stay, or come and go", ending.ENDINGS,
        together=True, streams=False, programs=True, group="ending",
    ),
    Service(
        "stop-forgets-nobody", ending.forgets_nobody_at_its_end,
        "the same; see what each client gets", ending.ENDINGS,
        together=True, programs=True, group="ending",
    ),
    Service(
        "starts-again-and-answers", ending.starts_again_and_answers,
        "start it again at the same address, and have each exchange", ending.ENDINGS,
        together=True, streams=False, programs=True, group="ending",
    ),
    Service(
        "garbage-harms-nobody", hostile.garbage_harms_nobody,
        "send octets that are no request; meanwhile and afterwards others ask",
        hostile.GARBAGE_KINDS, together=True, streams=False, one_life=True,
    ),
    Service(
        "garbage-leaves-nothing", hostile.garbage_leaves_nothing,
        "the same four times, and count threads, children and descriptors",
        together=True, streams=False,
    ),
    Service(
        "declared-timeout-holds", declared_timeouts.let_go_in_time,
        "be slow with the request; where timeout_s is declared, see when the connection ends",
        declared_timeouts.SLOW,
    ),
    Service(
        mixing.MIXES_NAME, mixing.interleaved_are_answered,
        "play generated plans of up to three clients, and count threads, children and descriptors",
        together=True, streams=False,
    ),
)  # fmt: skip


def service_plays(subject: Listener, exchanges: Exchanges) -> Iterator[Play]:
    """The cases that follow from the examples, in their order; none without examples."""
    spec = subject.address.spec
    for service in SERVICES if exchanges else ():
        if spec not in load_checked().get(service.requirement).applies.specs():
            continue
        if service.tls and not subject.address.tls:
            continue
        invariant = service.as_invariant(exchanges)
        for variant in invariant.variants:
            yield Play(invariant, CaseId(service.requirement, spec.id, variant))
