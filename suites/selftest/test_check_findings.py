"""Failures of a check as findings: one for each cause, under a hash that stays the same."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sockproof.record.rows import CaseRow
from sockproof.report.attention_groups import attention_groups
from sockproof.report.findings import findings_of, hashes_of
from sockproof.report.findings_json import findings_json
from suites.selftest.check_records import LEAVING, failed, passed, write_check
from suites.selftest.record_data import write_demo
from suites.selftest.record_schema import validate_record

LEAVE, SPIN = "leaving-clients-leave-nothing", "leaving-clients-spin-nothing"
STOP, SECOND = "stop-ends-in-time", "second-interrupt-ends-it"


def hashes(folder: Path, *cases: CaseRow) -> list[str]:
    """The hash of each of these failures, in one record."""
    return list(hashes_of(write_check(folder / "one.jsonl", cases)).values())


def test_one_stack_is_one_finding(tmp_path: Path) -> None:
    """Whichever way clients leave, and whatever it is that shows where the threads stand."""
    busy = "20 clients left (end); it wants 99% of a processor; 20 in handle() at chat.py:14"
    cases = [failed(LEAVE, "end"), failed(LEAVE, "reset"), failed(SPIN, "end", busy)]
    record = write_check(tmp_path / "a.jsonl", [passed("crowd-is-served"), *cases])

    (found,) = findings_of(record)

    assert [case.id for case in found.cases] == [case.id for case in cases]
    assert found.sentence == cases[0].actual
    validate_record(record.path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LEAVING.format(number=20, way="end", file="chat.py", line=12),
         LEAVING.format(number=6, way="end", file="/home/a b/chat.py", line=77)),
        ("python3 chat.py 4711: it ended with status 1: [Errno 98] Address already in use",
         "python3 /tmp/x1/chat.py 815: it ended with status 1: [Errno 98] Address already in use"),
        ("then client 21 gets nothing: no answer for 5 s; fd 7 -> socket:[1234] 0x7f00dead",
         "then client 7 gets nothing: no answer for 2.5 s; fd 19 -> socket:[99] 0x7fbeef00"),
        ("20 clients left; 5 s later there are 20 more descriptors (4 → 24); 2 in a() at b.py:1",
         "8 clients left; 10 s later there are 8 more descriptors (9 → 17); 1 in c() at d.py:2"),
    ],
)  # fmt: skip
def test_a_hash_knows_no_figures(tmp_path: Path, one: str, other: str) -> None:
    """Numbers, ports, ids, lines and folders are no part of a cause."""
    (first,) = hashes(tmp_path, failed(LEAVE, "end", one))
    (second,) = hashes(tmp_path, failed(LEAVE, "end", other))

    assert first == second
    assert len(first) == 12


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (failed(LEAVE, "end", "20 more threads; 20 in handle() at chat.py:1"),
         failed(LEAVE, "end", "20 more threads; 20 in read() at chat.py:1")),
        (failed(LEAVE, "end", "20 more threads (1 → 21)"),
         failed(LEAVE, "end", "20 more descriptors (1 → 21)")),
        (failed(LEAVE, "end"), failed(STOP, "silent client")),
        (failed("crowd-is-served", "", "3 of them wait"),
         failed("data-is-not-kept", "", "3 of them wait")),
    ],
)  # fmt: skip
def test_another_cause_is_another_finding(tmp_path: Path, one: CaseRow, other: CaseRow) -> None:
    """Another place, another leftover, another moment."""
    assert hashes(tmp_path, one) != hashes(tmp_path, other)


def test_the_variant_is_no_cause(tmp_path: Path) -> None:
    """What only says which clients there were is left out, in brackets and at the end."""
    told = "10 s after an interrupt (SIGINT) it still runs, {}", "an interrupt ends the program {}"
    idle, silent = "with no client", "while a silent client is connected"
    cases = [
        failed(STOP, "idle", *(text.format(idle) for text in told)),
        failed(STOP, "silent client", *(text.format(silent) for text in told)),
    ]

    assert len(set(hashes(tmp_path, *cases))) == 1


def test_what_shows_no_cause_has_that_of_its_moment(tmp_path: Path) -> None:
    """A second interrupt that does nothing is told with the first, whose stacks are there."""
    stop = failed(STOP, "silent client", "it still runs; 1 in handle() at chat.py:9")

    first, second = hashes(tmp_path, stop, failed(SECOND, "silent client", "it still runs"))

    assert first == second


def test_the_gravest_comes_first(tmp_path: Path) -> None:
    """A MUST before a SHOULD."""
    cases = [failed(LEAVE, "end"), failed("next-client-is-served", "end", "it is refused")]

    found = findings_of(write_check(tmp_path / "a.jsonl", cases))

    assert [one.level.value for one in found] == ["MUST", "SHOULD"]


@pytest.mark.parametrize("ends", [(0, 1, 2, 3), (2, 3, 1, 0)])
def test_the_case_that_ends_first_is_not_told_first(tmp_path: Path, ends: tuple[int, ...]) -> None:
    """Cases of a check run side by side: which ends first is chance, and what is told is not."""
    cases = [
        failed(LEAVE, "end"),
        failed(LEAVE, "reset"),
        failed(LEAVE, "silence", "2 in c() at d.py:1"),
        failed(SPIN, "end", "2 in a() at b.py:1"),
    ]

    record = write_check(tmp_path / "a.jsonl", [cases[n] for n in ends])

    assert [[case.id for case in one.cases] for one in findings_of(record)] == [
        [cases[0].id, cases[1].id],
        [cases[2].id],
        [cases[3].id],
    ]
    assert [one.first.id for one in attention_groups([record])] == [
        one.first.id for one in findings_of(record)
    ]


@pytest.mark.by_turns(3)
def test_a_run_has_no_findings(tmp_path: Path) -> None:
    """Its deviations are those of promises, and have their own reports."""
    (record, *_others) = write_demo(tmp_path)

    assert findings_of(record) == []


def test_findings_json_is_as_its_schema_says(tmp_path: Path) -> None:
    """Its form is documented by a schema that ships, and what was found before is not new."""
    before = write_check(tmp_path / "before.jsonl", [failed(LEAVE, "reset")])
    cases = [failed(LEAVE, "end"), failed("crowd-is-served", "", "3 wait")]
    told = json.loads(findings_json([write_check(tmp_path / "a.jsonl", cases)], [before]))
    schema = resources.files("sockproof.record").joinpath("schema") / "findings.schema.json"

    Draft202012Validator(json.loads(schema.read_text("utf-8"))).validate(told)

    (check,) = told["checks"]
    assert [(one["cases"], one["new"]) for one in check["findings"]] == [
        ([cases[0].id], False),
        ([cases[1].id], True),
    ]
