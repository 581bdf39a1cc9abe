"""The JUnit file, as two independent readers see it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import Teardown
from sockproof.report.junit import junit_xml
from suites.selftest.record_data import (
    case_row,
    hostile_record,
    write_demo,
    write_record,
)

LEAK = Teardown(TeardownVerdict.LEAKED, ("fd 7 -> socket:[123]", "child 4711"))


def junit(records: list[Record]) -> ET.Element:
    """The file, parsed again."""
    return ET.fromstring(junit_xml(records))


def outcome(root: ET.Element, spec: str) -> tuple[str, str, str]:
    """Tag, type and message of how the case with this spec ended."""
    (case,) = (case for case in root.iter("testcase") if f"[{spec}]" in case.get("name", ""))
    (child,) = (child for child in case if child.tag in ("failure", "error", "skipped"))
    return child.tag, child.get("type", ""), child.get("message", "")


def test_a_suite_per_implementation(tmp_path: Path) -> None:
    """Suites carry the implementation, its counts and what it ran on."""
    root = junit(write_demo(tmp_path))
    suites = root.findall("testsuite")

    assert [suite.get("name") for suite in suites] == [
        "cpython-3.8.18",
        "cpython-3.13.0",
        "my_socketserver",
    ]
    assert [suite.get("tests") for suite in suites] == ["1624"] * 3
    assert [suite.get("failures") for suite in suites] == ["1", "1", "25"]
    assert [suite.get("errors") for suite in suites] == ["1", "0", "1"]
    assert [suite.get("skipped") for suite in suites] == ["40", "0", "0"]
    assert root.get("tests") == "4872"
    facts = {p.get("name"): p.get("value") for p in suites[0].iterfind("properties/property")}
    assert facts["python"] == "CPython 3.8.18"
    assert facts["complete"] == "yes"


def test_a_case_names_its_requirement_and_level(tmp_path: Path) -> None:
    """A test case has the case's id, implementation and area, and properties."""
    root = junit([write_record(tmp_path / "a.jsonl", [case_row("TCP/inet")])])
    (case,) = root.iter("testcase")

    assert case.get("name") == "dispatch/order-of-calls[TCP/inet]"
    assert case.get("classname") == "cpython-3.13.0.dispatch"
    facts = {p.get("name"): p.get("value") for p in case.iterfind("properties/property")}
    assert facts == {
        "requirement": "dispatch/order-of-calls",
        "level": "MUST",
        "spec": "TCP/inet",
        "teardown": "clean",
    }
    assert len(case) == 1


def test_every_verdict_has_its_outcome(tmp_path: Path) -> None:
    """FAIL and unclean teardown fail; ERROR and INCONCLUSIVE are errors; n/a is skipped."""
    cases = [
        case_row("failed", Verdict.FAIL, expected="quiet", actual="loud"),
        case_row("ours", Verdict.ERROR, reason="agent died"),
        case_row("unknown", Verdict.INCONCLUSIVE, reason="no route"),
        case_row("absent", Verdict.NOT_APPLICABLE, reason="no fork"),
        case_row("left", teardown=LEAK),
    ]
    root = junit([write_record(tmp_path / "a.jsonl", cases)])

    assert outcome(root, "failed") == ("failure", "FAIL", "loud")
    assert outcome(root, "ours") == ("error", "ERROR", "agent died")
    assert outcome(root, "unknown") == ("error", "INCONCLUSIVE", "no route")
    assert outcome(root, "absent") == ("skipped", "", "no fork")
    left = ("failure", "teardown", "leaked: fd 7 -> socket:[123], child 4711")
    assert outcome(root, "left") == left
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.text == "expected: quiet\nactual: loud"


def test_captured_output_goes_with_a_failure_only(tmp_path: Path) -> None:
    """stdout and stderr of a failed case are kept, those of a pass are not."""
    cases = [
        case_row(spec, verdict, stdout="out", stderr="err")
        for spec, verdict in (("a", Verdict.FAIL), ("b", Verdict.PASS))
    ]
    root = junit([write_record(tmp_path / "a.jsonl", cases)])

    assert [element.text for element in root.iter("system-out")] == ["out"]
    assert [element.text for element in root.iter("system-err")] == ["err"]


def test_an_incomplete_record_is_an_errored_case(tmp_path: Path) -> None:
    """A reader that knows only test cases still goes red on a run that was cut short."""
    root = junit([write_record(tmp_path / "a.jsonl", [case_row()], finish=False)])
    (suite,) = root
    last = suite.findall("testcase")[-1]
    error = last.find("error")

    assert last.get("name") == "run complete"
    assert error is not None
    assert error.get("message", "").startswith("INCOMPLETE RUN: the run ended before")
    assert (suite.get("tests"), suite.get("errors")) == ("2", "1")


def test_hostile_text_is_shown_not_written(tmp_path: Path) -> None:
    """What XML 1.0 cannot carry is an escape, and nothing becomes an element."""
    root = junit([hostile_record(tmp_path / "a.jsonl")])

    known = {"testsuites", "testsuite", "testcase", "properties", "property"}
    known |= {"failure", "error", "system-out", "system-err"}
    assert {element.tag for element in root.iter()} == known
    failure = root.find(".//failure")
    assert failure is not None
    assert r"</script>" in (failure.text or "")
    assert r"\x00\x1b[31m\ud800" in (failure.text or "")
    assert len(ET.tostring(root)) < 500_000


def test_a_second_reader_agrees(tmp_path: Path) -> None:
    """junitparser, where it is installed, counts what we count."""
    junitparser = pytest.importorskip("junitparser")
    records = [*write_demo(tmp_path), hostile_record(tmp_path / "hostile.jsonl")]
    read = junitparser.JUnitXml.fromstring(junit_xml(records).encode())

    written = {"tests": read.tests, "failures": read.failures, "errors": read.errors}
    skipped = read.skipped
    read.update_statistics()
    counted = {"tests": read.tests, "failures": read.failures, "errors": read.errors}
    assert written == counted
    assert skipped == read.skipped
    assert [suite.name for suite in read][:2] == ["cpython-3.8.18", "cpython-3.13.0"]
    results = [result for suite in read for case in suite for result in case.result]
    assert {type(result).__name__ for result in results} == {"Failure", "Error", "Skipped"}
