"""Plays one case on implementations, as often as wanted, and gives what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sockproof.errors import HarnessError, UsageError
from sockproof.generate.options import Generating
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import parse_iut
from sockproof.record.rows import CaseRow
from sockproof.repro.journal import Journal, recording
from sockproof.repro.vocabulary import VOCABULARY
from sockproof.run.monitor import ROW_PROPERTY
from sockproof.run.plan import RunPlan, planned
from sockproof.run.pytest_session import INTERRUPTED, NOTHING_COLLECTED, PLAYED, play
from sockproof.spec.case_id import CaseId, case_id_of, iut_id_of, requirement_of
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.matrix import ALL_SPECS, spec_by_id

__all__ = ["Playing", "known_case", "play_case", "probed"]


def known_case(text: str) -> CaseId:
    """Read an id, ``requirement[spec,variant]``.

    Raises:
        UsageError: the requirement or the server spec does not exist.
    """
    requirement = load_catalogue().get(requirement_of(text))
    case = CaseId.read(text, takes_spec=not requirement.applies.none)
    if not requirement.applies.none:
        if not case.spec:
            raise UsageError(f"{text} names no server spec", f"such as '{text}[TCP/inet]'")
        spec_by_id(case.spec)
    return case


@dataclass(frozen=True)
class Playing:
    """One time that the case was played. ``folder`` is where its socket files were."""

    row: CaseRow
    journal: Journal
    folder: Path


@dataclass
class _Watcher:
    """A plugin of pytest by the names of its methods: leaves the one case, and takes its rows."""

    case_id: str
    folder: Path
    journals: dict[str, Journal] = field(default_factory=dict)
    rows: dict[str, CaseRow] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    current: Journal | None = None
    alike: list[str] = field(default_factory=list)
    """The ids of all cases in the case's place, whatever their variant."""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        found = dict.fromkeys(case_id_of(item.nodeid) for item in items)
        self.alike = [case_id for case_id in found if case_id]
        items[:] = [item for item in items if case_id_of(item.nodeid) == self.case_id]

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid or 'collection'}: {report.longreprtext[-300:]}")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.current = self.journals[iut_id_of(nodeid)] = Journal()

    def pytest_exception_interact(self, call: Any) -> None:
        if self.current:
            self.current.compared = getattr(call.excinfo.value, "values", None)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if self.current and report.when == "call":
            self.current.closed = True
        for name, value in report.user_properties:
            if name == ROW_PROPERTY and report.when == "teardown":
                self.rows[iut_id_of(report.nodeid)] = CaseRow.from_json(json.loads(value))


def probed(given: str) -> ProbedIut:
    """The implementation that an ``--iut`` stands for.

    Raises:
        UsageError: it stands for none. IutUnavailable: it does not start.
    """
    return probe(parse_iut(given))


def play_case(
    case: CaseId, iuts: Sequence[ProbedIut], generating: Generating | None = None
) -> list[Playing]:
    """Play the case on each of these, in this order; one may come several times. ``generating``
    says which plans, if it is one that generates them.

    Raises:
        UsageError: there is no such case. HarnessError: it could not be played.
    """
    numbered = tuple(iut.renamed(f"{number}") for number, iut in enumerate(iuts))
    only = {iut.id: frozenset({case.place}) for iut in numbered}
    specs = (spec_by_id(case.spec),) if case.spec else ALL_SPECS
    plan = RunPlan(numbered, specs, "all", only=only, generating=generating or Generating())
    with planned(plan) as plan_path:
        watcher = _Watcher(str(case), plan_path.parent)
        with recording(VOCABULARY, lambda: watcher.current):
            status = play(plan_path, 0, watcher, case.requirement)
    if watcher.problems:
        raise HarnessError(f"the suites do not load: {'; '.join(watcher.problems)}")
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    if status == NOTHING_COLLECTED or not watcher.journals:
        known = ", ".join(watcher.alike) or "see 'sockproof list --cases'"
        raise UsageError(f"there is no case {case}", known)
    if status not in PLAYED or len(watcher.rows) != len(numbered):
        raise HarnessError(f"the test runner ended with status {status}", "play it with run")
    return [
        Playing(watcher.rows[iut.id], watcher.journals[iut.id], watcher.folder) for iut in numbered
    ]
