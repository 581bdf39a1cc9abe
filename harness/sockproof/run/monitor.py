"""Watches a run from the controlling process: takes each row as it comes, writes the records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from sockproof.errors import HarnessError
from sockproof.iut.capabilities import ProbedIut
from sockproof.judge.expectations import Expectation, borne_out
from sockproof.judge.given_expectations import stale_expectations
from sockproof.judge.verdict import Verdict
from sockproof.output_folder import OutputFolder
from sockproof.record.rows import AttributionRow, CaseRow
from sockproof.record.writer import RecordWriter, record_name
from sockproof.run.lifetime import interrupted
from sockproof.run.plan import RunPlan
from sockproof.run.record_header import record_header, requirement_row, without_home
from sockproof.spec.case_id import CaseId, case_id_of, iut_id_of, requirement_of
from sockproof.spec.catalogue import Catalogue

__all__ = ["ROW_PROPERTY", "Audience", "RunMonitor", "row_of"]

# The user property of a test report that carries a case's row as JSON text.
ROW_PROPERTY = "sockproof"

# How many workers may die, each replaced by another, before there is a case to lose.
_MOST_DEATHS = 10
# What each exit status of pytest says of the run; nothing where it played all that was selected.
_PROBLEMS: dict[int, str] = {
    pytest.ExitCode.OK: "",
    pytest.ExitCode.TESTS_FAILED: "",
    pytest.ExitCode.NO_TESTS_COLLECTED: "",
    pytest.ExitCode.INTERRUPTED: "interrupted",
    pytest.ExitCode.INTERNAL_ERROR: "internal error",
}


def row_of(report: pytest.TestReport, cleaned: Callable[[str], str] = str) -> CaseRow | None:
    """The row that the last report of a case carries, its JSON text ``cleaned`` first; none of
    every other report."""
    found = [value for name, value in report.user_properties if name == ROW_PROPERTY]
    if report.when != "teardown" or not found:
        return None
    return CaseRow.from_json(json.loads(cleaned(str(found[0]))))


class Audience(Protocol):
    """Whoever watches the run, such as a progress bar."""

    def start(self, total: int) -> None: ...
    def case(self, iut_id: str, row: CaseRow) -> None: ...
    def stop(self) -> None: ...


class RunMonitor:
    """Writes one record per implementation while the run goes on.

    A record is opened with the first case of its implementation, so that a run that selects
    nothing leaves an earlier record alone. After the run, ``problems`` says why it is incomplete,
    if it is, and ``interrupted`` whether that is why; ``attention`` has the cases that need it, by
    implementation. ``selects_alone``: nothing but the options of the plan selects cases, and
    whoever plays it closes the records.
    """

    NAME = "sockproof-monitor"

    def __init__(
        self,
        plan: RunPlan,
        catalogue: Catalogue,
        folder: Path,
        audience: Audience | None = None,
        *,
        selects_alone: bool = True,
    ) -> None:
        self.plan = plan
        self.output = OutputFolder(folder)
        self.problems = list(plan.unavailable)
        self.interrupted = False
        self.rows = 0
        self._deaths = 0
        self._failure: BaseException | None = None
        self._selected: dict[str, list[str]] = {}
        self._catalogue = catalogue
        self._audience = audience
        self._selects_alone = selects_alone
        self._writers: dict[str, RecordWriter] = {}
        self.attention: dict[str, list[CaseRow]] = {}
        self._met: dict[str, Counter[Expectation]] = {}

    def paths(self) -> list[Path]:
        """The records written, in the order of the plan."""
        return [self._path(iut) for iut in self.plan.iuts if iut.id in self._writers]

    def _path(self, iut: ProbedIut) -> Path:
        return self.output.place(record_name(iut.id))

    def _writer(self, iut_id: str) -> RecordWriter:
        if iut_id not in self._writers:
            iut = self.plan.iut(iut_id)
            options = self.plan.options
            settings: dict[str, Any] = {"keep": options.keep}
            settings |= options.selection() if self._selects_alone else {"selected_by": "pytest"}
            header = record_header(iut, settings, options.seed)
            writer = self._writers[iut_id] = RecordWriter(self._path(iut), header, self.output)
            for requirement in self._catalogue.values():  # in its order, whoever is played first
                if requirement.id in self._selected[iut_id]:
                    writer.requirement(requirement_row(requirement))
        return self._writers[iut_id]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without workers: the cases are known."""
        self._expect(item.nodeid for item in session.items)

    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With workers: each of them collects the same."""
        self._expect(ids)

    def _expect(self, nodeids: Iterable[str]) -> None:
        """Take down, once, the requirement of every case that is to be played."""
        if self._selected:
            return
        for nodeid in nodeids:
            requirement_id = requirement_of(case_id_of(nodeid))
            if requirement_id in self._catalogue:
                self._selected.setdefault(iut_id_of(nodeid), []).append(requirement_id)
        if self._audience and self._selected:
            self._audience.start(self._total)

    @property
    def _total(self) -> int:
        return sum(map(len, self._selected.values()))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Every report passes here, from whatever worker."""
        row = row_of(report, without_home)
        if row is not None:
            self._take(iut_id_of(report.nodeid), row)
        if report.when not in ("setup", "call", "teardown"):
            self._lost(report)

    def _lost(self, report: pytest.TestReport) -> None:
        """A worker died while it ran this case: xdist says so in a report of its own kind. It may
        have told the row by then, which stays as it is."""
        iut_id, case_id = iut_id_of(report.nodeid), case_id_of(report.nodeid)
        is_told = iut_id in self._writers and self._writers[iut_id].has(case_id)
        when = "when it had just run" if is_told else "while it ran"
        self.problems.append(f"a worker died {when} {case_id or report.nodeid}")
        case = CaseId.read(case_id)
        known = any(iut.id == iut_id for iut in self.plan.iuts)
        if known and not is_told and case.requirement in self._catalogue:
            reason = f"the worker that ran the case died: {report.longreprtext[:500]}"
            row = CaseRow(case_id, case.requirement, case.spec, Verdict.ERROR, reason=reason)
            self._take(iut_id, row)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        """A worker has ended, and should not have where there is an ``error``."""
        self._deaths += bool(error) and not interrupted()
        if self._deaths >= _MOST_DEATHS + self.plan.workers and not self._selected:
            raise HarnessError(f"{self._deaths} workers died before they found a case", "see why")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test file that does not load leaves its cases out."""
        if report.failed:
            self.problems.append(f"{report.nodeid or 'collection'}: {report.longreprtext[-300:]}")

    def _take(self, iut_id: str, row: CaseRow) -> None:
        self._writer(iut_id).case(row)
        about = self.plan.expected(iut_id, row.id)
        expected = borne_out(about, row.verdict, row.words, row.teardown.verdict)
        if expected and (row.as_known or not expected.intermittent):
            self._met.setdefault(iut_id, Counter())[expected] += 1
        self.rows += 1
        if row.needs_attention:
            self.attention.setdefault(iut_id, []).append(row)
        if self._audience:
            self._audience.case(iut_id, row)

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Something here failed, such as the writing of a record; true if no more need be said."""
        self._failure = excinfo.value
        self.problems.append(_in_words(excinfo.value))
        return isinstance(excinfo.value, HarnessError | OSError)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Take down how it ended, and write the footers unless somebody else will."""
        self.ended(exitstatus)
        if not self._selects_alone and not hasattr(session.config, "workerinput"):
            self.close()

    def ended(self, status: int) -> None:
        """Take down, once, how pytest ended if that leaves the run incomplete."""
        self.interrupted |= status == pytest.ExitCode.INTERRUPTED
        problem = _PROBLEMS.get(status, f"the test runner ended with status {status}")
        is_told = status == pytest.ExitCode.INTERNAL_ERROR and self._failure is not None
        if problem and not is_told and problem not in self.problems:
            self.problems.append(problem)
        if self._deaths and not self.rows and not self.problems:
            self.problems.append(f"{self._deaths} workers died before any case was played")

    def attribute(self, iut_id: str, told: AttributionRow) -> None:
        """Take down what is found out of the deviation of a case."""
        self._writers[iut_id].attribute(told)

    def close(self) -> None:
        """Write the footers. An interrupted run has them too, and they say so.

        After a record could not be written there is none: it might follow half a line.
        """
        if self._audience:
            self._audience.stop()
        missing = f"only {self.rows} of {self._total} cases were played"
        if 0 < self.rows < self._total and missing not in self.problems:
            self.problems.append(missing)
        for iut_id, writer in self._writers.items():
            try:
                if isinstance(self._failure, HarnessError | OSError):
                    writer.abandon()
                else:
                    reason = "; ".join(self.problems)
                    writer.close(not self.problems, reason, list(self._stale(iut_id)))
            except OSError as error:
                self._failure = error
                self.problems.append(f"{writer.path}: {_in_words(error)}")

    def _stale(self, iut_id: str) -> Iterator[str]:
        """The expectations that are stale whatever the cases say. One whose cases were not all
        selected may well match nothing."""
        expectations = self.plan.expectations.get(iut_id, ())
        met = self._met.get(iut_id, Counter())
        whole = self._whole and not self.problems
        yield from stale_expectations(expectations, met, whole=whole)

    @property
    def _whole(self) -> bool:
        """Whether every case was selected."""
        options = self.plan.options
        narrowed = options.keyword or options.specs or self.plan.only or options.shard != (1, 1)
        return self._selects_alone and not narrowed


def _in_words(error: BaseException) -> str:
    return str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
