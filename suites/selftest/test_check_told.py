"""What a check tells: the table in the terminal, the summary and the page count the same things."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from sockproof.check.listener import Listener, parse_address
from sockproof.check.scripts.confirming import SCRIPT
from sockproof.commands.check_table import print_table
from sockproof.commands.visible_console import VisibleConsole
from sockproof.record.rows import CaseRow, Known
from sockproof.report.html.page import report_html
from sockproof.report.markdown import summary_markdown
from suites.selftest.check_records import failed, passed, silent, write_check

STOP = "stop-ends-in-time"
NARROW = 60


def table(rows: Sequence[CaseRow], width: int = 200) -> str:
    """What is printed of these rows."""
    printed = io.StringIO()
    subject = Listener("127.0.0.1:9000", parse_address("127.0.0.1:9000"))
    console = VisibleConsole(printed, soft_wrap=False, width=width)
    print_table(console, rows, list(dict.fromkeys(row.requirement for row in rows)), subject, "")
    return printed.getvalue()


def known(row: CaseRow) -> CaseRow:
    """The same, as an expectation says."""
    return dataclasses.replace(row, known=Known("on purpose"))


PASSED = [passed(STOP, one) for one in "abcd"]
SILENT = [silent(STOP, variant=one) for one in "efghi"]
FAILED = [failed(STOP, one) for one in "jk"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (PASSED[:1], "PASS"),
        (PASSED, "PASS 4/4"),
        ([*PASSED, *SILENT], "PASS 4/4, 5 n/a"),
        ([*PASSED[:1], *SILENT], "PASS 1/1, 5 n/a"),
        ([*PASSED, *FAILED], "FAIL 2/6"),
        ([*PASSED, *FAILED, *SILENT], "FAIL 2/6, 5 n/a"),
        ([*PASSED, *map(known, FAILED), *SILENT], "known 2/6, 5 n/a"),
        (SILENT, "n/a"),
    ],
)
def test_what_is_not_applicable_is_none_of_so_many(
    tmp_path: Path, rows: list[CaseRow], told: str
) -> None:
    """In the terminal, in the summary and on the page: so many of those that were played."""
    record = write_check(tmp_path / "a.jsonl", rows)

    line = re.search(rf"{STOP}  (\S.*?)(  |\n)", table(rows))
    summary, page = summary_markdown([record]), report_html([record])

    assert line
    assert line[1] == told
    good, n_silent = sum(row in PASSED for row in rows), sum(row in SILENT for row in rows)
    played = len(rows) - n_silent
    assert f"| {good}/{played} | 0/0 | {n_silent} |" in summary
    if FAILED[0] in rows:
        assert f"2 of {played} cases" in page


def test_path_of_a_script_is_in_no_cell() -> None:
    """A cell is folded where it is narrow, and nobody can copy a path of two lines."""
    path = "scripts/stop-ends-in-time-a-client-that-is-there.py"
    row = dataclasses.replace(FAILED[0], observations={SCRIPT: f"{path} shows it", "ended_s": 1.0})

    told = table([row], NARROW)

    assert "scripts" not in told
    assert "ended 1.0 s" in told
