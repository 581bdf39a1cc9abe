"""Watches a run from the controlling process: takes each case's row as it comes, writes the records.

A pytest plugin by the names of its methods; it needs nothing of pytest itself.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sockproof import __version__
from sockproof.iut.capabilities import ProbedIut
from sockproof.judge.verdict import Verdict
from sockproof.plan import RunPlan
from sockproof.report.record import CaseRow, RecordWriter, RequirementRow
from sockproof.spec.catalogue import Catalogue, Requirement
from sockproof.spec.levels import format_python_level
from sockproof.timing import scale

__all__ = ["ROW_PROPERTY", "RunMonitor"]

ROW_PROPERTY = "sockproof"
"""The user property of a test report that carries a case's row as JSON text."""


class RunMonitor:
    """Writes one record per implementation while the run goes on.

    ``on_row`` is called with (implementation id, row) for each case that ended. After the run,
    ``problems`` says why it is incomplete, if it is.
    """

    NAME = "sockproof-monitor"

    def __init__(
        self,
        plan: RunPlan,
        catalogue: Catalogue,
        folder: Path,
        settings: dict[str, Any] | None = None,
        on_row: Callable[[str, CaseRow], None] = lambda iut_id, row: None,
    ) -> None:
        self.plan = plan
        self.folder = folder
        self.problems = [f"{given}: {problem}" for given, problem in plan.unavailable]
        self.rows = 0
        self._catalogue = catalogue
        self._settings = settings or {}
        self._on_row = on_row
        self._written: dict[str, set[str]] = {iut.id: set() for iut in plan.iuts}
        self._writers = {iut.id: self._open(iut) for iut in plan.iuts}
        self._closed = False

    def path(self, iut_id: str) -> Path:
        """Where the record of an implementation is written."""
        return self.folder / f"{iut_id}.jsonl"

    def _open(self, iut: ProbedIut) -> RecordWriter:
        return RecordWriter(
            self.path(iut.id),
            {
                "suite_version": __version__,
                "started": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "implementation": _implementation(iut),
                "capabilities": iut.capabilities.to_json(),
                "platform": {
                    "system": platform.system(),
                    "release": platform.release(),
                    "machine": platform.machine(),
                },
                "settings": {"keep": self.plan.keep, "timeout_scale": scale(), **self._settings},
                "seed": 0,
            },
        )

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Every report passes here, from whatever worker."""
        for name, value in report.user_properties:
            if name == ROW_PROPERTY and report.when == "teardown":
                self._take(_iut_id(report.nodeid), CaseRow.from_json(json.loads(value)))
        if report.when not in ("setup", "call", "teardown"):
            self._lost(report)

    def _lost(self, report: Any) -> None:
        """A worker died while it ran this case: xdist says so in a report of its own kind."""
        iut_id, case_id = _iut_id(report.nodeid), _case_id(report.nodeid)
        self.problems.append(f"a worker died while it ran {case_id or report.nodeid}")
        requirement_id, _, inner = case_id.partition("[")
        if iut_id in self._writers and requirement_id in self._catalogue:
            spec = inner.rstrip("]").partition(",")[0]
            reason = f"the worker that ran the case died: {report.longreprtext[:500]}"
            self._take(iut_id, CaseRow(case_id, requirement_id, spec, Verdict.ERROR, reason=reason))

    def pytest_collectreport(self, report: Any) -> None:
        """A test file that does not load leaves its cases out."""
        if report.failed:
            self.problems.append(f"{report.nodeid or 'collection'}: {report.longreprtext[-300:]}")

    def _take(self, iut_id: str, row: CaseRow) -> None:
        writer, written = self._writers[iut_id], self._written[iut_id]
        if row.requirement not in written:
            writer.requirement(_requirement_row(self._catalogue[row.requirement]))
            written.add(row.requirement)
        writer.case(row)
        self.rows += 1
        self._on_row(iut_id, row)

    def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
        """Interrupted (2) and internal errors (3) leave the run incomplete."""
        if int(exitstatus) in (2, 3):
            self.problems.append("interrupted" if int(exitstatus) == 2 else "internal error")
        if not hasattr(session.config, "workerinput"):
            self.close()

    def close(self) -> None:
        """Write the footers."""
        if not self._closed:
            self._closed = True
            for writer in self._writers.values():
                writer.close(complete=not self.problems, reason="; ".join(self.problems))


def _implementation(iut: ProbedIut) -> dict[str, Any]:
    return {
        "id": iut.id,
        "given": iut.implementation.given,
        "level": format_python_level(iut.level),
        "name": {"cpython": "CPython", "pypy": "PyPy"}.get(
            iut.hello["implementation"], iut.hello["implementation"]
        ),
        "version": ".".join(str(part) for part in iut.hello["version"]),
        "executable": iut.hello["executable"],
        "module": iut.implementation.module or "socketserver",
        "module_file": iut.hello["module_file"],
        "argv": list(iut.implementation.argv),
    }


def _requirement_row(requirement: Requirement) -> RequirementRow:
    since, until = (
        format_python_level(level) if level else None
        for level in (requirement.since, requirement.until)
    )
    return RequirementRow(
        requirement.id,
        requirement.area,
        requirement.title,
        requirement.level,
        requirement.source,
        since,
        until,
    )


def _case_id(nodeid: str) -> str:
    return nodeid.partition("[")[2][:-1].rpartition("@")[0]


def _iut_id(nodeid: str) -> str:
    return nodeid.partition("[")[2][:-1].rpartition("@")[2]
