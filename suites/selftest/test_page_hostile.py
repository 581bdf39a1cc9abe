"""The page of a hostile record, in a browser: whatever was observed stays text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sockproof.record.reader import Record
from sockproof.report.atlas_entries import make_atlas
from sockproof.report.comparison import compare
from sockproof.report.html.changes_view import atlas_html, compare_html
from suites.selftest.browser import ReportPage, launched, open_report, shoot
from suites.selftest.record_data import hostile_record

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ELEMENTS_MADE_OF_DATA = (
    "img, iframe, object, embed, base, [onerror], [onload], a[href^='javascript']"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this module."""
    yield from launched()


@pytest.fixture(scope="module")
def hostile(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportPage]:
    """The page of a record whose every text is meant to break it."""
    folder = tmp_path_factory.mktemp("hostile")
    page = open_report(browser, [hostile_record(folder / "hostile.jsonl")], folder)
    yield page
    page.tab.close()


def assert_inert(page: ReportPage) -> None:
    """Nothing ran, nothing was asked for, and no element is there that we did not make."""
    assert page.faults == []
    assert page.tab.locator(ELEMENTS_MADE_OF_DATA).count() == 0
    assert page.tab.locator("script").count() == 3


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("view", ["", "documentation"])
def test_views_are_inert(hostile: ReportPage, view: str, tmp_path: Path) -> None:
    """Every view shows the texts as they are."""
    tab = hostile.go(view=view)
    shoot(hostile, f"hostile-{view or 'start'}", tmp_path)

    assert_inert(hostile)
    assert "<script>alert(1)</script>" in tab.inner_text("main")


@pytest.mark.by_turns(3)
def test_drawer_is_inert(hostile: ReportPage, tmp_path: Path) -> None:
    """So does the drawer of every case, with its picture, its 1 MB of output and its commands."""
    tab = hostile.go()
    tab.click("tr.req .cell")
    for _ in range(5):
        assert_inert(hostile)
        assert tab.locator(".sequence .event").count() == 1
        assert "<img src=x onerror=alert(2)>" in tab.inner_text(".drawer-body")
        tab.keyboard.press("k")
    shoot(hostile, "hostile-drawer", tmp_path)


def test_octets_are_escaped(hostile: ReportPage) -> None:
    """Every octet that is no plain character is shown as an escape, or all as hexadecimal."""
    tab = hostile.go()
    tab.click("tr.req .cell")
    shown = tab.locator(".transcript .octets")
    text = shown.inner_text()

    assert text.startswith("\\x00\\x01")
    assert text.endswith("\\xfe\\xff")
    assert text.isascii()
    tab.click("text=as hex")
    assert shown.inner_text() == " ".join(f"{number:02x}" for number in range(256))


def test_copied_expectation_is_toml(hostile: ReportPage) -> None:
    """Quotes, control characters and line ends of the message cannot leave the TOML string."""
    tab = hostile.go()
    tab.click("tr.req .cell")
    lines = tab.locator(".command code").last.inner_text().splitlines()

    assert [line.partition(" ")[0] for line in lines] == [
        "[[expectation]]",
        "case",
        "verdict",
        "contains",
        "teardown",
        "reason",
    ]


def test_state_in_the_address_is_inert(hostile: ReportPage) -> None:
    """An address that somebody made up changes no more than what is shown."""
    evil = "<img src=x onerror=alert(1)>"
    hostile.go(view=evil, q=evil, v=evil, level=evil, area=evil, theme=evil, iut=evil, case=evil)

    assert_inert(hostile)


def atlas_page(record: Record) -> str:
    return atlas_html(make_atlas([record]))


def comparison_page(record: Record) -> str:
    return compare_html([compare(record, record)], ["one", "two"])


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("page_of", [atlas_page, comparison_page])
def test_pages_without_script_are_inert(
    browser: Browser, tmp_path: Path, page_of: Callable[[Record], str]
) -> None:
    """Their policy lets in the style that they were written with, and nothing else."""
    path = tmp_path / "page.html"
    path.write_text(page_of(hostile_record(tmp_path / "hostile.jsonl")), "utf-8")
    page = ReportPage(browser, path, "wide")
    tab = page.go()

    assert page.faults == []
    assert tab.locator(f"script, {ELEMENTS_MADE_OF_DATA}").count() == 0
    assert tab.evaluate("getComputedStyle(document.querySelector('header.top')).display") == "flex"
