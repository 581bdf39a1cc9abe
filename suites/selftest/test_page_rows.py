"""The page of a run of very many requirements, or of very many cases of one: it has the rows that
are looked at, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.report.html.page import MATRIX_ROWS, report_html
from sockproof.spec.levels import Level
from suites.selftest.browser import ReportPage, launched
from suites.selftest.record_data import CLEAN, write_record

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MANY = MATRIX_ROWS + 1500
CASES = 3000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this module."""
    yield from launched()


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of MANY requirements, the last with CASES cases of which the first fails."""
    rows = [
        RequirementRow(f"area-{n // 1000}/r-{n}", f"area-{n // 1000}", f"R {n}.", Level.MUST, "")
        for n in range(MANY)
    ]
    cases = [
        CaseRow(f"{row.id}[TCP/inet]", row.id, "TCP/inet", Verdict.PASS, teardown=CLEAN)
        for row in rows[:-1]
    ]
    last = rows[-1].id
    for n in range(CASES):
        verdict = Verdict.PASS if n else Verdict.FAIL
        cases.append(CaseRow(f"{last}[TCP/inet,v{n}]", last, "TCP/inet", verdict, teardown=CLEAN))
    path = tmp_path / "report.html"
    path.write_text(report_html([write_record(tmp_path / "a.jsonl", cases, rows)]), "utf-8")
    page = ReportPage(browser, path, "wide")
    yield page.go()
    assert page.faults == []
    page.tab.close()


def count(tab: Page, selector: str) -> int:
    return tab.locator(selector).count()


@pytest.mark.by_turns(6)
def test_rows_are_made_as_they_are_asked_for(tab: Page) -> None:
    """As many as a page comes with, more on request, and those that a search finds."""
    assert count(tab, "tr.req") == MATRIX_ROWS
    assert f"{MANY} requirements" in tab.inner_text("#shown")
    assert tab.inner_text("#more") == f"{MATRIX_ROWS} more of {MANY - MATRIX_ROWS} requirements"

    tab.click("#more button")
    assert count(tab, "tr.req:visible") == 2 * MATRIX_ROWS
    assert count(tab, "#table tbody:visible") == 2

    tab.fill("#search", f"r-{MANY - 1}")
    assert count(tab, "tr.req:visible") == 1
    assert count(tab, "tr.req") == MATRIX_ROWS + 1
    assert tab.inner_text("tr.req:visible .req-id") == f"area-2/r-{MANY - 1}"
    assert tab.inner_text("tr.req:visible .cell .mark") == "F"
    assert tab.inner_text("tr.req:visible .of") == f"{CASES - 1}/{CASES}"

    tab.click("#clear")
    assert count(tab, "tr.req") == count(tab, "tr.req:visible") == MATRIX_ROWS


@pytest.mark.by_turns(5)
def test_cases_are_made_as_they_are_asked_for(tab: Page) -> None:
    """Of one requirement with very many."""
    tab.fill("#search", f"r-{MANY - 1}")
    tab.click("tr.req:visible .unfold")
    assert count(tab, "tr.sub") == 201

    tab.click(".more-cases")
    assert count(tab, "tr.sub") == 401

    tab.click("tr.sub .cell >> nth=0")
    assert "FAIL" in tab.inner_text("#drawer")


@pytest.mark.by_turns(3)
def test_documentation_has_the_same_rows(tab: Page) -> None:
    """And no others."""
    tab.click("[data-view=documentation]")
    assert count(tab, "li.promise") == MATRIX_ROWS

    tab.fill("#search", f"r-{MANY - 1}")
    assert count(tab, "li.promise") == 1
