"""Plans of clients, from files or of records: read, and held against their case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sockproof.check.service.mixing import MIXES_NAME
from sockproof.check.service.service_table import SERVICE
from sockproof.commands.one_case import known_case
from sockproof.errors import RecordError, UsageError
from sockproof.generate.options import WALKS
from sockproof.spec.case_id import CaseId

__all__ = ["GENERATED", "plays_plans", "read_plan", "refuse_unplayable"]

GENERATED = "generated"
"""The area whose cases play plans, and the key of what a case's row tells of them."""
_MIXES = f"{SERVICE}/{MIXES_NAME}"
_NO_PLAN = "it needs 'case', the id of a generated case, and 'plan'"


def plays_plans(case: CaseId) -> bool:
    """Whether it is a case of a run that generates plans."""
    return case.area == GENERATED or case.requirement == WALKS


def read_plan(path: Path) -> tuple[CaseId, dict[str, Any]]:
    """The case of a plan that was kept, and the plan.

    Raises:
        RecordError: the file cannot be read. UsageError: it is no plan, or one of another case.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
        case, plan = told["case"], told["plan"]
        is_plan = isinstance(case, str) and isinstance(plan, dict)
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}", "name another") from None
    except (ValueError, LookupError, TypeError):
        is_plan = False
    if not is_plan:
        raise UsageError(f"{path} is not a plan", _NO_PLAN)
    found = known_case(case)
    refuse_unplayable(path, found, plan)
    return found, plan


def refuse_unplayable(path: Path, case: CaseId, plan: Any) -> None:
    """Whether the plan is one of the case.

    Raises:
        UsageError: it is not.
    """
    spec = plan.get("spec") if isinstance(plan, dict) else None
    played_on = case.variant if case.requirement == WALKS else case.spec
    if (not plays_plans(case) and case.requirement != _MIXES) or spec != played_on:
        raise UsageError(f"{path}: {case} plays no plan of {spec}", _NO_PLAN)
    if case.requirement == _MIXES:
        from sockproof.check.service.mix_plan import mix_of

        mix_of(plan)
        return
    from sockproof.generate.trials import check_playable  # which loads Hypothesis

    check_playable(plan, case.requirement)
