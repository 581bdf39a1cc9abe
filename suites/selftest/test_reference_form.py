"""The form of a record of reference: what is compared, and nothing that is of one run alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from sockproof._paths import REFERENCE, kit_dir
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.evidence import TranscriptEvent
from sockproof.record.merging import merge
from sockproof.record.reader import Record, read_record
from sockproof.record.reference_form import reference_octets, write_reference
from sockproof.record.rows import CaseRow, Known, RequirementRow, Teardown
from sockproof.record.writer import RecordWriter
from sockproof.report.comparison import compare
from sockproof.spec.levels import Level
from suites.selftest.record_schema import validate_record

RECORDS = sorted((kit_dir() / REFERENCE).rglob("*.jsonl"))
TIMES = ("started", "ended", "duration_s")
EVIDENCE = ("transcript", "stderr", "stdout", "stacks", "generated")
FAILED = CaseRow(
    id="a/b[UDP/inet]",
    requirement="a/b",
    spec="UDP/inet",
    verdict=Verdict.FAIL,
    expected="a reply",
    actual="none",
    teardown=Teardown(TeardownVerdict.LEAKED, ("fd 7 -> socket:[123]",)),
    observations={"errno": "EPIPE"},
    duration_s=0.25,
    stderr="Traceback",
    stdout="said",
    stacks="Thread-1",
    transcript=(TranscriptEvent(0.1, "peer", "connects"),),
    known=Known("it is so", "https://x/y", "cpython.toml", teardown=True),
    generated={"seed": 1, "plans": 15},
)
PASSED = CaseRow("a/b[TCP/inet]", "a/b", "TCP/inet", Verdict.PASS, duration_s=0.125)


def record_of(folder: Path, *cases: CaseRow, machine: str = "here", suite: str = "0.1.0") -> Record:
    """A record as a run writes it, on some machine, by some version of the suite."""
    header = {
        "suite_version": suite,
        "started": f"2026-11-23T05:00:{len(machine):02}Z",
        "implementation": {
            "id": "cpython-3.13.0",
            "given": "python3.13",
            "level": "3.13",
            "executable": f"/{machine}/python3.13",
            "module_file": f"/{machine}/socketserver.py",
            "argv": [f"/{machine}/python3.13"],
        },
        "capabilities": {"fork": True},
        "platform": {"system": "Linux", "release": machine, "machine": machine},
        "settings": {"workers": len(machine)},
    }
    with RecordWriter(folder / f"{machine}.jsonl", header) as writer:
        writer.requirement(RequirementRow("a/b", "a", "A promise.", Level.MUST, "https://x/y"))
        for case in cases:
            writer.case(case)
    return read_record(writer.path)


def keys_of(octets: bytes) -> set[str]:
    """Every key of every line, those of what is within it too."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.update(value)
        for one in value.values() if isinstance(value, dict) else value:
            if isinstance(one, dict | list):
                look(one)

    for line in octets.splitlines():
        look(json.loads(line))
    return found


def test_nothing_but_what_is_compared_is_kept(tmp_path: Path) -> None:
    """Verdict, observations, messages, teardown and what is known; no times, no evidence."""
    octets = reference_octets(record_of(tmp_path, FAILED, PASSED))
    header, _, first, second, _ = map(json.loads, octets.splitlines())

    assert keys_of(octets) & {*TIMES, *EVIDENCE, "leaks", "argv", "executable", "release"} == set()
    assert header["implementation"]["id"] == "cpython-3.13.0"
    assert header["platform"] == {"system": "Linux"}
    assert header["capabilities"] == {"fork": True}
    assert [first["id"], second["id"]] == [PASSED.id, FAILED.id]
    assert first.keys() == {"kind", "id", "verdict", "teardown"}
    assert second["teardown"] == {"verdict": "leaked"}
    assert second["observations"] == FAILED.observations
    assert second["actual"] == "none"
    assert second["known"]["reason"] == "it is so"


def test_another_run_gives_the_same_octets(tmp_path: Path) -> None:
    """Another machine, other times, another order: the same was seen."""
    later = dataclasses.replace(FAILED, duration_s=9.0, transcript=(), stderr="", stacks="")

    one = record_of(tmp_path, FAILED, PASSED)
    other = record_of(tmp_path, PASSED, later, machine="elsewhere")

    assert reference_octets(one) == reference_octets(other)


def test_a_reference_is_a_record(tmp_path: Path) -> None:
    """It is read and valid, compares as identical with what it was made of, and can be merged."""
    whole = record_of(tmp_path, FAILED, PASSED)
    path = tmp_path / "reference" / "cpython-3.13.0.jsonl"

    assert write_reference(whole, path)
    own = read_record(path)
    (merged,) = merge([own], tmp_path / "merged")

    assert validate_record(path) == validate_record(merged) == 5
    assert own.complete
    assert own.duration_s is None
    assert compare(own, whole).changes == compare(whole, own).changes == ()
    assert reference_octets(own) == path.read_bytes()
    assert reference_octets(read_record(merged)) == path.read_bytes()


def test_what_cut_a_run_short_is_still_told(tmp_path: Path) -> None:
    """A part of a run is not passed off as the whole."""
    whole = record_of(tmp_path, PASSED)
    lines = whole.path.read_bytes().splitlines(keepends=True)
    whole.path.write_bytes(b"".join(lines[:-1]))
    write_reference(read_record(whole.path), tmp_path / "part.jsonl")

    assert "before the record's last line" in read_record(tmp_path / "part.jsonl").incomplete_reason


@pytest.mark.parametrize(
    ("seen", "written"),
    [
        (PASSED, False),
        (dataclasses.replace(PASSED, duration_s=5.0, stderr="words"), False),
        (dataclasses.replace(PASSED, observations={"errno": "EIO"}), True),
        (dataclasses.replace(PASSED, teardown=Teardown(TeardownVerdict.LEAKED)), True),
        (dataclasses.replace(PASSED, verdict=Verdict.FAIL), True),
        (dataclasses.replace(PASSED, known=FAILED.known), True),
    ],
)
def test_a_file_that_says_the_same_is_not_touched(
    tmp_path: Path, seen: CaseRow, written: bool
) -> None:
    """Only what is compared makes a new file, not where and when it was seen again."""
    path = tmp_path / "reference.jsonl"
    write_reference(record_of(tmp_path, PASSED), path)
    before = path.read_bytes(), path.stat().st_mtime_ns

    again = record_of(tmp_path, seen, machine="elsewhere", suite="0.2.0")
    assert write_reference(again, path) is written

    assert ((path.read_bytes(), path.stat().st_mtime_ns) != before) is written


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_shipped_reference_has_this_form(path: Path) -> None:
    """To cut it down again leaves it as it is: nothing of a run is in it."""
    assert reference_octets(read_record(path)) == path.read_bytes()
