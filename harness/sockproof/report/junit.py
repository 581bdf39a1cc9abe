"""JUnit XML: a suite per implementation, a test case per case.

The format has four outcomes: FAIL and an unclean teardown become ``failure``, ERROR and
INCONCLUSIVE ``error`` (nothing was found out), NOT_APPLICABLE and known or inherited deviations
``skipped``; a stale expectation is a ``failure``.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.etree import ElementTree as ET

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, Known
from sockproof.record.scope import scope_of
from sockproof.report.attention_groups import (
    STALE,
    what_happened,
)
from sockproof.report.class_changes import override_words
from sockproof.report.findings import found_before, hashes_of
from sockproof.report.text import one_line, visible

__all__ = ["junit_parts", "junit_xml"]

# Characters of captured output that are kept per case.
_CUT = 20_000
_OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit_xml(records: Sequence[Record]) -> str:
    """The records as one JUnit file.

    Characters that XML 1.0 cannot carry are written as ``\\x00``. An incomplete record has one
    more test case, ``run complete``, in error.
    """
    return "".join(junit_parts(records))


def junit_parts(records: Sequence[Record], earlier: Sequence[Record] = ()) -> Iterator[str]:
    """The same text in parts, none of which is much longer than what one case has to tell. Findings
    of a check that the ``earlier`` records have are ``skipped``."""
    records = [_excusing(record, earlier) for record in records] if earlier else records
    suites = [_suite(record) for record in records]
    root = ET.Element("testsuites", name="sockproof")
    for attribute in ("tests", *_OUTCOMES):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in suites)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in suites):.3f}")
    yield f"<?xml version='1.0' encoding='utf-8'?>\n{_opened(root)}\n"
    for record, suite in zip(records, suites, strict=True):
        yield f"  {_opened(suite)}\n{_indented(_properties(_facts(record)))}"
        findings = hashes_of(record)
        for case in record.cases:
            yield _indented(_case(record, record.whole(case), findings.get(case.id, "")))
        yield from map(_indented, _of_whole_run(record))
        yield "  </testsuite>\n"
    yield "</testsuites>"


def _excusing(record: Record, earlier: Sequence[Record]) -> Record:
    """The record in which what was found before is known."""
    old, hashes = found_before(record, earlier), hashes_of(record)
    cases = [
        dataclasses.replace(case, known=Known(f"finding {hashes[case.id]} is not new"))
        if case.id in old and not case.known
        else case
        for case in record.cases
    ]
    return dataclasses.replace(record, cases=tuple(cases))


def _opened(element: ET.Element) -> str:
    """The tag that begins an element which has more in it."""
    return ET.tostring(element, "unicode").removesuffix(" />") + ">"


def _indented(element: ET.Element) -> str:
    """An element of a suite, with its line."""
    ET.indent(element, level=2)
    return f"    {ET.tostring(element, 'unicode')}\n"


def _suite(record: Record) -> ET.Element:
    """The element of a record with its counts, and without its cases."""
    started = str(record.header.get("started", "")).removesuffix("Z")
    suite = ET.Element("testsuite", name=visible(record.iut_id), timestamp=visible(started))
    about_run = _of_whole_run(record)
    tags = Counter(_tag(case) for case in record.cases)
    tags.update(element[0].tag for element in about_run)
    suite.set("tests", str(len(record.cases) + len(about_run)))
    for attribute, tag in _OUTCOMES.items():
        suite.set(attribute, str(tags[tag]))
    suite.set("time", f"{record.duration_s or sum(case.duration_s for case in record.cases):.3f}")
    return suite


def _facts(record: Record) -> Mapping[str, object]:
    about = record.implementation
    subject = record.subject
    versions = subject.versions if subject else {}
    return {
        **{f"{name}_version": version for name, version in versions.items()},
        "suite_version": record.header.get("suite_version", ""),
        **({subject.kind: about.given} if subject else {"python": f"{about.name} {about.version}"}),
        "given": about.given,
        "platform": record.platform,
        "seed": record.header.get("seed", ""),
        "complete": "yes" if record.complete else f"no: {record.incomplete_reason}",
        "scope": scope_of(record).partial or "whole suite",
    }


def _of_whole_run(record: Record) -> list[ET.Element]:
    """What is to be told of the whole run, as test cases."""
    found = []
    if not record.complete:
        words = f"INCOMPLETE RUN: {record.incomplete_reason}"
        found.append(_of_run(record, "run complete", "error", "incomplete", words))
    for number, text in enumerate(record.stale, 1):
        found.append(_of_run(record, f"stale expectation {number}", "failure", STALE, text))
    return found


def _properties(facts: Mapping[str, object]) -> ET.Element:
    block = ET.Element("properties")
    for name, value in facts.items():
        ET.SubElement(block, "property", name=name, value=visible(str(value)))
    return block


def _case(record: Record, case: CaseRow, finding: str) -> ET.Element:
    requirement = record.requirement_of(case)
    facts = {
        "requirement": case.requirement,
        "level": requirement.level.value,
        "spec": case.spec,
        **({} if record.subject else {"teardown": case.teardown.verdict.value}),
        **({"finding": finding} if finding else {}),
    }
    element = _testcase(record, requirement.area, case.id, f"{case.duration_s:.4f}")
    element.append(_properties(facts))
    outcome = _told(case)
    if outcome is not None:
        element.append(outcome)
        element.extend(_captured(case))
    return element


def _told(case: CaseRow) -> ET.Element | None:
    is_excused = case.as_known or case.as_inherited or case.as_chosen
    return _excused(case) if is_excused else _outcome(case)


def _tag(case: CaseRow) -> str:
    """The tag of what is told of a case; empty of a clean pass."""
    outcome = _told(case)
    return "" if outcome is None else outcome.tag


def _testcase(record: Record, area: str, name: str, time_s: str) -> ET.Element:
    classname = visible(f"{record.iut_id}.{area}")
    return ET.Element("testcase", name=visible(name), classname=classname, time=time_s)


def _of_run(record: Record, name: str, tag: str, kind: str, text: str) -> ET.Element:
    """What is to be told of the whole run, as a test case."""
    element = _testcase(record, "run", name, "0")
    element.append(_result(tag, kind, text, visible(text)))
    return element


def _excused(case: CaseRow) -> ET.Element:
    """A deviation that is known, inherited or chosen: the format has no other word than skipped."""
    told = f"known {case.verdict}: {case.known.reason}" if case.known else ""
    if case.inherited and not told:
        told = f"inherited {case.verdict}: {case.inherited.of} does the same"
    if case.as_chosen and not told:
        told = f"chosen {case.verdict}: {override_words(case)}"
    return ET.Element("skipped", message=one_line(told, 500))


def _outcome(case: CaseRow) -> ET.Element | None:
    """The one child that says how the case ended; none for a clean pass."""
    if case.stale:
        return _result("failure", STALE, what_happened(case), _why(case))
    if case.verdict is Verdict.FAIL:
        return _result("failure", "FAIL", case.actual or case.reason, _why(case))
    if case.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE):
        return _result("error", case.verdict.value, case.reason or case.actual, _why(case))
    if case.teardown.unclean:
        words = f"{case.teardown.verdict.value}: {what_happened(case)}"
        return _result("failure", "teardown", words, _why(case))
    if case.verdict is Verdict.NOT_APPLICABLE:
        return ET.Element("skipped", message=one_line(case.reason, 500))
    return None


def _result(tag: str, kind: str, message: str, text: str) -> ET.Element:
    element = ET.Element(tag, type=kind, message=one_line(message, 500))
    element.text = text
    return element


def _why(case: CaseRow) -> str:
    facts = {
        "expected": case.expected,
        "actual": case.actual,
        "cause": case.cause,
        "reason": case.reason,
        "teardown": ", ".join(case.teardown.leaks) if case.teardown.unclean else "",
        "stacks": case.stacks,
    }
    return "\n".join(f"{name}: {visible(text[:_CUT])}" for name, text in facts.items() if text)


def _captured(case: CaseRow) -> Iterable[ET.Element]:
    for tag, text in (("system-out", case.stdout), ("system-err", case.stderr)):
        if text:
            element = ET.Element(tag)
            element.text = visible(text[:_CUT])
            yield element
