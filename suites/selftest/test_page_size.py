"""The report page of a large run: how large its file is, and that it does not hang."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sockproof.judge.verdict import Verdict
from sockproof.record.evidence import TranscriptEvent
from sockproof.record.reader import Record
from sockproof.report.html.page import report_html
from suites.selftest.browser import ReportPage, launched
from suites.selftest.record_data import TRANSCRIPT, case_row, write_demo, write_record

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IUTS = 10
CASES = 5_000
LIMIT_OCTETS = 15_000_000
HANG_MS = 10_000
LONG_TASKS = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({ type: "longtask", buffered: true });
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this module."""
    yield from launched()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of ten implementations with five thousand cases each."""
    folder = tmp_path_factory.mktemp("large")
    demo = write_demo(folder, known=True)
    return written(folder, [enlarged(demo[n % 3], f"iut-{n}", keep_all=True) for n in range(IUTS)])


def enlarged(record: Record, iut: str, keep_all: bool) -> Record:
    """The record under another name with its cases several times over, CASES in all."""
    again = range(CASES // len(record.cases) + 1)
    cases = [
        dataclasses.replace(
            case,
            id=f"{case.id[:-1]},{n}]" if case.id.endswith("]") else f"{case.id}[{n}]",
            actual=case.actual and f"{case.actual}, try {n} of {iut}",
            transcript=unlike_others(f"{iut} {k} {n}") if keep_all else case.transcript,
        )
        for n in again
        for k, case in enumerate(record.cases)
    ]
    header = dict(record.header)
    header["implementation"] = {**header["implementation"], "id": iut}
    return dataclasses.replace(record, header=header, cases=tuple(cases[:CASES]))


def unlike_others(name: str) -> tuple[TranscriptEvent, ...]:
    """A transcript that no other case has, so that none of it can be stored once for many."""
    told = (f"{one.note} {name} {k}" for k, one in enumerate(TRANSCRIPT))
    return tuple(
        dataclasses.replace(one, note=note, t_s=one.t_s + len(name) / 7)
        for one, note in zip(TRANSCRIPT, told, strict=True)
    )


def written(folder: Path, records: Sequence[Record]) -> Path:
    """The page of these records."""
    path = folder / "report.html"
    path.write_text(report_html(records), "utf-8")
    return path


@pytest.mark.by_turns(5)
def test_large_page_is_small(large: Path) -> None:
    """Fifty thousand cases fit in one file that can be mailed."""
    assert large.stat().st_size < LIMIT_OCTETS


@pytest.mark.by_turns(5)
def test_page_of_failures_is_small(tmp_path: Path) -> None:
    """So do five thousand failures, each with a transcript and an output of its own."""
    cases = [
        case_row(
            f"s{n}",
            Verdict.FAIL,
            actual=f"failure {n}",
            stderr=f"{n} " * 5_000,
            transcript=unlike_others(str(n)),
        )
        for n in range(CASES)
    ]
    path = written(tmp_path, [write_record(tmp_path / "a.jsonl", cases)])

    assert path.stat().st_size < LIMIT_OCTETS


@pytest.mark.by_turns(5)
def test_large_page_does_not_hang(browser: Browser, large: Path) -> None:
    """No single piece of work, opening the page included, blocks it for long."""
    page = ReportPage(browser, large, "wide")
    page.tab.add_init_script(LONG_TASKS)
    tab = page.go()
    tab.click("[data-value=FAIL]")
    tab.click("[data-view=documentation]")
    tab.click("[data-view='']")
    tab.click("tr.req:visible .unfold >> nth=0")
    tab.click("tr.sub .cell >> nth=0")
    tab.keyboard.press("j")

    assert page.faults == []
    assert tab.evaluate("window.longest") < HANG_MS
    opened = tab.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
    assert opened < HANG_MS
    page.tab.close()
