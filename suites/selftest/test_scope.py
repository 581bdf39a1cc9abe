"""What a record can speak about, and that no command draws a conclusion from what it cannot."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sockproof.commands.cli import run_command
from sockproof.errors import RecordError
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow
from sockproof.record.scope import Scope, is_in_shard, scope_of
from sockproof.record.selection import select
from sockproof.report.badge import badge_json
from sockproof.report.comparison import compare
from sockproof.report.html.changes_view import compare_html
from sockproof.report.html.page import report_html
from sockproof.report.junit import junit_xml
from sockproof.report.markdown import summary_markdown
from suites.selftest.record_data import REQUIREMENT, write_record
from suites.selftest.runs import SPEC, Ended, records_in, sockproof_
from suites.selftest.sealed_lines import lines_of, write_sealed
from suites.selftest.small_records import of

ROW = dataclasses.replace(REQUIREMENT, id="dispatch/methods-are-called-in-order")
TCP, UDP = f"{ROW.id}[TCP/inet]", f"{ROW.id}[UDP/inet]"
Command = Callable[..., Ended]
EXPECTED = """# by hand
[[expectation]]
case = "{case}"
at_most = 2
verdict = "FAIL"
contains = "x"
reason = "It is so."
"""


@pytest.fixture
def run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """A command in this process and the test's folder."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> Ended:
        status = run_command([*arguments])
        told = capsys.readouterr()
        return Ended(status, told.out, told.err)

    return called


def record(path: Path, *cases: CaseRow, finish: bool = True, **settings: Any) -> Record:
    """A record whose run had these settings."""
    path.parent.mkdir(exist_ok=True)
    write_record(path, cases or [of(ROW)], (ROW,), finish=finish)
    header, *lines = lines_of(path)
    header["settings"] |= settings
    return read_record(write_sealed(path, [header, *lines]))


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({}, ""),
        ({"shard": "1/1", "examples": 3, "workers": 9}, ""),
        ({"select": "tcp or x", "specs": ["TCP/*"]}, "partial: -k 'tcp or x', --spec 'TCP/*'"),
        ({"shard": "2/5"}, "partial: shard 2 of 5"),
        ({"selected_by": "pytest"}, "partial: what pytest selected"),
    ],
)
def test_limits_are_told_in_words(tmp_path: Path, settings: dict[str, Any], limits: str) -> None:
    """As the options that made them, and nothing of a whole run."""
    assert scope_of(record(tmp_path / "a.jsonl", **settings)).limits == limits


def test_incomplete_record_has_limits(tmp_path: Path) -> None:
    """It is told beside what it was cut down to."""
    one = record(tmp_path / "a.jsonl", finish=False, select="tcp")

    assert scope_of(one).limits == "partial: -k 'tcp'; incomplete"
    assert not scope_of(one).holds(TCP, "TCP/inet")


@pytest.mark.parametrize("settings", [{"shard": "9/2"}, {"shard": "x"}, {"select": "and and"}])
def test_settings_out_of_order_are_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    """A record that nobody can tell the scope of is no evidence."""
    with pytest.raises(RecordError, match=r"a\.jsonl"):
        scope_of(record(tmp_path / "a.jsonl", **settings))


@pytest.mark.parametrize(
    ("scope", "holds", "covers"),
    [
        (Scope(), True, True),
        (Scope(keyword="order"), False, False),
        (Scope(keyword="a/b"), True, True),
        (Scope(keyword="burst"), True, False),
        (Scope(keyword="not burst"), False, False),
        (Scope(keyword="tcp/inet and not udp"), True, False),
        (Scope(specs=("TCP/*",)), True, True),
        (Scope(specs=("UDP/*",)), False, False),
        (Scope(selected_by="pytest"), False, False),
        (Scope(incomplete="cut"), False, False),
    ],
)
def test_what_a_scope_holds(scope: Scope, holds: bool, covers: bool) -> None:
    """Of a case, and of all variants of a requirement on a spec, of which not all are known."""
    assert scope.holds("a/b[TCP/inet,burst]", "TCP/inet") is holds
    assert scope.covers("a/b", "TCP/inet") is covers


def test_shard_holds_its_cases_alone() -> None:
    """Every case is in one of them, and none covers all variants."""
    shards = [Scope(shard=(number, 3)) for number in (1, 2, 3)]

    for case_id in (f"a/b[TCP/inet,{n}]" for n in range(20)):
        assert [one.holds(case_id, "TCP/inet") for one in shards].count(True) == 1
    assert not any(one.covers("a/b", "TCP/inet") for one in shards)


def test_case_that_was_not_to_be_played_is_not_gone(tmp_path: Path) -> None:
    """Nor new; they are counted, and a case that was to be played and is not there is gone."""
    whole = record(tmp_path / "a" / "a.jsonl", of(ROW), of(ROW, "UDP/inet"))
    part = record(tmp_path / "b" / "a.jsonl", of(ROW), specs=["TCP/*"])
    lacking = record(tmp_path / "c" / "a.jsonl", of(ROW))

    there, back, gone = compare(whole, part), compare(part, whole), compare(whole, lacking)

    assert [one.identical for one in (there, back, gone)] == [True, True, False]
    assert [one.unknown for one in (there, back, gone)] == [1, 1, 0]
    assert len(gone.regressions) == 1
    assert "1 case in both, 1 not played in one of them" in there.summary
    assert "partial: --spec &#39;TCP/*&#39;" in compare_html([there], ["a", "b"])


def test_case_without_a_spec_is_played_whatever_specs_are(tmp_path: Path) -> None:
    """--spec leaves it in, also one with a variant: where it is missing, it is gone."""
    bare = [of(ROW, ""), dataclasses.replace(of(ROW, ""), id=f"{ROW.id}[burst]")]
    whole = record(tmp_path / "a" / "a.jsonl", of(ROW), *bare)
    lacking = record(tmp_path / "b" / "a.jsonl", of(ROW), specs=["TCP/*"])

    comparison = compare(whole, lacking)

    assert (len(comparison.regressions), comparison.unknown) == (1, 0)
    assert len(comparison.regressions[0].places) == 2


def test_cut_record_says_so(tmp_path: Path) -> None:
    """What -k and --spec of a command leave of a record is no more than that."""
    whole = record(tmp_path / "a.jsonl", of(ROW), of(ROW, "UDP/inet"))
    once = select(whole, "tcp", ["TCP/*"])

    assert scope_of(once).limits == "partial: -k 'tcp', --spec 'TCP/*'"
    assert scope_of(select(once, "inet")).keyword == "(tcp) and (inet)"
    assert scope_of(select(once, "tcp")).keyword == "tcp"


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("settings", [{"select": "tcp"}, {"shard": "1/2"}])
def test_every_report_says_it_first(tmp_path: Path, run: Command, settings: dict[str, Any]) -> None:
    """The terminal's first line, the page's, the summary's, and the badge."""
    one = record(tmp_path / "a.jsonl", **settings)
    words = scope_of(one).limits

    told = run("report", "a.jsonl", "--report-dir", "out")

    assert words in told.stdout.splitlines()[0]
    assert "nothing needs attention in what was recorded; the run is partial" in told.stdout
    page = report_html([one])
    assert page.index("not the whole suite") < page.index("</header>")
    assert words.split()[-1].strip("'") in page
    assert "Nothing needs attention in what was recorded." in page
    assert "**Not the whole suite**" in summary_markdown([one])
    assert "| partial |" in summary_markdown([one])
    assert json.loads(badge_json([one]))["message"].startswith("partial, MUST")
    assert scope_of(one).partial.replace("'", "&apos;") in junit_xml([one]).replace("'", "&apos;")


def test_badge_of_a_part_that_fails_is_red(tmp_path: Path) -> None:
    """A broken promise is one, whatever else was played."""
    one = record(tmp_path / "a.jsonl", of(ROW, verdict=Verdict.FAIL, actual="x"), select="tcp")

    assert json.loads(badge_json([one]))["color"] == "red"


def test_report_of_one_shard_is_incomplete(tmp_path: Path, run: Command) -> None:
    """It ends with 3 and says what is missing; the record itself stays what it is."""
    cases = [of(ROW), of(ROW, "UDP/inet")]
    parts = [[one for one in cases if is_in_shard(one.id, (number, 2))] for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        record(tmp_path / f"{number}.jsonl", *(part or [of(ROW, "X")]), shard=f"{number}/2")

    alone = run("report", "1.jsonl", "--report-dir", "out")
    both = run("report", "1.jsonl", "2.jsonl", "--report-dir", "out")

    assert alone.status == 3
    assert "cpython-3.13.0 is shard 1 of 2: give the records of all of them" in alone.stderr
    assert both.status == 0
    assert "partial" not in both.stdout


def test_gate_takes_no_shard_for_the_whole(tmp_path: Path, run: Command) -> None:
    """--gate ends with 3; a selection of one's own is as it was wanted."""
    record(tmp_path / "a.jsonl")
    record(tmp_path / "b.jsonl", shard="1/2")
    record(tmp_path / "c.jsonl", select="tcp")

    assert run("compare", "--gate", "a.jsonl", "b.jsonl").status == 3
    narrowed = run("compare", "--gate", "a.jsonl", "c.jsonl")
    assert (narrowed.status, "partial: -k 'tcp'" in narrowed.stdout) == (0, True)


@pytest.mark.parametrize(("finish", "settings"), [(False, {}), (True, {"select": "tcp"})])
def test_expect_says_what_a_record_leaves_open(
    tmp_path: Path, run: Command, finish: bool, settings: dict[str, Any]
) -> None:
    """Entries are written of what there is, with a line that there may be more."""
    failing = of(ROW, verdict=Verdict.FAIL, actual="it hung")
    record(tmp_path / "a.jsonl", failing, finish=finish, **settings)

    told = run("expect", "a.jsonl")

    assert told.status == 0
    assert "what else deviates is not written down" in told.stderr


@pytest.mark.parametrize(("finish", "settings"), [(False, {}), (True, {"select": "tcp"})])
def test_prune_asks_for_the_whole(
    tmp_path: Path, run: Command, finish: bool, settings: dict[str, Any]
) -> None:
    """Nothing is taken out; the error says what to give instead."""
    record(tmp_path / "a.jsonl", finish=finish, **settings)
    text = EXPECTED.format(case=TCP)
    (tmp_path / "known.toml").write_text(text)

    told = run("expect", "--prune", "known.toml", "a.jsonl")

    assert told.status == 4
    assert told.error.endswith("give a complete record of the whole suite, or --partial")
    assert (tmp_path / "known.toml").read_text() == text


@pytest.mark.parametrize(
    ("case", "settings", "goes"),
    [
        (TCP, {"select": "tcp"}, True),
        (TCP, {"shard": "1/2"}, True),
        (UDP, {"select": "tcp"}, False),
        (f"{ROW.id}[*]", {"select": "tcp"}, False),
        (f"{ROW.id}[*]", {"select": ROW.id}, True),
        (f"{ROW.id}[*]", {"shard": "1/2"}, False),
    ],
)
def test_prune_of_a_part_settles_what_it_covers(
    tmp_path: Path, run: Command, case: str, settings: dict[str, Any], goes: bool
) -> None:
    """With --partial; the file stays, with its comment, when nothing is left in it."""
    record(tmp_path / "a.jsonl", **settings)
    file = tmp_path / "known.toml"
    file.write_text(EXPECTED.format(case=case))

    shown = run("expect", "--prune", "known.toml", "a.jsonl", "--partial", "--dry-run")
    untouched = file.read_text()
    told = run("expect", "--prune", "known.toml", "a.jsonl", "--partial")

    why = f"taken out: {case}: cpython-3.13.0: FAIL was expected, and it is PASS"
    assert (why in shown.stdout, why in told.stdout) == (goes, goes), told
    assert untouched == EXPECTED.format(case=case)
    assert file.read_text().startswith("# by hand")
    assert ("[[expectation]]" in file.read_text()) is not goes
    assert run("expect", "--prune", "known.toml", "a.jsonl", "--partial").status == 0


@pytest.mark.by_turns(3)
def test_run_writes_its_scope(tmp_path: Path) -> None:
    """What a run was asked for is in its record, and in the first line of what it says."""
    ended = sockproof_(
        tmp_path, "run", "-k", "refused", "--spec", SPEC, "-n", "0", "--report-dir", "out"
    )

    (found,) = records_in(tmp_path).values()
    scope = dataclasses.replace(scope_of(found), incomplete="")
    assert scope == Scope(keyword="refused", specs=(SPEC,))
    assert f"partial: -k 'refused', --spec '{SPEC}'" in ended.stdout.splitlines()[0]
