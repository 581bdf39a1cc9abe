"""Many inputs for what reads records, and for the page: its data as written, and its own reader."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from sockproof.errors import RecordError
from sockproof.record.digests import DigestChain
from sockproof.record.reader import Record, read_record
from sockproof.report.html.matrix_view import build_matrix
from sockproof.report.html.payload import PagePayload
from sockproof.report.junit import junit_xml
from sockproof.report.markdown import summary_markdown
from suites.selftest.browser import ReportPage, launched, open_report
from suites.selftest.fuzzing import FEW, as_line, as_read, fuzz, spoiled_object, spoiled_text
from suites.selftest.record_data import CLEAN, case_row, write_record
from suites.selftest.sealed_lines import lines_of as unsealed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REFUSALS = (
    "it is no record of sockproof: ",
    "it was made by a newer sockproof ",
    "its header names no implementation",
    "its line ",
    "it was changed: ",
)
# In a tab: gives the page a record, and waits for what it makes of it. A file at a time.
DROP = """
async (records) => {
  const shown = [];
  for (const record of records) {
    const octets = Uint8Array.from(atob(record), (letter) => letter.charCodeAt(0));
    const given = new DataTransfer();
    given.items.add(new File([octets], "given.jsonl"));
    const place = document.getElementById("comparison");
    place.replaceChildren();
    const changed = new Promise((done) => {
      new MutationObserver((_, watch) => { watch.disconnect(); done(); })
        .observe(place, { childList: true });
    });
    dispatchEvent(new DragEvent("drop", { dataTransfer: given, cancelable: true }));
    await changed;
    shown.push(place.textContent);
  }
  return shown;
}
"""


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of a small record that has one of everything."""
    event = {"t_s": 0.1, "lane": "peer", "what": "send", "octets": {"text": "x", "length": 1}}
    folder.mkdir()
    record = write_record(folder / "a.jsonl", [case_row()])
    header, requirement, case, footer = unsealed(record.path)
    more = {"observations": {"seen": [1, {"a": None}]}, "duration_s": 0.5, "transcript": [event]}
    failed = {"id": f"{case['id'][:-1]},v]", "verdict": "FAIL", "expected": "a", "actual": "b"}
    known = {"reason": "x", "link": "https://x", "file": "f", "stale": "", "teardown": False}
    inherited = {"of": "x", "seen": "y"}
    leaks = {"verdict": "leaked", "leaks": ["fd 7"]}
    second = {**case, **more, **failed, "teardown": leaks, "known": known, "stderr": "x"}
    attribution = {"kind": "attribution", "case": case["id"], "inherited": inherited}
    footer["counts"].update(PASS=1, FAIL=1)
    footer["levels"] = {requirement["level"]: {"PASS": 1, "FAIL": 1}}
    return [header, requirement, {**case, **more}, second, attribution, footer]


def records(folder: Path) -> st.SearchStrategy[bytes]:
    """Spoiled records, as the octets of a file: those spoiled as values have right digests."""
    rows = lines_of(folder)
    as_values = spoiled_object({"lines": rows}).map(_file)
    return st.one_of(as_values, as_values, spoiled_text(_file({"lines": rows})))


def _file(held: dict[str, Any]) -> bytes:
    rows, chain, found = held.get("lines"), DigestChain(), []
    for row in rows if isinstance(rows, list) else [rows]:
        if isinstance(row, dict) and row.get("kind") == "footer":
            row = {**row, "whole": chain.whole}
        line = as_line(row) + b"\n"
        found.append(chain.sealed(line) if line.endswith(b"}\n") else line)
    return b"".join(found)


@pytest.mark.by_turns(3)
def test_record_is_read_or_refused(inputs: int, tmp_path: Path) -> None:
    """Whatever the octets of a file, it is a record that all reports can be made of, or one line
    says why it is none."""
    path, read = tmp_path / "b.jsonl", 0

    def check(octets: bytes) -> None:
        nonlocal read
        path.write_bytes(octets)
        try:
            record = read_record(path)
        except RecordError as refused:
            error = refused
        else:
            read += 1
            return check_reports(record)
        assert "\n" not in str(error)
        assert len(str(error)) < 2000
        return None

    fuzz(inputs, records(tmp_path / "given"), check)
    assert read > inputs / 20  # or the reports were never made


def check_reports(record: Record) -> None:
    """The page's data is what a browser reads, and lets nothing out of its element."""
    rows = [row for area in build_matrix([record]).values() for row in area]
    payload = PagePayload([record], ["a"], rows)
    details = "".join(payload.details).split("\n")
    for text in ("".join(payload.data), *filter(None, details)):
        assert text.isascii()
        assert not set("<>&") & set(text)
        json.loads(text, parse_constant=_refuse)
    assert junit_xml([record])
    assert summary_markdown([record])


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this module."""
    yield from launched()


@pytest.mark.by_turns(5)
def test_page_reads_or_refuses(browser: Browser, inputs: int, tmp_path: Path) -> None:
    """The page's own reader makes a comparison of what it is given, or says why it cannot."""
    own = write_record(tmp_path / "own.jsonl", [case_row(), case_row("UDP/inet", teardown=CLEAN)])
    page = open_report(browser, [own], tmp_path)
    held: list[bytes] = []
    fuzz(inputs, records(tmp_path / "given"), held.append)
    rows = lines_of(tmp_path / "deep")
    rows[3]["observations"] = as_read("[" * 30_000 + "]" * 30_000)
    held.append(_file({"lines": rows}))

    parts = (held[start : start + FEW] for start in range(0, len(held), FEW))
    shown = [text for part in parts for text in given(page, part)]

    refused = [text for text in shown if "Cannot compare" in text]
    strange = [text for text in refused if not any(one in text for one in REFUSALS)]
    assert strange == []
    assert page.faults == []
    assert len(shown) == len(held)
    assert inputs / 20 < len(refused) < inputs


def given(page: ReportPage, files: list[bytes]) -> list[str]:
    """What the page shows of each file."""
    in_base64 = [base64.b64encode(one).decode("ascii") for one in files]
    shown: list[str] = page.tab.evaluate(DROP, in_base64)
    return shown
