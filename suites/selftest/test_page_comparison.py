"""A second record dropped on the report page: what changed, by kind, and files that are none."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.rows import CaseRow, Teardown
from suites.selftest.browser import ReportPage, launched, open_report, shoot
from suites.selftest.record_data import (
    HOSTILE,
    case_row,
    hostile_record,
    write_demo,
    write_record,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FAILED: dict[str, Any] = {"verdict": Verdict.FAIL, "expected": "one", "actual": "two at port 40113"}
BEFORE = {
    "same": case_row("same", **FAILED, observations={"a": [1.0, None, "ü"], "time": 0.25}),
    "failing": case_row("failing"),
    "passing": case_row("passing", **FAILED),
    "verdict": case_row("verdict"),
    "teardown": case_row("teardown"),
    "message": case_row("message", **FAILED),
    "observation": case_row("observation", observations={"errno": 98}),
    "numbers": case_row("numbers", **FAILED),
    "gone": case_row("gone"),
}
LEAK = Teardown(TeardownVerdict.LEAKED, ("fd 7",))


def after() -> list[CaseRow]:
    """The cases of BEFORE as another run might have them: a change of every kind."""
    changes: dict[str, dict[str, Any]] = {
        "same": {"observations": {"a": [1.0, None, "ü"], "time": 0.5}},
        "failing": FAILED,
        "passing": {"verdict": Verdict.PASS, "expected": "", "actual": ""},
        "verdict": {"verdict": Verdict.NOT_APPLICABLE},
        "teardown": {"teardown": LEAK},
        "message": {"actual": "three"},
        "observation": {"observations": {"errno": 48, "more": "x"}},
        "numbers": {"actual": "two at port 40114"},
    }
    cases = [dataclasses.replace(BEFORE[key], **change) for key, change in changes.items()]
    return [*cases, case_row("added")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this module."""
    yield from launched()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[ReportPage]:
    """The page of BEFORE, between two other columns."""
    columns = [
        write_record(tmp_path / f"{iut}.jsonl", list(BEFORE.values()), iut=iut)
        for iut in ("one", "two", "three")
    ]
    page = open_report(browser, columns, tmp_path)
    yield page
    assert page.faults == []
    page.tab.close()


def numbers(page: ReportPage) -> dict[str, str]:
    """How many cases of each kind."""
    pairs = (text.split(" ", 1) for text in page.texts("#comparison .number"))
    return {name: number for number, name in pairs}


@pytest.mark.by_turns(3)
def test_each_change_is_of_one_kind(page: ReportPage, tmp_path: Path) -> None:
    """Every kind is counted and listed; what is the same, and measured times, are not."""
    page.compare(write_record(tmp_path / "second.jsonl", after(), iut="two").path)
    shoot(page, "comparison", tmp_path)

    assert numbers(page) == {
        "newly failing": "1",
        "newly passing": "1",
        "no longer applicable": "1",
        "newly unclean": "1",
        "other messages": "1",
        "other observations": "1",
        "other numbers only": "1",
        "new": "1",
        "gone": "1",
        "the same": "1",
    }
    assert page.texts("#change-failing .chip") == ["failing"]
    assert page.texts("#change-message ins") == ["expected one three"]
    assert page.texts("#change-observation dt") == ["errno", "more"]
    assert page.texts("#change-observation del") == ["98", "(not observed)"]
    assert not page.tab.is_visible("main")


def test_column_is_that_of_the_same_name(page: ReportPage, tmp_path: Path) -> None:
    """Chosen by the implementation's id, else the first; another can be taken."""
    page.compare(write_record(tmp_path / "second.jsonl", after(), iut="two").path)
    assert page.tab.input_value("#comparison select") == "1"

    page.compare(write_record(tmp_path / "third.jsonl", after(), iut="unheard of").path)
    page.tab.wait_for_selector("text=third.jsonl")
    assert page.tab.input_value("#comparison select") == "0"
    page.tab.select_option("#comparison select", "2")
    page.tab.wait_for_function("document.querySelector('#comparison select').value === '2'")


@pytest.mark.by_turns(3)
def test_changes_lead_to_the_drawer(page: ReportPage, tmp_path: Path) -> None:
    """A case opens over the comparison; Escape closes one after the other."""
    page.compare(write_record(tmp_path / "second.jsonl", after(), iut="two").path)
    page.tab.click("#change-failing a.chip")
    assert page.texts(".case-id") == ["dispatch/order-of-calls[failing]"]

    page.tab.keyboard.press("Escape")
    assert page.tab.is_visible("#comparison")
    page.tab.keyboard.press("Escape")
    assert not page.tab.is_visible("#comparison")
    assert page.tab.is_visible("#table")


@pytest.mark.by_turns(5)
def test_identical_is_said(browser: Browser, tmp_path: Path) -> None:
    """A record beside its own page has nothing that changed, and the page says so."""
    records = [*write_demo(tmp_path, known=True), hostile_record(tmp_path / "hostile.jsonl")]
    page = open_report(browser, records, tmp_path)
    for record in records:
        page.compare(record.path)
        page.tab.wait_for_selector(f"text={record.path.name}")
        (said,) = page.texts("#comparison .all-well")
        assert f"Identical: {len(record.cases):,} cases" in said
    page.tab.close()


@pytest.mark.by_turns(3)
def test_file_can_be_dropped(page: ReportPage, tmp_path: Path) -> None:
    """Dropping is the same as choosing; while a file is over the page, the page says so."""
    text = write_record(tmp_path / "second.jsonl", after(), iut="two").path.read_text("utf-8")
    bag = page.tab.evaluate_handle(
        "text => { const bag = new DataTransfer();"
        " bag.items.add(new File([text], 'dropped.jsonl')); return bag; }",
        text,
    )
    page.tab.dispatch_event("body", "dragover", {"dataTransfer": bag})
    assert page.tab.is_visible("#drop")
    page.tab.dispatch_event("body", "drop", {"dataTransfer": bag})
    page.tab.wait_for_selector("#comparison:not([hidden])")

    assert not page.tab.is_visible("#drop")
    assert numbers(page)["newly failing"] == "1"


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("keep", "told"),
    [
        (-1, "the run ended before the record's last line was written"),
        (-2, "line, 11, is cut short"),
    ],
)
def test_truncated_file_is_told(page: ReportPage, tmp_path: Path, keep: int, told: str) -> None:
    """A file without its footer, or cut in a line, is compared as far as it goes, and loudly."""
    path = write_record(tmp_path / "second.jsonl", after(), iut="two").path
    lines = path.read_bytes().splitlines(keepends=True)[:-1]
    path.write_bytes(b"".join(lines) if keep == -1 else b"".join(lines)[:-40])
    page.compare(path)

    (alarm,) = page.texts("#comparison .alarm")
    assert alarm.startswith("INCOMPLETE RECORD second.jsonl: ")
    assert told in alarm


@pytest.mark.by_turns(5)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is no record of sockproof"),
        (b"\xff\xfe\x00<script>", "it is no record of sockproof"),
        (b'{"kind":"header","suite":"sockproof","schema":99}', "made by a newer sockproof"),
        (b'{"kind":"header","suite":"sockproof","schema":1}', "names no implementation"),
    ],
)
def test_other_files_are_refused(
    page: ReportPage, tmp_path: Path, content: bytes, told: str
) -> None:
    """A file that is no record is refused in words."""
    path = tmp_path / "<img src=x onerror=alert(1)>.jsonl"
    path.write_bytes(content)
    page.compare(path)

    (alarm,) = page.texts("#comparison .alarm")
    assert alarm.startswith("CANNOT COMPARE <img src=x onerror=alert(1)>.jsonl: ")
    assert told in alarm


def test_malformed_line_is_named(page: ReportPage, tmp_path: Path) -> None:
    """A line in the middle that is no JSON is refused, with its number."""
    path = write_record(tmp_path / "second.jsonl", after(), iut="two").path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"nonsense\n", *lines[2:]]))
    page.compare(path)

    assert "its line 3 is malformed" in page.texts("#comparison .alarm")[0]


@pytest.mark.by_turns(3)
def test_hostile_file_is_inert(page: ReportPage, tmp_path: Path) -> None:
    """What a dropped file says is text: no element, no script, no request comes of it."""
    page.compare(hostile_record(tmp_path / "hostile.jsonl").path)

    made = "#comparison :is(script, img, iframe, object, style, [onerror])"
    assert page.tab.locator(made).count() == 0
    assert HOSTILE[:30] in page.tab.inner_text("#comparison")
