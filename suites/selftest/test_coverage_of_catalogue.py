"""The catalogue and the suites fit together: no promise without a case, no case twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from sockproof.judge.expectations import known_expectations
from sockproof.mutation.named import load_mutants
from sockproof.mutation.rewriting import load_rewrites
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.levels import Level

# The oldest Python whose socketserver mutants are made of.
OLDEST = (3, 6)


@pytest.fixture(scope="module")
def case_ids() -> list[str]:
    """What ``sockproof list --cases`` prints."""
    run = subprocess.run(
        [sys.executable, "-m", "sockproof", "list", "--cases"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return run.stdout.splitlines()


@pytest.mark.by_turns(5)
def test_every_requirement_has_its_cases(case_ids: list[str]) -> None:
    """Each is played on every server spec that it applies to."""
    played = {CaseId.read(case_id).place for case_id in case_ids}
    places = [
        CaseId(requirement.id, spec.id if spec else "").place
        for requirement in load_catalogue().values()
        for spec in requirement.applies.specs() or (None,)
    ]

    assert [place for place in places if place not in played] == []


def test_no_case_is_played_twice(case_ids: list[str]) -> None:
    """A case id names one row of the record."""
    assert [case_id for case_id, count in Counter(case_ids).items() if count > 1] == []


def test_every_level_and_area_is_there() -> None:
    """The catalogue promises something in every area, and not only MUSTs."""
    catalogue = load_catalogue()

    assert {r.area for r in catalogue.values()} == set(catalogue.areas)
    assert {Level.MUST, Level.SHOULD, Level.OBSERVED} <= {r.level for r in catalogue.values()}


@pytest.mark.by_turns(3)
def test_every_promise_names_a_mutant() -> None:
    """Each MUST and SHOULD is named by a server broken in just that respect, a mutant or one that
    is written anew.

    But for those that the untouched module does not keep itself, and those that no Python keeps
    any more whose module mutants are made of.
    """
    named = {requirement_id for mutant in load_mutants() for requirement_id in mutant.killed_by}
    named |= {requirement_id for one in load_rewrites() for requirement_id in one.detected_by}
    known = [one.requirement_pattern for one in known_expectations() if not one.runtime]
    unnamed = [
        requirement.id
        for requirement in load_catalogue().values()
        if requirement.level in (Level.MUST, Level.SHOULD)
        and (requirement.until or OLDEST) >= OLDEST
        and requirement.id not in named
    ]

    assert [id_ for id_ in unnamed if not any(one.fullmatch(id_) for one in known)] == []


def test_mutants_break_known_requirements() -> None:
    """A mutant names requirements that exist; at least twenty mutants do so."""
    mutants = load_mutants()
    known = set(load_catalogue())

    assert len(mutants) >= 20
    assert [m.id for m in mutants if not set(m.killed_by) <= known] == []
