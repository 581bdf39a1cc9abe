"""The parameter of a test function that makes it a case: of which requirement, on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sockproof.iut.capabilities import ProbedIut
from sockproof.spec.case_id import CaseId
from sockproof.spec.matrix import ServerSpec
from sockproof.spec.requirement import Requirement

__all__ = ["CaseParameter"]


@dataclass(frozen=True)
class CaseParameter:
    """What one case is of: the value of the parameter that a test function never sees."""

    requirement: Requirement
    iut: ProbedIut
    spec: ServerSpec | None
    variant: tuple[str, Any] | None

    @property
    def case(self) -> CaseId:
        spec = self.spec.id if self.spec else ""
        return CaseId(self.requirement.id, spec, self.variant[0] if self.variant else "")

    @property
    def id(self) -> str:
        """What stands in the brackets of pytest's node id."""
        return f"{self.case}@{self.iut.id}"
