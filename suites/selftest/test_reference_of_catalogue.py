"""A catalogue that goes on leaves the records of reference as they are: what they do not hold as
yet is counted, and is neither a difference nor a failure. What only they hold is a mistake."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sockproof._paths import REFERENCE, kit_dir
from sockproof.commands import run
from sockproof.commands.run import tell
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.record.writer import RecordWriter
from sockproof.report.markdown import summary_markdown
from sockproof.report.reference import differing, not_in_reference, with_references
from sockproof.spec.catalogue import SHIPPED, Catalogue, read_catalogue
from sockproof.spec.levels import Level
from suites.selftest.reference_rules import not_yet_in, out_of_step

RECORDS = sorted((kit_dir() / REFERENCE).glob("*.jsonl"))
NEW, GONE = "backlog/brand-new", "backlog/overflow-recovers"
ADDED = f"""
[[requirement]]
id = "{NEW}"
title = "What nobody has played so far."
level = "MUST"
source = "https://example.org/page#new"
symptoms = ["nobody has seen it", "nobody knows of it"]
"""


def catalogue_with(folder: Path, old: str, new: str) -> Catalogue:
    """A copy of the shipped catalogue in which an area's file says something else."""
    copy = shutil.copytree(SHIPPED, folder / "requirements")
    path = copy / "backlog.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new) + ADDED, "utf-8")
    return read_catalogue(copy)


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_new_requirement_leaves_a_reference_valid(tmp_path: Path, path: Path) -> None:
    """The records of today hold for a catalogue with one more, and do not claim to hold it."""
    catalogue = catalogue_with(tmp_path, "", "")
    record = read_record(path)

    assert out_of_step(record, catalogue, {}) == []
    assert NEW in catalogue
    assert not_yet_in(record, f"{NEW}[TCP/inet]", catalogue)
    assert not not_yet_in(record, f"{GONE}[TCP/inet]", catalogue)
    assert not not_yet_in(record, "backlog/no-requirement[TCP/inet]", catalogue)


@pytest.mark.by_turns(3)
def test_what_only_the_reference_holds_is_found(tmp_path: Path) -> None:
    """A requirement that is gone has to be told as renamed, or the record to be made anew."""
    catalogue = catalogue_with(tmp_path, GONE, "backlog/overflow-is-survived")
    record = read_record(RECORDS[0])

    assert out_of_step(record, catalogue, {}) == [f"{GONE}: no requirement of today, nor renamed"]
    assert out_of_step(record, catalogue, {GONE: "backlog/overflow-is-survived"}) == []


@pytest.mark.by_turns(6)
def test_what_both_hold_is_compared(tmp_path: Path) -> None:
    """A requirement that says something else now is not the one that was played."""
    title = read_record(RECORDS[0]).requirements[GONE].title
    catalogue = catalogue_with(tmp_path, title, f"{title[:-1]}, or so.")

    (told,) = out_of_step(read_record(RECORDS[0]), catalogue, {})

    assert told.startswith(f"{GONE}: not as it is in the catalogue")


def write(folder: Path, requirement: str, *variants: str, seen: int = 1) -> Record:
    """A record of CPython 3.13 in which a requirement is played in variants."""
    header = {"implementation": {"id": "cpython-3.13.0", "given": "", "level": "3.13"}}
    with RecordWriter(folder / "cpython-3.13.0.jsonl", header) as writer:
        row = RequirementRow(requirement, "backlog", "A promise.", Level.OBSERVED, "https://x/y")
        writer.requirement(row)
        for variant in variants:
            id_ = f"{requirement}[TCP/inet,{variant}]"
            case = CaseRow(id_, requirement, "TCP/inet", Verdict.PASS, observations={"n": seen})
            writer.case(case)
    return read_record(writer.path)


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("reference", "played", "told"),
    [
        (("one", "two"), ("one", "two"), ""),
        (("one", "two"), ("one",), ""),
        (("one",), ("one", "two"), "1 case is not yet in the reference of the level"),
        (("one",), ("two", "three"), "2 cases are not yet in the reference of the level"),
    ],
)
def test_new_cases_are_counted_and_never_count(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reference: tuple[str, ...],
    played: tuple[str, ...],
    told: str,
) -> None:
    """One line says how many there are and what to type; they are no difference, not for --strict
    either, and the record stays as it is."""
    write(tmp_path / "reference", GONE, *reference)
    record = write(tmp_path / "run", GONE, *played)
    before = record.path.read_bytes()
    monkeypatch.setattr(run, "REFERENCE", tmp_path / "reference")

    status = tell([record.path], tmp_path / "run", (), strict=True)

    shown = capsys.readouterr().out
    assert status == 0
    assert [line for line in shown.splitlines() if "not yet in" in line] == (
        [f"  {told}: make reference"] if told else []
    )
    assert "differs" not in shown
    assert record.path.read_bytes() == before
    assert ("make reference" in (tmp_path / "run" / "summary.md").read_text("utf-8")) is bool(told)


def test_a_record_without_a_reference_has_nothing_new(tmp_path: Path) -> None:
    """Of a level that nothing is shipped of, no case is waited for."""
    held = with_references([write(tmp_path, GONE, "one")], tmp_path / "none")

    assert not_in_reference(held) == ""
    assert "not yet" not in summary_markdown(held)


def test_a_renamed_requirement_is_held_against_its_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under its old id in the reference it still differs, and is not new."""
    write(tmp_path / "reference", "backlog/old-name", "one", seen=2)
    record = write(tmp_path / "run", GONE, "one")
    monkeypatch.setattr(run, "REFERENCE", tmp_path / "reference")
    monkeypatch.setattr(run, "load_renames", lambda _known: {"backlog/old-name": GONE})

    assert not differing(record)
    assert tell([record.path], tmp_path / "run", (), strict=True) == 1
    shown = capsys.readouterr().out
    assert "n: 1, not 2" in shown
    assert "not yet in" not in shown
