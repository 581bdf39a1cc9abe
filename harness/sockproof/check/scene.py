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
from sockproof.check.stacks import dumped_stacks, outside_stacks
from sockproof.judge.checks import NotApplicable
from sockproof.timing import hang_bound_s, scale

__all__ = ["SPINS_AT", "Manners", "Scene"]

SPINS_AT = 0.5
"""Of one processor: whatever works, with nobody to work for, spins."""
_WINDOW_S = 0.3
_GLANCE_S = 0.05


@dataclass(frozen=True)
class Manners:
    """How a check treats the server: ``clients`` leave at a time, ``crowd`` come at once, ``large``
    octets are too much, ``patience_s`` is how long anything may take to come back."""

    patience_s: float = 10.0
    clients: int = 20
    crowd: int = 200
    large_octets: int = 8 << 20

    @classmethod
    def gentle(cls, patience_s: float) -> Manners:
        """For a server that others may use as well."""
        return cls(patience_s, clients=6, crowd=40, large_octets=1 << 20)


@dataclass
class Scene(Clientele):
    """One server while an invariant is played.

    ``life`` is the program's, if we have started it; ``folder`` is for files of ours. What is
    ``observed`` goes into the row, ``played`` keeps what was played for more than one invariant.
    ``gone`` is why nobody can be served any more.
    """

    subject: Listener = field(kw_only=True)
    manners: Manners = field(kw_only=True)
    life: ProgramLife | None = field(default=None, kw_only=True)
    observed: dict[str, Any] = field(default_factory=dict)
    played: dict[Any, Any] = field(default_factory=dict)
    gone: str = ""
    _processes: list[Processes] = field(default_factory=list)

    def begin_life(self, life: ProgramLife) -> None:
        """From now on this is the server."""
        self.life, self.address = life, life.address
        self._processes.clear()

    @property
    def patience_s(self) -> float:
        return self.manners.patience_s * scale()

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
        """A client that is connected, and that the server has begun to work for, as far as that
        shows: its connection is accepted, and nothing more happens."""
        peer = self.client(lane)
        self.let_accept()
        pause, limit_s = threading.Event(), time.monotonic() + hang_bound_s()
        while self.is_busy and time.monotonic() < limit_s:
            pause.wait(LOOK_S)
        return peer

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

    @property
    def is_busy(self) -> bool:
        """Whether its processes work now, as far as they can be seen."""
        with contextlib.suppress(NotApplicable):
            return self.processes().busy_share(_GLANCE_S) >= SPINS_AT
        return False

    @property
    def has_ended(self) -> str:
        """What the program ended with, in words; empty while it lives, or if it is not ours."""
        status = self.life.status if self.life else None
        return "" if status is None else f"the program has ended with status {status}"

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
        if self.life is None:
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
        )

    def figures(self, standing: Standing) -> dict[str, int]:
        """A standing as a row has it."""
        return asdict(standing)
