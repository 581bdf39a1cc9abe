"""Lists what there is, and explains a requirement or a case."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from sockproof.errors import HarnessError, UsageError
from sockproof.iut.discovery import discover_interpreters
from sockproof.record.selection import keyword_matcher
from sockproof.run import pytest_session
from sockproof.run.plan import make_plan, planned
from sockproof.spec.case_id import requirement_of
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.levels import format_python_level
from sockproof.spec.matrix import ALL_SPECS
from sockproof.spec.renames import new_ids
from sockproof.spec.requirement import Requirement
from sockproof.spec.untestable import load_untestable

__all__ = ["LISTS", "explain", "list_cases"]


def list_requirements(console: Console) -> None:
    """Every requirement: id, level, title."""
    for requirement in load_catalogue().values():
        line = f"{requirement.id:52} {requirement.level:8} {requirement.title}"
        console.print(line)


def list_specs(console: Console) -> None:
    """Every server spec: id, and the class it stands for."""
    for spec in ALL_SPECS:
        classes = " over ".join(filter(None, (spec.mixin_name, spec.class_name)))
        console.print(f"{spec.id:36} {classes}")


def list_iuts(console: Console) -> None:
    """Every interpreter found here: its path, as ``--iut`` takes it, and what it is."""
    for found in discover_interpreters():
        console.print(f"{found.path!s:60} {found.problem or found.name}")


def list_untestable(console: Console) -> None:
    """Every promise that has no case: what it says, where, and why it cannot be tested."""
    for entry in load_untestable():
        console.print(f"{entry.promise}\n    {entry.source}\n    {entry.because}")


LISTS: Mapping[str, Callable[[Console], None]] = {
    "requirements": list_requirements,
    "specs": list_specs,
    "iuts": list_iuts,
    "untestable": list_untestable,
}
"""What can be listed without collecting cases, by the name of its option."""


@dataclass(frozen=True)
class _Check:
    """A case as collected: its id, and the test function behind it."""

    case_id: str
    requirement_id: str
    place: str
    docstring: str


class _Collector:
    """A plugin that takes the collected cases down."""

    def __init__(self) -> None:
        self.checks: list[_Check] = []

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            parameter = item.callspec.params["case"]
            place = f"{item.location[0]}:{item.location[1] + 1}"
            text = " ".join((item.function.__doc__ or "").split())
            self.checks.append(_Check(str(parameter.case), parameter.requirement.id, place, text))


def collect(specs: Sequence[str], keyword: str) -> list[_Check]:
    """The cases that ``--spec`` and ``-k`` select, without playing any.

    Raises:
        UsageError: they select none.
    """
    collector = _Collector()
    keyword_matcher(keyword)
    plan = dataclasses.replace(make_plan([sys.executable], specs), keyword=keyword)
    with planned(plan) as plan_path:
        status = pytest_session.collect(plan_path, collector)
    if status not in (*pytest_session.PLAYED, pytest_session.NOTHING_COLLECTED):
        raise HarnessError(f"the cases cannot be collected: pytest ended with status {status}")
    if not collector.checks:
        hint = new_ids(keyword, load_catalogue()) or "see 'sockproof list' for the requirements"
        raise UsageError("no case is selected", hint)
    return collector.checks


def list_cases(console: Console, specs: Sequence[str], keyword: str) -> None:
    """The ids of the cases that ``--spec`` and ``-k`` select."""
    for check in collect(specs, keyword):
        console.print(check.case_id)


def explain(console: Console, id_: str) -> None:
    """Everything known of a requirement, or of the requirement behind a case id.

    Raises:
        UsageError: there is no such id.
    """
    requirement = load_catalogue().get(requirement_of(id_))
    checks = [c for c in collect((), requirement.id) if c.requirement_id == requirement.id]
    if "[" in id_ and id_ not in {check.case_id for check in checks}:
        raise UsageError(f"no case {id_!r}", f"see 'sockproof list --cases -k {requirement.id}'")
    for name, text in _facts(requirement, checks):
        console.print(Text.assemble((f"{name:12}", "dim"), " ", text), soft_wrap=True)


def _facts(requirement: Requirement, checks: Sequence[_Check]) -> list[tuple[str, str]]:
    span = [
        f"{word} {format_python_level(level)}"
        for word, level in (("since", requirement.since), ("until", requirement.until))
        if level
    ]
    specs = requirement.applies.specs()
    facts = [
        ("requirement", requirement.id),
        ("promise", requirement.title),
        ("level", str(requirement.level)),
        ("source", requirement.source),
        ("holds for", "Python " + ", ".join(span) if span else "every Python"),
        ("specs", f"{len(specs)}: " + " ".join(s.id for s in specs) if specs else "takes none"),
        ("cases", str(len(checks))),
    ]
    for place, docstring in dict.fromkeys((check.place, check.docstring) for check in checks):
        facts.append(("checked in", f"{place}  {docstring}"))
    return facts
