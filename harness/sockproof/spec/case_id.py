"""The id of a case, ``requirement[spec,variant]``: how it is spelled, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CaseId", "case_id_of", "iut_id_of", "requirement_of"]


@dataclass(frozen=True)
class CaseId:
    """A case by its ids; ``spec`` and ``variant`` are empty where there is none."""

    requirement: str
    spec: str = ""
    variant: str = ""

    @classmethod
    def read(cls, text: str, *, takes_spec: bool = True) -> CaseId:
        """Read an id; ``takes_spec`` says whether its requirement is played on server specs."""
        requirement, _, inner = text.removesuffix("]").partition("[")
        spec, _, variant = inner.partition(",") if takes_spec else ("", "", inner)
        return cls(requirement, spec, variant)

    def __str__(self) -> str:
        inner = ",".join(filter(None, (self.spec, self.variant)))
        return f"{self.requirement}[{inner}]" if inner else self.requirement

    @property
    def area(self) -> str:
        return self.requirement.partition("/")[0]

    @property
    def place(self) -> str:
        """The id without its variant, as plans and mutants name it."""
        return str(CaseId(self.requirement, self.spec))


def requirement_of(case_id: str) -> str:
    """The requirement that a case's id, or a pattern of such ids, names."""
    return case_id.partition("[")[0]


def case_id_of(nodeid: str) -> str:
    """The id of the case behind pytest's node id; empty when it is none."""
    return _parameter_id(nodeid).rpartition("@")[0]


def iut_id_of(nodeid: str) -> str:
    """The id of the implementation that a case's node id names."""
    return _parameter_id(nodeid).rpartition("@")[2]


def _parameter_id(nodeid: str) -> str:
    """What stands in the outer brackets, in which pytest has escaped what is not ASCII; xdist may
    put the name of a group behind them."""
    escaped = nodeid.partition("[")[2].rpartition("]")[0]
    return escaped.encode("ascii", "backslashreplace").decode("unicode_escape")
