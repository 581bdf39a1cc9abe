"""How pytest makes cases of test functions: by the plan and the matrix. PYTEST_DONT_REWRITE

A test function marked with a requirement becomes one case per implementation and server spec that
the requirement applies to. The node id ends with the case id and the implementation's,
``[dispatch/handled-request-is-shut-down[TCP/inet]@cpython-3.13.0]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from sockproof.errors import HarnessError
from sockproof.iut.capabilities import ProbedIut
from sockproof.run.plugin import has_plan, plan_of
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_modules
from sockproof.spec.matrix import ServerSpec
from sockproof.spec.requirement import Requirement

__all__ = ["CaseParameter", "is_of_a_requirement", "parameter_of"]

_MARKER = "requirement"


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


def parameter_of(item: pytest.Item) -> CaseParameter | None:
    """What case a collected item is; None of an item that is no case."""
    callspec = getattr(item, "callspec", None)
    parameter = callspec.params.get("case") if callspec else None
    return parameter if isinstance(parameter, CaseParameter) else None


def is_of_a_requirement(item: pytest.Item) -> bool:
    """Whether it is a case, or stands for a function that has none in this plan."""
    return _MARKER in item.keywords


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker(_MARKER)
    if marker is None:
        return
    plan = plan_of(metafunc.config)
    requirement = _requirement(metafunc, marker)
    applicable = requirement.applies.specs()
    specs: Sequence[ServerSpec | None] = [None]
    if applicable:
        specs = [spec for spec in applicable if spec in plan.specs]
    variants = list(marker.kwargs.get("variants", {}).items()) or [None]
    cases = [
        CaseParameter(requirement, iut, spec, variant)
        for iut in plan.iuts
        for spec in specs
        for variant in variants
        if plan.asks_for(requirement) and plan.selects(iut.id, requirement.id, spec)
    ]
    ids = [f"{case.case}@{case.iut.id}" for case in cases]
    metafunc.parametrize("case", cases, ids=ids, indirect=True)


def _requirement(metafunc: pytest.Metafunc, marker: pytest.Mark) -> Requirement:
    try:
        return load_modules().get(marker.args[0])
    except HarnessError as error:
        raise pytest.Collector.CollectError(
            f"{metafunc.definition.nodeid}: {error}; every case checks a requirement"
        ) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One implementation after the other, so that few agents are alive at a time; of each the cases
    first that wait for long.

    pytest makes a place-holder of a function that has no case in this plan: it is taken out, and
    so are cases that the plan does not select.
    """
    if not has_plan(config):
        return
    plan = plan_of(config)
    order = {iut.id: number for number, iut in enumerate(plan.iuts)}
    positions: dict[pytest.Item, tuple[int, bool]] = {}
    for item in items:
        parameter = parameter_of(item)
        if parameter and plan.plays(str(parameter.case)):
            positions[item] = order[parameter.iut.id], not parameter.requirement.is_patient
        elif not is_of_a_requirement(item):
            positions[item] = -1, False
    out = [item for item in items if item not in positions]
    if out:
        config.hook.pytest_deselected(items=out)
    items[:] = sorted(positions, key=positions.__getitem__)
