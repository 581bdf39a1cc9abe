"""Which files of the suites have the cases that a plan may select: the others need no reading.

Whether a selection names a case is known for good only once its function is collected, with its
variants. So a file is left out only where no variant whatever could make a difference.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sockproof._paths import kit_dir
from sockproof.run.plan import RunPlan
from sockproof.spec.catalogue import load_modules
from sockproof.spec.keywords import may_be_named
from sockproof.spec.requirement import Requirement

__all__ = ["files_needed", "files_with"]


def files_needed(plan: RunPlan) -> list[Path]:
    """The files with the cases of the plan; the folder of all of them if none can be left out."""
    asked = [one for one in load_modules().values() if plan.asks_for(one)]
    wanted = [one.id for one in asked if _may_have_cases(one, plan)]
    if len(wanted) in (0, len(asked)) and not plan.options.areas:
        return [kit_dir() / "suites"]
    return files_with(wanted)


def files_with(requirements: Collection[str]) -> list[Path]:
    """The files with the test functions of some requirements, whose ids stand there as they are."""
    suites = kit_dir() / "suites"
    areas = sorted({id_.partition("/")[0] for id_ in requirements})
    paths = [path for area in areas for path in sorted((suites / area).glob("test_*.py"))]
    texts = {path: path.read_text("utf-8") for path in paths}
    quoted = {id_: f'"{id_}"' for id_ in requirements}
    found = [path for path, text in texts.items() if any(id_ in text for id_ in quoted.values())]
    without = [id_ for id_, q in quoted.items() if not any(q in text for text in texts.values())]
    return found if found and not without else [suites]


def _may_have_cases(requirement: Requirement, plan: RunPlan) -> bool:
    applicable = requirement.applies.specs()
    specs = [spec.id for spec in applicable if spec in plan.specs] if applicable else [""]
    return any(may_be_named(plan.options.keyword, requirement.id, spec_id) for spec_id in specs)
