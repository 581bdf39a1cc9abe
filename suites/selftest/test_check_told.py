"""What a check tells: the table in the terminal, the summary and the page count the same things."""

from __future__ import annotations

import dataclasses
import io
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sockproof.check.invariants.table import plays_of
from sockproof.check.language import ACCEPTS, ANSWERS, OWN_WORDS, Language
from sockproof.check.listener import Listener, parse_address
from sockproof.check.scripts.confirming import SCRIPT
from sockproof.commands.check_table import CheckProgress, print_table
from sockproof.commands.visible_console import VisibleConsole
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow, Known
from sockproof.report.html.page import report_html
from sockproof.report.markdown import summary_markdown
from sockproof.report.terminal import print_summary
from suites.selftest.check_records import failed, passed, silent, write_check

LEAVE, SPIN = "leaving-clients-leave-nothing", "leaving-clients-spin-nothing"
STOP, SECOND, AGAIN = "stop-ends-in-time", "second-interrupt-ends-it", "starts-again-at-once"
NARROW, FAIL = 60, Verdict.FAIL


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


@pytest.mark.by_turns(6)
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


BUSY = "20 clients left (end); it wants 99% of a processor; 20 in handle() at chat.py:12"
ELSEWHERE = "20 clients left (reset); 10 s later 20 more threads; 20 in finish() at chat.py:31"


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ([failed(LEAVE, "end"), failed(SPIN, "end", BUSY)], 1),
        ([failed(LEAVE, "end"), failed(LEAVE, "reset", ELSEWHERE)], 2),
        ([failed(STOP, "idle"), failed(SECOND, "idle"), failed(AGAIN, "idle", "it is late")], 2),
        ([failed(SPIN, "end", BUSY), failed(STOP, "idle"), failed(LEAVE, "end")], 2),
        ([failed(LEAVE, "end"), known(failed(LEAVE, "reset", ELSEWHERE))], 1),
    ],
)
def test_page_terminal_and_summary_count_the_same(
    tmp_path: Path, rows: list[CaseRow], number: int
) -> None:
    """A finding is one, whatever requirements show it, and two of a requirement are two."""
    record = write_check(tmp_path / "a.jsonl", rows)
    printed = io.StringIO()

    print_summary([record], VisibleConsole(printed, soft_wrap=False, width=200))
    summary, page = summary_markdown([record]), report_html([record])

    assert f"\n  {number} finding{'' if number == 1 else 's'}\n" in printed.getvalue()
    hashes = re.findall(r"\n  ([0-9a-f]{12})  ", printed.getvalue())
    assert re.findall(r"\n- \*\*([0-9a-f]{12})\*\*", summary) == hashes
    assert f'<h2>Needs attention <span class="tally">{number}</span>' in page
    assert re.findall(r"finding</span> <code>([0-9a-f]{12})<", page) == hashes
    assert page.count('<div class="finding">') == number


def test_box_of_a_finding_names_all_that_show_it(tmp_path: Path) -> None:
    """The requirement that tells of it, others as well, and each case by a name of its own."""
    rows = [failed(LEAVE, "end"), failed(SPIN, "end", BUSY), passed(SPIN, "reset")]

    page = report_html([write_check(tmp_path / "a.jsonl", rows)])

    assert f"as well</span> invariants/{SPIN}<" in page.replace("\n", "")
    assert f">{SPIN} TCP/inet,end</a>" in page
    assert "2 of 3 cases" in page


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language(ANSWERS, b"hello\n"), "answers to b'hello\\n'"),
        (Language(ANSWERS, b"", b"220 "), "greets"),
        (Language(OWN_WORDS, b"", b"220 "), "greets"),
        (Language(OWN_WORDS, b"PING\r\n", b"+"), "answers to b'PING\\r\\n'"),
        (Language(ANSWERS, b"", b"", ends=True), "answers when its client has closed its side"),
        (Language(ACCEPTS), ACCEPTS),
    ],
)
def test_who_is_asked_nothing_greets(language: Language, told: str) -> None:
    """By an example that sends nothing, or by ``--expect`` alone."""
    assert language.words == told


@pytest.fixture
def hasty_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_switches")
def test_progress_is_told_by_many_at_once() -> None:
    """Cases are played side by side: whoever begins one may meet whoever ends another."""
    plays = list(plays_of(Listener("127.0.0.1:9000", parse_address("127.0.0.1:9000"))))
    console = VisibleConsole(io.StringIO(), soft_wrap=False, width=NARROW)
    progress = CheckProgress(console, len(plays))

    def play(number: int) -> None:
        for one in plays[number::8] * 100:
            row = CaseRow(str(one.case), one.invariant.requirement, "TCP/inet", FAIL, actual="so")
            progress.begin(one)
            progress.take(row)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(play, range(8)))

    assert told == [None] * 8
