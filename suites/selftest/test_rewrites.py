"""Servers broken as people break them are detected, and right ones are accused of nothing.

Each broken re-implementation is played with the requirements that are said to detect it: of one
that names none it is known that nothing detects it yet. The right ones are played on all of these.
"""

from __future__ import annotations

import socketserver
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from sockproof.judge.verdict import Verdict
from sockproof.mutation.rewriting import Rewrite, load_rewrites, rewritten
from sockproof.record.reader import Record
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.matrix import spec_by_id
from suites.selftest.test_mutants import SHORT, detects, play

SOURCE = Path(socketserver.__file__)
FITTING = [one for one in load_rewrites() if one.since <= sys.version_info[:2]]
DETECTED = sorted((one for one in FITTING if one.detected_by), key=lambda one: one.id)
PATIENT = {one.id for one in load_catalogue().values() if one.is_patient}
IMPATIENT = [one for one in DETECTED if PATIENT.issuperset(one.detected_by)]
"""What tells of them waits for long: all of these wait at the same time."""
SOON_DETECTED = [one for one in DETECTED if one not in IMPATIENT]
NOTICED = [one for one in FITTING if one.noticed_by]
RIGHT = [one for one in FITTING if one.is_right]
DETECTORS = sorted({requirement for one in SOON_DETECTED for requirement in one.detected_by})
DETECTED_AT_LEAST = 120
PARTS = 48
"""The turns in which all are played: they take long."""
PATIENT_PARTS = 6
"""Of right ones, so that no more wait at the same time than a run lets wait."""
WHOLE = "1"


def written(rewrite: Rewrite, folder: Path) -> Path:
    path = folder / f"{rewrite.id.replace('-', '_')}.py"
    path.write_text(rewritten(rewrite, SOURCE.read_text("utf-8")), "utf-8")
    return path


def cases_of(requirements: Iterable[str], spec: str) -> frozenset[str]:
    """What of them is played at a spec, or without one."""
    catalogue = load_catalogue()
    specs = {name: catalogue[name].applies.specs() for name in requirements}
    place = spec_by_id(spec)
    return frozenset(
        str(CaseId(name, spec if of_it else ""))
        for name, of_it in specs.items()
        if place in of_it or not of_it
    )


def endings(record: Record) -> dict[str, tuple[Verdict, bool]]:
    """What was said of each case that did not pass."""
    silent = (Verdict.PASS, Verdict.NOT_APPLICABLE)
    return {
        case.id: (case.verdict, case.teardown.unclean)
        for case in record.cases
        if case.verdict not in silent or case.teardown.unclean
    }


def observed(record: Record) -> dict[str, str]:
    """What was observed in each case, as text."""
    return {case.id: repr(sorted(case.observations.items())) for case in record.cases}


def test_all_that_break_a_promise_are_detected() -> None:
    """The others are few, and something notices each."""
    broken = [one for one in load_rewrites() if not one.is_right]

    detected = [one for one in broken if one.detected_by]

    assert len(detected) >= DETECTED_AT_LEAST
    assert [one.id for one in broken if not one.detected_by and not one.noticed_by] == []


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("part", range(PARTS))
def test_broken_reimplementations_are_detected(part: int, tmp_path: Path) -> None:
    """One of the requirements that each is said to break tells so."""
    assert_detected(SOON_DETECTED[part::PARTS], tmp_path)


@pytest.mark.by_turns(12)
def test_those_that_break_no_promise_are_noticed(tmp_path: Path) -> None:
    """By another value than that of the interpreter's own module, and no case accuses them."""
    own = tmp_path / "untouched.py"
    own.write_text(SOURCE.read_text("utf-8"), "utf-8")
    chosen = {written(one, tmp_path): cases_of(one.noticed_by, one.spec) for one in NOTICED}

    records = play(tmp_path, {**chosen, own: frozenset().union(*chosen.values())}, WHOLE)

    untouched = observed(records.pop(own.stem))
    assert set(records) == {path.stem for path in chosen}
    assert {name: endings(record) for name, record in records.items()} == {
        name: {} for name in records
    }
    assert [
        name for name, record in records.items() if observed(record).items() <= untouched.items()
    ] == []


@pytest.mark.by_turns(24)
def test_those_who_give_up_are_detected(tmp_path: Path) -> None:
    """After ten seconds or after thirty."""
    assert_detected(IMPATIENT, tmp_path)


def assert_detected(rewrites: Iterable[Rewrite], folder: Path) -> None:
    """Play each with what is said to detect it, which is to fail or to leave something behind."""
    chosen = {written(one, folder): cases_of(one.detected_by, one.spec) for one in rewrites}

    records = play(folder, chosen, SHORT)

    assert {
        name: [f"{case.id} {case.verdict} {case.reason}" for case in record.cases]
        for name, record in records.items()
        if not any(map(detects, record.cases))
    } == {}
    assert set(records) == {path.stem for path in chosen}


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("rewrite", RIGHT, ids=lambda one: one.id)
def test_right_reimplementations_are_accused_of_nothing(rewrite: Rewrite, tmp_path: Path) -> None:
    """All that detects broken ones soon says the same of it as of the interpreter's own module."""
    own = tmp_path / "untouched.py"
    own.write_text(SOURCE.read_text("utf-8"), "utf-8")
    cases = cases_of(DETECTORS, rewrite.spec)

    records = play(tmp_path, {written(rewrite, tmp_path): cases, own: cases}, WHOLE)

    (right,) = (record for name, record in records.items() if name != own.stem)
    assert len(right.cases) >= len(cases)
    assert endings(right) == endings(records[own.stem])


@pytest.mark.by_turns(48)
@pytest.mark.parametrize("part", range(PATIENT_PARTS))
def test_right_reimplementations_are_patient(part: int, tmp_path: Path) -> None:
    """Whatever waits in them waits on."""
    rewrites = RIGHT[part::PATIENT_PARTS]
    chosen = {written(one, tmp_path): cases_of(PATIENT, one.spec) for one in rewrites}

    records = play(tmp_path, chosen, WHOLE)

    assert {name: endings(record) for name, record in records.items()} == {
        path.stem: {} for path in chosen
    }
