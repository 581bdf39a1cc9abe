"""Holding a record against the shipped one of its level: what differs, and when that counts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.partners import partner
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.record.writer import RecordWriter
from sockproof.report.reference import (
    ABSENT,
    Difference,
    deviates_as_well,
    difference_groups,
    differences,
    differing,
    with_references,
)
from sockproof.spec.levels import Level
from suites.selftest.runs import play

BANNER = "errors/banner-text"


def write(folder: Path, version: str, *cases: CaseRow, judged: str = "") -> Record:
    about = {"id": f"cpython-{version}", "given": "", "level": version[:4]}
    header = {"implementation": {**about, "judged": judged} if judged else about}
    with RecordWriter(folder / f"cpython-{version}.jsonl", header) as writer:
        writer.requirement(RequirementRow("a/b", "a", "A promise.", Level.OBSERVED, "https://x/y"))
        for case in cases:
            writer.case(case)
    return read_record(writer.path)


def case(verdict: Verdict = Verdict.PASS, id_: str = "a/b[TCP/inet]", **seen: Any) -> CaseRow:
    return CaseRow(id_, "a/b", "TCP/inet", verdict, observations=seen)


@pytest.mark.parametrize(
    ("own", "other", "told"),
    [
        (case(errno="EPIPE"), case(errno="EPIPE"), []),
        (case(errno="EPIPE"), case(errno="EIO"), [Difference("errno", "EPIPE", "EIO")]),
        (case(errno="EPIPE"), case(), [Difference("errno", "EPIPE", ABSENT)]),
        (case(), case(count=3), [Difference("count", ABSENT, 3)]),
        (case(a=1, b=2), case(Verdict.FAIL, a=3), [Difference("a", 1, 3)]),
        (case(Verdict.NOT_APPLICABLE), case(a=1), []),
        (case(id_="a/b[UDP/inet]", a=1), case(a=2), []),
    ],
)
def test_what_differs(tmp_path: Path, own: CaseRow, other: CaseRow, told: list[Difference]) -> None:
    """Values and absences count where both were judged alike; of a failure, what both saw."""
    write(tmp_path, "3.13.0", own)
    (tmp_path / "run").mkdir()
    record = write(tmp_path / "run", "3.13.9", other)

    (held,) = with_references([record], tmp_path)

    assert list(differences(held, other)) == told
    assert bool(differing(held)) is bool(told)


def test_reference_is_that_of_the_level(tmp_path: Path) -> None:
    """3.1 and 3.10 are two levels; a level without a shipped record is held against nothing."""
    write(tmp_path, "3.10.13", case(a=1))
    (tmp_path / "run").mkdir()
    records = [write(tmp_path / "run", version, case(a=2)) for version in ("3.10.2", "3.99.0")]

    ten, future = with_references(records, tmp_path)

    assert ten.reference is not None
    assert ten.reference.iut_id == "cpython-3.10.13"
    assert future.reference is None
    assert not differing(future)


def test_reference_is_that_of_the_module(tmp_path: Path) -> None:
    """A socket module is held against those of its own, and of another module nothing is shipped:
    whatever a record names leads nowhere else."""
    write(tmp_path, "3.13.0", case(a=1))
    write(tmp_path / "socket", "3.13.0", case(a=2), judged="socket")
    records = [
        write(tmp_path / f"run{number}", "3.13.9", case(a=3), judged=judged)
        for number, judged in enumerate(("", "socket", "socket/..", "ssl"))
    ]

    held = with_references(records, tmp_path)

    told = [one.reference and one.reference.implementation.judged for one in held]
    assert told == ["", "socket", None, None]


def test_the_same_on_several_specs_is_one_group(tmp_path: Path) -> None:
    """A group has the cases of a requirement that differ in the same way."""
    ids = ["a/b[TCP/inet]", "a/b[UDP/inet]", "a/b[TCP/inet6]"]
    write(tmp_path, "3.13.0", *(case(id_=id_, a=1) for id_ in ids))
    (tmp_path / "run").mkdir()
    seen = [case(id_=id_, a=value) for id_, value in zip(ids, (2, 2, 3), strict=True)]
    (held,) = with_references([write(tmp_path / "run", "3.13.1", *seen)], tmp_path)

    assert [group.cases for group in difference_groups([held])] == [ids[:2], ids[2:]]


def test_reference_may_deviate_as_well(tmp_path: Path) -> None:
    """A failure that the reference shows too is told apart from one of its own."""
    write(tmp_path, "3.13.0", case(Verdict.FAIL))
    (tmp_path / "run").mkdir()
    (held,) = with_references([write(tmp_path / "run", "3.13.1", case(Verdict.FAIL))], tmp_path)

    assert deviates_as_well(held, case(Verdict.FAIL))
    assert not deviates_as_well(held, case(Verdict.ERROR))


@pytest.mark.by_turns(3)
def test_strict_makes_a_difference_count(tmp_path: Path) -> None:
    """A banner of other words is shown beside the verdict, and fails the run with --strict."""
    options = ("-n", "0", "--spec", "TCP/inet")
    iut = partner("words_its_banner")

    plain = play(tmp_path, [iut], BANNER, options=options)
    strict = play(tmp_path, [iut], BANNER, options=(*options, "--strict"))
    own = play(tmp_path, [sys.executable], BANNER, options=(*options, "--strict"))

    assert (plain.status, strict.status, own.status) == (0, 1, 0), plain
    assert "differs from the reference of its level" in plain.stdout
    assert "nothing needs attention" in plain.stdout
    assert "differs" not in own.stdout
