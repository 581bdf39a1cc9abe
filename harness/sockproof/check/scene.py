"""What an invariant works with: the server, clients that come and go, what its processes hold."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from sockproof.case.client import StreamPeer
from sockproof.check.clientele import LOOK_S, Clientele
from sockproof.check.listener import Address, Listener
from sockproof.check.processes import Processes, Standing
from sockproof.check.program_life import ProgramLife, lived
from sockproof.check.sockets import waiting
from sockproof.check.stacks import dumped_stacks, outside_stacks
from sockproof.generate.options import MIXES, Generating
from sockproof.judge.checks import Mismatch, NotApplicable
from sockproof.spec.case_id import CaseId
from sockproof.timing import scale

__all__ = ["SPINS_AT", "Manners", "Scene"]

SPINS_AT = 0.5
"""Of one processor: whatever works, with nobody to work for, spins."""
_WINDOW_S = 0.3
_GLANCE_S = 0.05
_RESTS_WITHIN_S, _KNOWN_S = 2.0, 2.0
_NO_CASE = CaseId("none", "")
_UNSERVED = "somebody is not served"
# In a row: whoever hands something over may sleep for a moment in between.
_QUIET_LOOKS = 3


@dataclass(frozen=True)
class Manners:
    """How a check treats the server: ``clients`` leave at a time, ``crowd`` come at once, ``large``
    octets are too much, ``patience_s`` is how long anything may take to come back, ``generating``
    says how plans of clients are made."""

    patience_s: float = 10.0
    clients: int = 20
    crowd: int = 200
    large_octets: int = 8 << 20
    generating: Generating = field(default_factory=lambda: Generating(examples=MIXES))

    @classmethod
    def gentle(cls, patience_s: float) -> Manners:
        """For a server that others may use as well."""
        return cls(patience_s, clients=6, crowd=40, large_octets=1 << 20)


@dataclass
class Scene(Clientele):
    """One server while an invariant is played.

    ``case`` is the one that is played now. ``suspected`` is told of a requirement that seems not to
    be met, in its variant. ``life`` is the program's, if we have started it; ``folder`` is for
    files of ours. What is ``observed`` goes into the row, ``played`` keeps what was played for more
    than one invariant. ``gone`` is why nobody can be served any more. ``known`` is what was found
    wrong in any scene of the check: the same is not waited for as long again. ``generated`` is what
    the row tells of plans of clients.
    """

    subject: Listener = field(kw_only=True)
    manners: Manners = field(kw_only=True)
    life: ProgramLife | None = field(default=None, kw_only=True)
    case: CaseId = field(default=_NO_CASE, kw_only=True)
    suspected: Callable[[str], object] = field(default=str, kw_only=True)
    observed: dict[str, Any] = field(default_factory=dict)
    played: dict[Any, Any] = field(default_factory=dict)
    gone: str = ""
    known: set[str] = field(default_factory=set)
    generated: dict[str, Any] | None = None
    _processes: list[Processes] = field(default_factory=list)

    def begin_life(self, life: ProgramLife) -> None:
        """From now on this is the server."""
        self.life, self.address = life, life.address
        self._processes.clear()

    @property
    def patience_s(self) -> float:
        return self.manners.patience_s * scale()

    def suspect(self) -> None:
        """The case that is played seems to fail, and whether it does is waited for."""
        self.suspected(self.case.requirement)

    def observe(self, name: str, value: Any) -> None:
        """Put a value into the row."""
        self.observed[name] = value

    def processes(self) -> Processes:
        """The processes behind the address.

        Raises:
            NotApplicable: they cannot be seen; it says why.
        """
        if not self._processes:
            self._processes.append(Processes(self.address, self.life.pid if self.life else 0))
        self._processes[0].look_again()
        return self._processes[0]

    def stays(self, lane: str) -> StreamPeer:
        """A client that is connected, and in the hands of the server, as far as that shows."""
        peer = self.client(lane)
        self.comes_to_rest()
        return peer

    def ask_next(self) -> float:
        """Whoever comes next asks, with patience; with less where somebody was not served before.

        Raises:
            Mismatch, Hang: as of :meth:`ask`.
        """
        known = _UNSERVED in self.known
        try:
            return self.ask(
                bound_s=min(self.patience_s, _KNOWN_S * scale()) if known else self.patience_s
            )
        except Mismatch:
            self.known.add(_UNSERVED)
            raise

    def comes_to_rest(self) -> None:
        """Wait, if that comes soon, until nobody waits to be accepted, and all threads of the
        server sleep: what has come to it is at the place where it stays."""
        pause, limit_s, looks = threading.Event(), time.monotonic() + _RESTS_WITHIN_S * scale(), 0
        while looks < _QUIET_LOOKS and time.monotonic() < limit_s:
            looks = looks + 1 if self._is_quiet() else 0
            pause.wait(LOOK_S / 2)

    def _is_quiet(self) -> bool:
        with contextlib.suppress(NotApplicable):
            return self.processes().are_quiet and not waiting(self.address)
        return not waiting(self.address)

    def let_accept(self) -> bool:
        """Of a Unix socket nobody tells how many wait: the server is seen to do nothing more."""
        if self.address.spec.is_unix:
            self.comes_to_rest()
        return super().let_accept()

    def settled(self, is_back: Callable[[Standing], bool], bound_s: float) -> tuple[Standing, Any]:
        """What the processes hold once that is as it was, and after how many seconds; or what they
        hold at the end of the wait, and None."""
        processes, pause, began_s = self.processes(), threading.Event(), time.monotonic()
        while not is_back(standing := processes.standing()):
            if time.monotonic() - began_s > bound_s:
                return standing, None
            pause.wait(LOOK_S)
        return standing, round(time.monotonic() - began_s, 3)

    def spins(self, bound_s: float) -> float:
        """How much of a processor they want though nobody wants anything of them; 0 once that is
        little, within ``bound_s``."""
        processes, limit_s = self.processes(), time.monotonic() + bound_s
        while (share := processes.busy_share(_WINDOW_S * scale())) >= SPINS_AT:
            if time.monotonic() > limit_s:
                return round(share, 2)
        return 0.0

    def is_busy(self, window_s: float = _GLANCE_S) -> bool:
        """Whether its processes work now, as far as they can be seen."""
        with contextlib.suppress(NotApplicable):
            return self.processes().busy_share(window_s) >= SPINS_AT
        return False

    @property
    def has_ended(self) -> str:
        """What the program ended with, in words; empty while it lives, or if it is not ours, or was
        ended by us."""
        if self.life is None or self.life.is_over or self.life.status is None:
            return ""
        return f"the program has ended with status {self.life.status}: {self.life.last_words}"

    def stacks(self) -> str:
        """Where its threads stand. A program that we have started may end of it."""
        try:
            pids = self.processes().pids
        except NotApplicable:
            pids = [self.life.pid] if self.life else []
        found = outside_stacks(pids)
        return found or (dumped_stacks(self.life.dump()) if self.life else "")

    @contextlib.contextmanager
    def another_life(self, address: Address | None = None) -> Iterator[ProgramLife]:
        """The program once more, beside the one that lives.

        Raises:
            NotApplicable: it is no program of ours.
        """
        if not self.subject.argv:
            raise NotApplicable("the server was not started by this check")
        with lived(self.subject, self.folder, self.log, address) as life:
            yield life

    def beside(self, life: ProgramLife) -> Scene:
        """Another life of the program, with clients of its own; the log is the same."""
        return Scene(
            life.address,
            self.language,
            self.folder,
            self.log,
            subject=self.subject,
            manners=self.manners,
            life=life,
            known=self.known,
        )

    def figures(self, standing: Standing) -> dict[str, int]:
        """A standing as a row has it."""
        return asdict(standing)
