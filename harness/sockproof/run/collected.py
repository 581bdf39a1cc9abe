"""The cases of a plan, collected in this process, for whoever plays them in an order of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from sockproof.case.case_run import CaseRun
from sockproof.errors import HarnessError
from sockproof.generate.options import Generating
from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.case_log import CaseLog
from sockproof.iut.pool import AgentPool
from sockproof.record.rows import CaseRow
from sockproof.run.background import Background
from sockproof.run.case_item import agent_pool, make_ready, play_again
from sockproof.run.collecting import parameter_of
from sockproof.run.monitor import row_of
from sockproof.spec.area_names import PATIENT
from sockproof.spec.case_id import CaseId

__all__ = ["CollectedCases"]


class CollectedCases:
    """A plugin of pytest that calls ``perform`` with itself instead of playing the cases.

    ``cases`` are in the order collected. Where a test file does not load, ``problems`` say so, and
    nobody is called.
    """

    def __init__(self, perform: Callable[[CollectedCases], None]) -> None:
        self.problems: list[str] = []
        self.log = CaseLog()
        self._perform = perform
        self._items: dict[CaseId, pytest.Function] = {}
        self._row: CaseRow | None = None

    @property
    def cases(self) -> list[CaseId]:
        return list(self._items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid or 'collection'}: {report.longreprtext[-300:]}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own: true says that all was played."""
        self.agents: AgentPool = agent_pool(session.config)
        for item in session.items:
            parameter = parameter_of(item)
            if parameter and isinstance(item, pytest.Function):
                self._items[parameter.case] = item
        if not self.problems:
            self._perform(self)
        return True

    def pytest_runtest_call(self, item: pytest.Function) -> None:
        run = item.funcargs["case"]
        assert isinstance(run, CaseRun)
        self.log = run.log

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._row = row_of(report) or self._row

    def play(self, case: CaseId, iut: ProbedIut, generating: Generating) -> CaseRow:
        """Play one case on this implementation, with plans generated as ``generating`` says.

        Its ``log`` is there afterwards, empty of a case that is not applicable.
        """
        item, self._row, self.log = self._ready(case, iut, generating), None, CaseLog()
        play_again(item)
        assert self._row is not None
        return self._row

    def play_all(
        self, cases: Sequence[CaseId], iut: ProbedIut, generating: Generating
    ) -> Iterator[CaseRow]:
        """Play several; those that wait for long side by side, beside the others, and come last.

        Raises:
            HarnessError: the process of one of these ended without a word.
        """
        with Background() as background:
            for case in cases:
                if case.area == PATIENT:
                    background.begin(self._ready(case, iut, generating))
            for case in cases:
                if case.area != PATIENT:
                    yield self.play(case, iut, generating)
            for _, reports in background.ended():
                row = row_of(reports[-1])
                if row is None:
                    raise HarnessError(reports[-1].longreprtext, "play it once more")
                yield row

    def _ready(self, case: CaseId, iut: ProbedIut, generating: Generating) -> pytest.Function:
        item = self._items[case]
        parameter = parameter_of(item)
        assert parameter is not None
        make_ready(item, replace(parameter, iut=iut), generating)
        return item

    def place(self, case: CaseId) -> str:
        """Where its test function is, ``file:line``, and the first words of that."""
        item = self._items[case]
        path, line, _ = item.location
        return f"{path}:{(line or 0) + 1}  {' '.join((item.function.__doc__ or '').split())}"
