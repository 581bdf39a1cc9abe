"""Counting, the Markdown summary and the closing block in the terminal."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from sockproof.judge.verdict import Conformance, TeardownVerdict, Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, RequirementRow, Teardown
from sockproof.report.attention_groups import attention_groups
from sockproof.report.markdown import summary_markdown
from sockproof.report.tally import (
    shown_levels,
    tally,
)
from sockproof.report.terminal import print_summary
from sockproof.report.text import one_line, seconds, visible
from sockproof.spec.levels import Level
from suites.selftest.record_data import (
    REQUIREMENT,
    case_row,
    hostile_record,
    write_demo,
    write_record,
)

LEAK = Teardown(TeardownVerdict.LEAKED, ("fd 7 -> socket:[123]",))
OBSERVED = RequirementRow("names/size", "names", "Names.", Level.OBSERVED, "")
SHOULD = RequirementRow("names/quiet", "names", "Quiet.", Level.SHOULD, "")


def printed(records: list[Record], terminal: bool = False) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=100, force_terminal=terminal, color_system=None)
    print_summary(records, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_level_counts_without_what_was_not_applicable(tmp_path: Path) -> None:
    """MUST is passed / (passed + failed + inconclusive + error); n/a stands apart."""
    cases = [case_row(f"spec{n}", verdict) for n, verdict in enumerate(Verdict)]
    counted = tally(write_record(tmp_path / "a.jsonl", [*cases, case_row("more")]))

    assert str(counted.levels[Level.MUST]) == "2/5"
    assert counted.verdicts[Verdict.NOT_APPLICABLE] == 1
    assert counted.cases == 6
    assert counted.conformance is Conformance.NONCONFORMANT


def test_an_observed_case_counts_as_observed(tmp_path: Path) -> None:
    """A case at OBSERVED that passed is one that was observed."""
    case = CaseRow(OBSERVED.id, OBSERVED.id, "", Verdict.PASS)
    counted = tally(write_record(tmp_path / "a.jsonl", [case], [OBSERVED]))

    assert str(counted.levels[Level.OBSERVED]) == "1/1"
    assert shown_levels([counted]) == (Level.MUST, Level.SHOULD, Level.OBSERVED)


def test_attention_is_gravest_first(tmp_path: Path) -> None:
    """FAIL at MUST, FAIL at SHOULD, ERROR, INCONCLUSIVE, unclean teardown; nothing else."""
    cases = [
        case_row("clean"),
        case_row("left", teardown=LEAK),
        case_row("absent", Verdict.NOT_APPLICABLE, teardown=Teardown()),
        case_row("unknown", Verdict.INCONCLUSIVE),
        CaseRow(SHOULD.id, SHOULD.id, "", Verdict.FAIL),
        case_row("ours", Verdict.ERROR),
        case_row("theirs", Verdict.FAIL, teardown=LEAK),
    ]
    record = write_record(tmp_path / "a.jsonl", cases, [REQUIREMENT, SHOULD])

    specs = [group.first.spec for group in attention_groups([record])]
    assert specs == ["theirs", "", "ours", "unknown", "left"]


def test_cases_of_a_requirement_with_one_verdict_are_one_entry(tmp_path: Path) -> None:
    """A requirement that fails on many server specs is told once."""
    cases = [case_row(f"spec{n}", Verdict.FAIL) for n in range(30)]
    record = write_record(tmp_path / "a.jsonl", [*cases, case_row("left", teardown=LEAK)])

    groups = attention_groups([record])
    assert [(group.kind, len(group.cases)) for group in groups] == [("FAIL", 30), ("leaked", 1)]


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([TeardownVerdict.CLEAN, TeardownVerdict.NOT_CHECKED], "clean"),
        ([TeardownVerdict.NOT_CHECKED], "not checked"),
        ([TeardownVerdict.LEAKED], "1 leak"),
        (
            [TeardownVerdict.LEAKED] * 2 + [TeardownVerdict.STILL_RUNNING],
            "2 leaks, 1 still running",
        ),
    ],
)
def test_teardown_in_words(tmp_path: Path, verdicts: list[TeardownVerdict], words: str) -> None:
    """The teardown column says clean, or how many cases left what."""
    cases = [case_row(f"s{n}", teardown=Teardown(verdict)) for n, verdict in enumerate(verdicts)]

    assert tally(write_record(tmp_path / "a.jsonl", cases)).teardown_words == words


def test_terminal_shows_counts_and_what_needs_attention(tmp_path: Path) -> None:
    """The closing block: headline, a row per implementation, entries with the command."""
    text = printed(write_demo(tmp_path))

    assert re.search(r"^  4,872 cases, 3 implementations, ", text)
    assert re.search(r"implementation +MUST +SHOULD +MAY +OBSERVED +n/a +teardown", text)
    assert re.search(r"cpython-3\.8\.18 +1073/1073 +331/333 +1/1 +177 +40 +clean", text)
    assert re.search(r"my_socketserver +1097/1113 .* 8 leaks, 1 still running", text)
    failed = r"my_socketserver  FAIL MUST  serving/shutdown-waits-for-loop\[ThreadingTCP/inet\]\n"
    failed += r"     promise   .*\n     expected  shutdown\(\) returns after .*\n"
    failed += r"     actual    shutdown\(\) returned 0"
    assert re.search(failed, text)
    assert "ThreadingTCP/inet6, Threading+TCP/inet, Threading+TCP/inet6 and 12 more" in text
    again = "sockproof run --iut ./my_socketserver.py -k 'serving/shutdown-waits-for-loop"
    assert again in text


def test_terminal_shows_twenty_entries(tmp_path: Path) -> None:
    """More than twenty entries are counted, not printed."""
    rows = [RequirementRow(f"a/r{n}", "a", "R.", Level.MUST, "") for n in range(25)]
    cases = [CaseRow(row.id, row.id, "", Verdict.FAIL, expected="x", actual="y") for row in rows]
    text = printed([write_record(tmp_path / "a.jsonl", cases, rows)])

    assert text.count("FAIL MUST") == 20
    assert "and 5 more, see the report" in text


def test_terminal_says_when_all_is_well(tmp_path: Path) -> None:
    """A clean run says that nothing needs attention."""
    assert "nothing needs attention\n" in printed(
        [write_record(tmp_path / "a.jsonl", [case_row()])]
    )


@pytest.mark.by_turns(3)
def test_terminal_shows_hostile_text_as_text(tmp_path: Path) -> None:
    """No control character and no markup of an implementation reaches the terminal."""
    text = printed([hostile_record(tmp_path / "a.jsonl")], terminal=True)

    assert "[bold]x[/bold]" in text
    assert r"\x00\x1b[31m\ud800\u2028\u202e" in text
    assert not re.search("[\x00-\x09\x0b-\x1a\x1c-\x1f\ud800\u2028\u202e]", text)
    assert "\x1b[31mx" not in text


def test_incomplete_is_loud_in_the_terminal(tmp_path: Path) -> None:
    """An incomplete record is said in its row and on a line of its own."""
    text = printed([write_record(tmp_path / "a.jsonl", [case_row()], finish=False)])

    assert "cpython-3.13.0  INCOMPLETE" in text
    assert " INCOMPLETE RUN  cpython-3.13.0: the run ended before" in text
    assert "nothing needs attention in what was recorded; the run is incomplete" in text


def test_markdown_has_a_row_per_implementation(tmp_path: Path) -> None:
    """The table has counts per level, and the list what needs attention."""
    text = summary_markdown(write_demo(tmp_path))

    assert "| `cpython-3.8.18` | 1073/1073 | 331/333 | 1/1 | 177/177 | 40 | 0 | 1 | clean |" in text
    assert "| 8 leaks, 1 still running | nonconformant | yes |" in text
    entry = "- **FAIL** MUST on `my_socketserver`: "
    entry += "`serving/shutdown-waits-for-loop[ThreadingTCP/inet]` and 15 more of it: expected "
    assert entry in text
    assert "CAUTION" not in text


def test_markdown_list_is_capped(tmp_path: Path) -> None:
    """At most fifty entries, then the number of the rest."""
    rows = [RequirementRow(f"a/r{n}", "a", "R.", Level.MUST, "") for n in range(60)]
    cases = [CaseRow(row.id, row.id, "", Verdict.FAIL) for row in rows]
    text = summary_markdown([write_record(tmp_path / "a.jsonl", cases, rows)])

    assert text.count("- **FAIL**") == 50
    assert text.endswith("- and 10 more, see the report\n")


def test_incomplete_is_loud_in_markdown(tmp_path: Path) -> None:
    """An incomplete record comes first, as an alert, and has NO in its row."""
    text = summary_markdown([write_record(tmp_path / "a.jsonl", [case_row()], finish=False)])

    assert text.startswith("## sockproof\n\n> [!CAUTION]\n> **INCOMPLETE RUN** of `cpython")
    assert "| strict | **NO** |" in text
    assert "Nothing needs attention in what was recorded." in text


@pytest.mark.by_turns(3)
def test_hostile_text_stays_in_code_spans(tmp_path: Path) -> None:
    """Outside code spans there is nothing of what an implementation said."""
    text = summary_markdown([hostile_record(tmp_path / "a.jsonl")])
    outside = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", text)

    assert "script" in text
    assert "script" not in outside
    assert "alert" not in outside
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_visible_text_can_be_encoded() -> None:
    """Control characters, lone surrogates and direction marks are shown as escapes."""
    assert visible("a\tb\nc\r\x00\x85\ud800\u202e\u2028é𝄞") == (
        "a\tb\nc\\r\\x00\\x85\\ud800\\u202e\\u2028é𝄞"
    )
    assert visible("".join(map(chr, range(0x3000)))).encode()


def test_one_line_is_bounded() -> None:
    """Line feeds are shown, and a cut is marked."""
    assert one_line("a\nb\tc") == "a\\nb\\tc"
    assert one_line("x" * 201) == "x" * 199 + "…"
    assert len(one_line("\x00" * 200)) == 200


@pytest.mark.parametrize(
    ("duration_s", "words"),
    [
        (None, ""),
        (0.0, "0 s"),
        (0.0042, "0.0042 s"),
        (9.96, "10.0 s"),
        (41.2, "41 s"),
        (725, "12 min 5 s"),
    ],
)
def test_seconds_in_words(duration_s: float | None, words: str) -> None:
    """Durations are short and exact enough."""
    assert seconds(duration_s) == words
