"""One case while it runs: its process, its servers and peers, its transcript, and its row."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sockproof.case.case_ending import stopped
from sockproof.case.client import StreamPeer
from sockproof.case.datagram import DatagramPeer
from sockproof.case.listening_peer import ListeningPeer
from sockproof.case.peer import ScriptedPeer
from sockproof.case.server_options import ServerOptions, refuse_plain_clients
from sockproof.case.transcript import evidence_of
from sockproof.errors import AgentDied, HarnessError
from sockproof.iut.addresses import Addresses
from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.case_log import CaseLog
from sockproof.iut.cause import Evidence, cause_of
from sockproof.iut.channel import Channel
from sockproof.iut.outcomes import RaisedError
from sockproof.iut.process import CaseProcess
from sockproof.iut.server import Server
from sockproof.judge.checks import Crash, Hang, Inconclusive, NotApplicable, verdict_of
from sockproof.judge.expectations import Expectation, borne_out
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.rows import CaseRow, Known, Teardown
from sockproof.spec.matrix import ServerSpec
from sockproof.spec.requirement import Requirement
from sockproof.timing import PATIENCE_S, case_deadline_s

__all__ = ["CaseRun"]

_Peer = TypeVar("_Peer", bound=ScriptedPeer)
_NOT_TO_BE_STOPPED = (Hang, Crash, AgentDied, KeyboardInterrupt)  # it would not answer


class CaseRun:
    """A case on one implementation and server spec.

    ``channel`` gives the warm agent, starting it if need be. Nothing of the implementation runs
    until the case asks for it. ``variant`` is the case's own parameter; ``expected`` are known.
    """

    def __init__(
        self,
        case_id: str,
        requirement: Requirement,
        iut: ProbedIut,
        spec: ServerSpec | None,
        channel: Callable[[], Channel],
        addresses: Addresses,
        variant: Any = None,
        expected: Sequence[Expectation] = (),
    ) -> None:
        self.case_id = case_id
        self.requirement = requirement
        self.iut = iut
        self.variant = variant
        self.expected = expected
        self._spec = spec
        self._channel = channel
        self._addresses = addresses
        self._process: CaseProcess | None = None
        self._left: tuple[str, ...] = ()
        self._servers = 0
        self._peers: list[ScriptedPeer] = []
        self._began_s = time.monotonic()
        self.log, self.observations = CaseLog(), dict[str, Any]()
        # Of a case that plays generated plans: what its row tells of them.
        self.generated: dict[str, Any] | None = None

    @property
    def spec(self) -> ServerSpec:
        """The server spec of the case."""
        if self._spec is None:
            raise TypeError(f"{self.requirement.id} takes no server spec")
        return self._spec

    def refuse_inapplicable(self) -> None:
        """Say so when the requirement or the spec is not for this implementation.

        Raises:
            NotApplicable: with the reason.
        """
        if not self.requirement.holds_for(self.iut.level):
            raise NotApplicable(self.requirement.why_not(self.iut.level))
        if self._spec and (why := self.iut.capabilities.missing(self._spec)):
            raise NotApplicable(why, self.iut.capabilities.lacking(self._spec))

    @property
    def process(self) -> CaseProcess:
        """The case's process, started when first asked for."""
        if self._process is None:
            absent = self.iut.capabilities.absent
            deadline_s = case_deadline_s() + PATIENCE_S * self.requirement.is_patient
            self._process = CaseProcess(self._channel(), self.log, absent, deadline_s)
        return self._process

    def begin_anew(self) -> None:
        """Forget what was played: another plan is played next, in the same process if it lives."""
        if self._left:
            self.replace_process()
        self._close_peers()
        self._peers.clear()
        self.log.begin_anew()

    def clear(self, bound_s: float) -> tuple[str, ...]:
        """Close the peers and stop the servers: what is left behind then.

        Raises:
            Mismatch: stopping raised. Hang: something did not end within ``bound_s``.
        """
        self._close_peers()
        self._left = self.process.renew(bound_s).leaks
        return self._left

    def replace_process(self) -> None:
        """End the case's process, whatever it is at; another is started when it is asked for."""
        self._close_peers()
        if self._process is not None:
            process, self._process, self._left = self._process, None, ()
            process.end()
            self.log.events.clear()

    def _close_peers(self) -> None:
        for peer in self._peers:
            peer.close()

    def construct(self, options: ServerOptions, *, serve: bool = False) -> Server | RaisedError:
        """Make a server; with ``serve``, also start its loop. What the constructor raised is given
        back; what it does not take is not applicable."""
        options.refuse_inapplicable(self.iut)
        address = self.new_address() if options.address is None else None
        order = options.order(self.spec, address, self.process.gate)
        handle, self._servers = self._servers, self._servers + 1
        arguments = order.describe(handle)
        if serve:
            arguments["serve"] = order.loop(handle, options.poll_interval_s)
        outcome = self.process.do("make", **arguments)
        if outcome.error is not None:
            return outcome.error
        return Server(self.process, self.spec, handle, outcome.value)

    def owns_file(self, address: Any) -> bool:
        """Whether it is the path of a socket file that this case's servers may have made."""
        return isinstance(address, str) and self._addresses.has(address)

    def new_address(self) -> Any:
        """An address for one more server of this spec."""
        return self.new_address_of(self.spec.family)

    def new_stream_peer(self, lane: str = "") -> StreamPeer:
        """A client for a stream server, not yet connected."""
        refuse_plain_clients(self.iut)
        return self._added(StreamPeer(self.log, lane or self._next_lane()))

    def new_datagram_peer(self, lane: str = "", *, bound: bool = True) -> DatagramPeer:
        """A client of a datagram server; ``bound`` gives it an address to be answered at."""
        own = self._addresses.peer(self.spec.family) if bound else None
        return self._added(DatagramPeer(self.log, lane or self._next_lane(), own))

    def new_listening_peer(self) -> ListeningPeer:
        """A listener, which has no address yet."""
        return self._added(ListeningPeer(self.log, self._next_lane()))

    def _added(self, peer: _Peer) -> _Peer:
        self._peers.append(peer)
        return peer

    def new_address_of(self, family: str) -> Any:
        """An address of this family that nobody has."""
        return self._addresses.server(family, named=self.iut.looks_up_names)

    def _next_lane(self) -> str:
        return f"peer-{len(self._peers) + 1}" if self._peers else "peer"

    def end(self, problem: BaseException | None) -> Teardown:
        """Close the peers, stop the servers, and say what is left; always ends the process.

        After ``problem`` showed that the process hangs or is gone, or that the run was interrupted,
        nothing is asked of it.
        """
        self.log.closed, self.log.compared = True, getattr(problem, "values", None)
        if isinstance(problem, Hang):
            self._add_stacks(problem)
        self._close_peers()
        if self._process is None:
            return Teardown(TeardownVerdict.NOT_CHECKED)
        try:
            if self._process.over or isinstance(problem, _NOT_TO_BE_STOPPED):
                return Teardown(TeardownVerdict.NOT_CHECKED)
            if problem is not None and not isinstance(problem, AssertionError | Inconclusive):
                return Teardown(TeardownVerdict.NOT_CHECKED)  # what it has left is the case's own
            return stopped(self._process)
        finally:
            self.log.fate = self._process.ending() if self._process.over else ""
            self._process.end()

    def _add_stacks(self, hang: Hang) -> None:
        """A peer that waited in vain cannot see where the server stands; its process can tell."""
        if not hang.stacks and self._process is not None and not self._process.over:
            with contextlib.suppress(HarnessError):
                hang.stacks = self._process.stacks()

    def row(
        self, problem: BaseException | None, teardown: Teardown, keep: str, trace: str = ""
    ) -> CaseRow:
        """What the record says of the case. ``trace`` explains a fault of the harness; ``keep``
        says of which cases the evidence is kept: transcript and captured output."""
        verdict, told = verdict_of(problem, trace)
        row = CaseRow(
            id=self.case_id,
            requirement=self.requirement.id,
            spec=self._spec.id if self._spec else "",
            verdict=verdict,
            reason=told.get("reason", ""),
            expected=told.get("expected", ""),
            actual=told.get("actual", ""),
            lacks=told.get("lacks", ""),
            cause=self._cause(problem),
            teardown=teardown,
            observations=dict(self.observations),
            duration_s=round(time.monotonic() - self._began_s, 4),
            stacks=getattr(problem, "stacks", ""),
            generated=self.generated,
        )
        row = dataclasses.replace(row, known=self._known(row))
        if keep == "all" or (keep == "fail" and row.deviates):
            return dataclasses.replace(row, **evidence_of(self.log, self._process))
        return row

    def _cause(self, problem: BaseException | None) -> str:
        """What its process has told of why it failed."""
        stderr = self._process.output["stderr"] if self._process else ""
        file = str(self.iut.hello["module_file"] or "")
        found = Evidence(self.log.events, stderr, getattr(problem, "stacks", ""), file)
        return cause_of(problem, found)

    def _known(self, row: CaseRow) -> Known | None:
        """What was expected of the case, and whether it came so."""
        teardown = row.teardown.verdict
        one = borne_out(self.expected, row.verdict, row.words, teardown)
        if one is None or row.verdict is Verdict.NOT_APPLICABLE:
            return None
        stale = one.problem(row.verdict, row.words, teardown)
        return Known(one.reason, one.link, one.file, stale, teardown is one.teardown)
