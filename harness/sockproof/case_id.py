"""The ids of cases: how they are made, and how they are read out of pytest's node ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sockproof.iut.capabilities import ProbedIut
from sockproof.spec.matrix import ServerSpec
from sockproof.spec.requirement import Requirement

__all__ = ["CaseParameter", "case_id_of", "iut_id_of"]


@dataclass(frozen=True)
class CaseParameter:
    """What one case is of: the value of the parameter that a test function never sees."""

    requirement: Requirement
    iut: ProbedIut
    spec: ServerSpec | None
    variant: tuple[str, Any] | None

    @property
    def case_id(self) -> str:
        parts = [self.spec.id if self.spec else "", self.variant[0] if self.variant else ""]
        inner = ",".join(part for part in parts if part)
        return f"{self.requirement.id}[{inner}]" if inner else self.requirement.id

    @property
    def id(self) -> str:
        return f"{self.case_id}@{self.iut.id}"


def case_id_of(nodeid: str) -> str:
    """The id of the case behind a node id; empty when it is none."""
    return _parameter_id(nodeid).rpartition("@")[0]


def iut_id_of(nodeid: str) -> str:
    """The id of the implementation that a case's node id names."""
    return _parameter_id(nodeid).rpartition("@")[2]


def _parameter_id(nodeid: str) -> str:
    """What stands in the outer brackets; xdist may put the name of a group behind them."""
    return nodeid.partition("[")[2].rpartition("]")[0]
