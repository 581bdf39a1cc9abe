"""Shards: every case is in one of them, and their records make the record of a whole run."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path

import pytest

from sockproof.errors import RecordError
from sockproof.judge.verdict import Verdict
from sockproof.record.merging import merge
from sockproof.record.reader import Record, read_record
from sockproof.report.badge import badge_json
from sockproof.run.plan import RunPlan
from sockproof.run.run_options import RunOptions
from suites.selftest.record_data import case_row, write_record
from suites.selftest.record_schema import validate_record
from suites.selftest.runs import play, records_in, sockproof_
from suites.selftest.sealed_lines import lines_of, write_sealed


def shard(
    folder: Path, number: int, of: int, *specs: str, version: str = "0.1.0", **settings: object
) -> Record:
    record = write_record(folder / f"{number}.jsonl", [case_row(spec) for spec in specs])
    header, *lines = lines_of(record.path)
    header |= {"settings": {"shard": f"{number}/{of}", **settings}, "suite_version": version}
    return read_record(write_sealed(record.path, [header, *lines]))


@pytest.mark.parametrize("of", [1, 2, 7])
def test_every_case_is_in_one_shard(of: int) -> None:
    """Whatever the number of shards, none is played twice and none is left out."""
    plans = [RunPlan((), RunOptions(shard=(number, of))) for number in range(1, of + 1)]

    for case_id in (f"area/case-{n}[TCP/inet]" for n in range(100)):
        assert sum(plan.in_shard(case_id) for plan in plans) == 1


def test_shards_make_the_whole(tmp_path: Path) -> None:
    """All cases, counted, in one valid and complete record."""
    shards = [shard(tmp_path, 1, 2, "TCP/inet"), shard(tmp_path, 2, 2, "UDP/inet", "UDP/inet6")]

    (path,) = merge(shards, tmp_path / "out")

    validate_record(path)
    whole = read_record(path)
    assert whole.complete
    assert [case.spec for case in whole.cases] == ["TCP/inet", "UDP/inet", "UDP/inet6"]
    assert len(whole.requirements) == 1


def test_missing_shard_is_incomplete(tmp_path: Path) -> None:
    """The record says which one is missing."""
    (path,) = merge([shard(tmp_path, n, 4, f"TCP/{n}") for n in (1, 4)], tmp_path / "out")

    assert read_record(path).incomplete_reason == "shards missing: 2, 3 of 4"


def test_incomplete_shard_makes_the_whole_incomplete(tmp_path: Path) -> None:
    """A part that was cut short is named with its reason."""
    cut = shard(tmp_path, 2, 2, "UDP/inet")
    cut.path.write_text("".join(cut.path.read_text("utf-8").splitlines(keepends=True)[:-1]))

    (path,) = merge([shard(tmp_path, 1, 2, "TCP/inet"), read_record(cut.path)], tmp_path / "out")

    assert "2.jsonl: the run ended before" in read_record(path).incomplete_reason


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    """The same case twice, or under one name another version of the suite or another selection."""
    one, other = shard(tmp_path, 1, 2, "TCP/inet"), shard(tmp_path, 2, 2, "TCP/inet")
    with pytest.raises(RecordError, match="is in another record, too; give each shard once"):
        merge([one, other], tmp_path / "out")

    newer = shard(tmp_path, 2, 2, "UDP/inet", version="9.9")
    with pytest.raises(RecordError, match=r"suite version \(0.1.0 and 9.9\); merge what runs with"):
        merge([one, newer], tmp_path / "out")

    narrower = shard(tmp_path, 2, 2, "UDP/inet", select="flush")
    with pytest.raises(RecordError, match=r"selection \(the whole suite and -k 'flush'\)"):
        merge([one, narrower], tmp_path / "out")


@pytest.mark.by_turns(5)
def test_shards_of_a_run_make_its_report(tmp_path: Path) -> None:
    """``run --shard`` of each part and ``report`` of all: the cases of a run without shards."""
    for part in ("1/2", "2/2"):
        ended = play(tmp_path, [sys.executable], "names/", options=("-n", "0", "--shard", part))
        assert ended.status == 0, ended
        shutil.move(tmp_path / "out", tmp_path / part.replace("/", "-"))
    play(tmp_path, [sys.executable], "names/", options=("-n", "0"))
    (whole,) = records_in(tmp_path).values()

    ended = sockproof_(tmp_path, "report", "1-2", "2-2", "--report-dir", "merged")

    assert ended.status == 0, ended
    merged = read_record(tmp_path / "merged" / whole.path.name)
    assert sorted(case.id for case in merged.cases) == sorted(case.id for case in whole.cases)
    assert list(merged.requirements) == list(whole.requirements)
    assert (tmp_path / "merged" / "report.html").is_file()


@pytest.mark.by_turns(3)
def test_report_of_a_part_ends_with_3(tmp_path: Path) -> None:
    """A missing shard is no success, nor are records that are not there."""
    shard(tmp_path, 1, 3, "TCP/inet")
    shard(tmp_path, 2, 3, "UDP/inet")
    (tmp_path / "empty").mkdir()

    part = sockproof_(tmp_path, "report", "1.jsonl", "2.jsonl")
    none = sockproof_(tmp_path, "report", "empty")
    over = sockproof_(tmp_path, "report", "nowhere.jsonl")

    assert (part.status, none.status, over.status) == (3, 4, 3)
    assert "shards missing: 3 of 3" in part.stdout
    assert none.error.startswith("no records in empty")
    assert "there is no record nowhere.jsonl" in over.error


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("text", ["0/3", "4/3", "x", "1/", "1/2/3", "-1/2"])
def test_wrong_shard_is_refused(tmp_path: Path, text: str) -> None:
    """Only K of N, from 1 to N, is one."""
    ended = play(tmp_path, [], options=(f"--shard={text}",))

    assert ended.status == 4
    assert "is not K/N, such as 2/5" in ended.error


@pytest.mark.parametrize(
    ("verdict", "complete", "message", "colour"),
    [
        (Verdict.PASS, True, "strict, MUST 20/20", "brightgreen"),
        (Verdict.FAIL, True, "nonconformant, MUST 19/20", "red"),
        (Verdict.PASS, False, "incomplete, MUST 20/20", "lightgrey"),
    ],
)
def test_badge_tells_standing_and_count(
    tmp_path: Path, verdict: Verdict, complete: bool, message: str, colour: str
) -> None:
    """One implementation by its standing and its count at MUST."""
    cases = [case_row(verdict=verdict), *(case_row(f"UDP/{n}") for n in range(19))]
    record = write_record(tmp_path / "a.jsonl", cases)
    if not complete:
        record = dataclasses.replace(record, incomplete_reason="cut")

    badge = json.loads(badge_json([record]))

    assert (badge["schemaVersion"], badge["message"], badge["color"]) == (1, message, colour)
    both = json.loads(badge_json([record, record]))
    passed = 2 * 19 + 2 * (verdict is Verdict.PASS)
    assert both["message"] == f"2 {message.partition(',')[0]}, MUST {passed}/40"
