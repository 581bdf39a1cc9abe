"""The record: what is written is read back, and what is no record is refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sockproof.errors import RecordError
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.evidence import Octets, TranscriptEvent
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow, Known, RequirementRow, Teardown
from sockproof.record.writer import SCHEMA, RecordWriter
from sockproof.spec.levels import Level
from suites.selftest.record_data import (
    HOSTILE,
    REQUIREMENT,
    case_row,
    header,
    hostile_record,
    write_demo,
    write_record,
)
from suites.selftest.record_schema import validate_record
from suites.selftest.sealed_lines import lines_of, write_sealed

ANY_TEXT = st.one_of(
    st.text(max_size=30),
    st.text(alphabet=st.sampled_from('\x00\n\r\x1b\x85\u2028\ud800\ufeff"\\{}[]é𝄞'), max_size=12),
)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.builds(
    TranscriptEvent,
    t_s=st.floats(0, 1000),
    lane=ANY_TEXT,
    what=ANY_TEXT,
    octets=st.none()
    | st.builds(
        Octets,
        text=st.binary(max_size=30).map(lambda octets: octets.decode("latin-1")),
        length=st.integers(0, 1 << 40),
        sha256=st.just("") | st.just("0f" * 32),
    ),
    note=ANY_TEXT,
    error=ANY_TEXT,
)
CASES = st.builds(
    CaseRow,
    id=ANY_TEXT,
    requirement=st.just(REQUIREMENT.id),
    spec=ANY_TEXT,
    verdict=st.sampled_from(Verdict),
    reason=ANY_TEXT,
    expected=ANY_TEXT,
    actual=ANY_TEXT,
    teardown=st.builds(
        Teardown, st.sampled_from(TeardownVerdict), st.lists(ANY_TEXT, max_size=3).map(tuple)
    ),
    observations=st.dictionaries(ANY_TEXT, JSON_VALUES, max_size=3),
    duration_s=st.floats(0, 1000),
    stderr=ANY_TEXT,
    stdout=ANY_TEXT,
    stacks=ANY_TEXT,
    transcript=st.lists(EVENTS, max_size=3).map(tuple),
    known=st.none() | st.builds(Known, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, st.booleans()),
)


@given(cases=st.lists(CASES, max_size=4, unique_by=lambda case: case.id))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_written_is_read_back(tmp_path: Path, cases: list[CaseRow]) -> None:
    """Every case comes back equal, whatever text is in it, and the file is ASCII lines."""
    record = write_record(tmp_path / "a.jsonl", cases)

    assert list(record.cases) == cases
    assert record.complete
    assert (tmp_path / "a.jsonl").read_bytes().isascii()
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == len(cases) + 3


def test_header_and_requirements_are_read_back(tmp_path: Path) -> None:
    """The header comes back whole, requirements by id in the order written."""
    rows = [
        RequirementRow("b/y", "b", "Y.", Level.SHOULD, "gh-1", "3.6", None),
        RequirementRow("a/x", "a", "X.", Level.OBSERVED, "", None, "3.9"),
    ]
    record = write_record(tmp_path / "a.jsonl", [], rows)

    assert list(record.requirements.values()) == rows
    assert record.header["schema"] == SCHEMA
    assert record.header["capabilities"]["fork"] is True
    assert (record.iut_id, record.implementation.given) == ("cpython-3.13.0", "python3.13")


def test_footer_counts_by_verdict(tmp_path: Path) -> None:
    """The footer has the number of cases of every verdict."""
    cases = [case_row("a"), case_row("b", Verdict.FAIL), case_row("c")]
    record = write_record(tmp_path / "a.jsonl", cases)

    assert record.footer is not None
    assert record.footer.counts["PASS"] == 2
    assert record.footer.counts["FAIL"] == 1
    assert record.footer.counts["ERROR"] == 0


def test_each_line_is_there_as_soon_as_it_was_written(tmp_path: Path) -> None:
    """A reader sees header, requirements and cases while the record is still open."""
    path = tmp_path / "a.jsonl"
    with RecordWriter(path, header("x", "x", "3.13.0")) as writer:
        assert not read_record(path).cases
        writer.requirement(REQUIREMENT)
        writer.case(case_row())
        assert [case.id for case in read_record(path).cases] == [case_row().id]


def test_an_exception_leaves_no_footer(tmp_path: Path) -> None:
    """A block that ends with an exception leaves a record that says it is incomplete."""
    path = tmp_path / "a.jsonl"
    with pytest.raises(KeyboardInterrupt):
        _interrupted_run(path)

    record = read_record(path)
    assert record.footer is None
    assert "last line" in record.incomplete_reason


def _interrupted_run(path: Path) -> None:
    with RecordWriter(path, header("x", "x", "3.13.0")) as writer:
        writer.requirement(REQUIREMENT)
        raise KeyboardInterrupt


def test_a_stopped_run_says_why(tmp_path: Path) -> None:
    """The reason given to close() is the reason of the incomplete record."""
    path = tmp_path / "a.jsonl"
    with RecordWriter(path, header("x", "x", "3.13.0")) as writer:
        writer.close(complete=False, reason="interrupted from the keyboard")

    assert read_record(path).incomplete_reason == "interrupted from the keyboard"


def test_cut_at_every_octet_of_the_last_line(tmp_path: Path) -> None:
    """However the footer was cut, the cases are read and the record is incomplete."""
    whole = tmp_path / "whole.jsonl"
    write_record(whole, [case_row("a"), case_row("b")])
    text = whole.read_bytes()
    last_line_at = text.rindex(b"\n", 0, -1) + 1
    for end in range(last_line_at, len(text) - 1):
        record = _read_bytes(tmp_path, text[:end])
        assert len(record.cases) == 2
        assert not record.complete
        assert record.incomplete_reason

    assert _read_bytes(tmp_path, text[:-1]).complete  # only the line feed is missing


def test_cut_at_every_octet_of_a_case(tmp_path: Path) -> None:
    """A case that was cut is left out, the cases before it are not."""
    whole = tmp_path / "whole.jsonl"
    write_record(whole, [case_row("a"), case_row("b")], finish=False)
    text = whole.read_bytes()
    last_line_at = text.rindex(b"\n", 0, -1) + 1
    for end in range(last_line_at + 1, len(text) - 1):
        record = _read_bytes(tmp_path, text[:end])
        assert [case.spec for case in record.cases] == ["a"]
        assert record.incomplete_reason == "line 4 was cut in the middle"


def _read_bytes(folder: Path, text: bytes) -> Record:
    path = folder / "cut.jsonl"
    path.write_bytes(text)
    return read_record(path)


def test_lines_lost_from_the_middle_are_noticed(tmp_path: Path) -> None:
    """A record with fewer cases than its footer counts is incomplete, without digests."""
    path = tmp_path / "a.jsonl"
    write_record(path, [case_row("a"), case_row("b")])
    first, *lines = lines_of(path)
    write_sealed(path, [first | {"schema": 3}, *lines[:1], *lines[2:]])

    assert read_record(path).incomplete_reason == "the footer counts 2 cases, the file holds 1"


def test_malformed_middle_line_is_refused(tmp_path: Path) -> None:
    """A broken line before the last is an error that names the line."""
    path = tmp_path / "a.jsonl"
    write_record(path, [case_row("a"), case_row("b")])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b'{"kind":"case"\n', *lines[3:]]))

    with pytest.raises(RecordError, match=r"a\.jsonl line 3 is malformed"):
        read_record(path)


def _case_json(**changes: Any) -> dict[str, Any]:
    row = case_row().to_json() | changes
    return {key: value for key, value in row.items() if value is not None}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (_case_json(verdict="GREAT"), r"line 3: Invalid enum value 'GREAT' - at '\$\.verdict'"),
        (_case_json(teardown=None), r"line 3: Expected 'object', got 'null' - at '\$\.teardown'"),
        (_case_json(verdict=None), r"line 3: Object missing required field 'verdict'"),
        (_case_json(duration_s="1"), r"line 3: Expected 'float', got 'str' - at '\$\.duration_s'"),
        (_case_json(duration_s=True), r"line 3: Expected 'float', got 'bool' - at .*duration_s"),
        (
            _case_json(teardown={"verdict": "tidy"}),
            r"line 3: Invalid enum value 'tidy'",
        ),
        (
            _case_json(transcript=[1]),
            r"line 3: Expected 'object', got 'int' .*transcript\[0\]",
        ),
        (
            _case_json(requirement="no/such"),
            r"line 3: case .* belongs to no requirement listed above",
        ),
        ({"kind": "shard"}, r"line 3: unknown kind of line: 'shard'; upgrade sockproof"),
        (REQUIREMENT.to_json(), r"line 3: requirement .* is there twice"),
        (
            {"kind": "footer", "complete": True, "counts": {"PASS": "1"}},
            r"line 3: Expected 'int', got 'str' - at '\$\.counts",
        ),
    ],
)
def test_wrong_line_is_refused(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    """A line that breaks the form is an error that names the line and the key."""
    path = tmp_path / "a.jsonl"
    write_record(path, [], finish=False)
    write_sealed(path, [*lines_of(path), row])

    with pytest.raises(RecordError, match=message):
        read_record(path)


def test_duplicate_case_is_refused(tmp_path: Path) -> None:
    """The writer takes a case once, and the reader refuses a file that holds it twice."""
    path = tmp_path / "a.jsonl"
    with RecordWriter(path, header("x", "x", "3.13.0")) as writer:
        writer.requirement(REQUIREMENT)
        writer.case(case_row())
        with pytest.raises(RecordError, match="is already in"):
            writer.case(case_row())
    lines = lines_of(path)
    write_sealed(path, [*lines[:3], *lines[2:]])

    with pytest.raises(RecordError, match=r"line 4: case .* is there twice"):
        read_record(path)


def test_a_line_after_the_footer_is_refused(tmp_path: Path) -> None:
    """Two runs in one file are not one record."""
    path = tmp_path / "a.jsonl"
    write_record(path, [])
    write_sealed(path, [*lines_of(path), _case_json()])

    with pytest.raises(RecordError, match="a line after the footer"):
        read_record(path)


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"PK\x03\x04\xff", b'{"kind":"case"}\n', b'{"kind":"he']
)
def test_other_files_are_refused(tmp_path: Path, text: bytes) -> None:
    """A file whose first line is no header is not a record."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(text)

    with pytest.raises(RecordError, match="is not a record of sockproof"):
        read_record(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A path that leads nowhere is a record error, not a traceback."""
    with pytest.raises(RecordError, match="there is no record"):
        read_record(tmp_path / "none.jsonl")


def test_older_schema_is_read(tmp_path: Path) -> None:
    """A record of the first form, which knew no expectations, is read and is valid."""
    path = write_record(tmp_path / "a.jsonl", [case_row()]).path
    lines = lines_of(path)
    lines[0]["schema"] = 1
    for key in ("stale", "levels", "whole"):
        del lines[-1][key]
    write_sealed(path, lines)

    validate_record(path)
    record = read_record(path)

    assert record.complete
    assert record.stale == ()


def test_newer_schema_is_refused(tmp_path: Path) -> None:
    """A record of a later form says to upgrade."""
    path = tmp_path / "a.jsonl"
    header = {"kind": "header", "suite": "sockproof", "schema": SCHEMA + 1}
    path.write_text(json.dumps(header) + "\n")

    with pytest.raises(RecordError, match=r"made by a newer sockproof .*; upgrade"):
        read_record(path)


def test_writer_refuses_what_cannot_be_read_back(tmp_path: Path) -> None:
    """A case of an unknown requirement or with an odd observation is refused and not written."""
    path = tmp_path / "a.jsonl"
    with RecordWriter(path, header("x", "x", "3.13.0")) as writer:
        with pytest.raises(RecordError, match="was not written"):
            writer.case(case_row())
        writer.requirement(REQUIREMENT)
        with pytest.raises(RecordError, match="bytes is not JSON serializable"):
            writer.case(case_row(observations={"seen": b"x"}))
        with pytest.raises(RecordError, match="not JSON compliant"):
            writer.case(case_row(duration_s=float("nan")))

    assert not read_record(path).cases


def test_header_without_implementation_is_refused(tmp_path: Path) -> None:
    """A record that does not say who was tested is not begun."""
    with pytest.raises(RecordError, match="names no implementation"):
        RecordWriter(tmp_path / "a.jsonl", {"implementation": {}})
    assert not (tmp_path / "a.jsonl").exists()


def test_written_records_follow_the_schema(tmp_path: Path) -> None:
    """The demo and the hostile record are valid, each line of them."""
    demo = write_demo(tmp_path)
    hostile = hostile_record(tmp_path / "hostile.jsonl")

    assert validate_record(demo[0].path) == len(demo[0].cases) + len(demo[0].requirements) + 2
    assert validate_record(hostile.path) == len(Verdict) + 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (_case_json(verdict="GREAT"), "verdict: 'GREAT' is not one of"),
        (_case_json(teardown=None), "'teardown' is a required property"),
        (_case_json(extra=1), "'extra' was unexpected"),
        (_case_json(duration_s=-1), "less than the minimum"),
        (
            _case_json(transcript=[{"t_s": 0, "lane": "peer", "what": "send", "octets": "x"}]),
            "transcript/0/octets: 'x' is not of type 'object'",
        ),
        (REQUIREMENT.to_json() | {"level": "WILL"}, "level: 'WILL' is not one of"),
        (REQUIREMENT.to_json() | {"since": "three"}, "since: 'three' does not match"),
        ({"kind": "header", "schema": 1}, "is a required property"),
        ({"kind": "shard"}, "the line: .*"),
        ([], "the line: .*"),
    ],
)
def test_schema_refuses(tmp_path: Path, row: Any, message: str) -> None:
    """A line that breaks the published schema is named with its key."""
    path = tmp_path / "a.jsonl"
    write_record(path, [], finish=False)
    path.write_bytes(path.read_bytes() + json.dumps(row).encode() + b"\n")

    with pytest.raises(RecordError, match=rf"line 3: {message}|line 3: .*{message}"):
        validate_record(path)


def test_schema_refuses_a_second_header(tmp_path: Path) -> None:
    """Lines that are each valid but in the wrong place are refused."""
    path = tmp_path / "a.jsonl"
    write_record(path, [case_row()])
    lines = path.read_bytes().splitlines(keepends=True)
    for wrong in ([*lines, lines[0]], lines[1:], [*lines, lines[2]]):
        path.write_bytes(b"".join(wrong))
        with pytest.raises(RecordError, match=r"one header|after the footer"):
            validate_record(path)


def test_hostile_text_survives_the_record(tmp_path: Path) -> None:
    """The record keeps text as it was; making it harmless is the reports' part."""
    record = hostile_record(tmp_path / "a.jsonl")

    assert record.cases[0].actual == HOSTILE
    assert record.incomplete_reason == HOSTILE
