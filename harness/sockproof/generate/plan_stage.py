"""Where plans are played: in the process of a case, or on a server seen from outside."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sockproof.case.case_run import CaseRun
from sockproof.file_names import file_name
from sockproof.timing import case_deadline_s

__all__ = ["UNBOUNDED", "CaseStage", "PlanStage", "SearchBounds"]

# The part of its deadline after which a process gets no more plans.
_PROCESS_S_PART = 0.2


@dataclass(frozen=True)
class SearchBounds:
    """In seconds: how long a plan may wait for anything, how long plans may take together, and how
    long shrinking one may. None is as long as they need, or as is usual."""

    wait_s: float | None = None
    plans_s: float | None = None
    shrink_s: float | None = None


UNBOUNDED = SearchBounds()


class PlanStage(ABC):
    """One case that plays plans, one after the other, and what its row tells of them
    (``generated``). ``kept_at`` names the folder of plans that failed; empty where none is kept."""

    kept_at: Sequence[str] = ()

    @property
    @abstractmethod
    def case_id(self) -> str:
        """The id of the case, of which its seed is made."""

    @property
    @abstractmethod
    def generated(self) -> dict[str, Any] | None:
        """What the row of the case tells of plans."""

    @generated.setter
    @abstractmethod
    def generated(self, told: dict[str, Any] | None) -> None: ...

    @abstractmethod
    def begin_anew(self) -> None:
        """Forget what was played: another plan comes next."""

    @abstractmethod
    def replace_process(self) -> None:
        """End whatever a plan that failed has left behind."""


class CaseStage(PlanStage):
    """The process of a case of a run."""

    def __init__(self, case: CaseRun) -> None:
        self._case = case
        self.kept_at = tuple(map(file_name, (case.iut.id, case.case_id)))

    @property
    def case_id(self) -> str:
        """That of the case."""
        return self._case.case_id

    @property
    def generated(self) -> dict[str, Any] | None:
        """Told in the row of the case."""
        return self._case.generated

    @generated.setter
    def generated(self, told: dict[str, Any] | None) -> None:
        self._case.generated = told

    def begin_anew(self) -> None:
        """In the same process, if it lives and is young."""
        self._case.begin_anew()
        if time.monotonic() - self._case.process.began_s > _PROCESS_S_PART * case_deadline_s():
            self._case.replace_process()

    def replace_process(self) -> None:
        """The next plan has a process of its own."""
        self._case.replace_process()
