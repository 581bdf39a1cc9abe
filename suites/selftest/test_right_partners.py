"""Servers that are right and made otherwise than CPython's are accused of nothing.

The partners in ``fixtures/partners/right`` keep what is documented, with inner parts of their own.
What the suite does not pass of one of them is played on the interpreter's own module too, and must
come to the same there, unless it is declared here.
"""

from __future__ import annotations

import functools
import random
import socketserver
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import parse_iut
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.spec.case_id import CaseId, requirement_of
from sockproof.spec.catalogue import load_catalogue
from suites.selftest.runs import REFUSED, SPEC
from suites.selftest.test_mutants import play

RIGHT = sorted(path.stem for path in Path(partner("right/self_pipe")).parent.glob("*.py"))
SHARES = 36
PARTS = 108
"""The turns in which every share of every partner is played: three of them at a time."""
REQUIREMENTS = [one for one in load_catalogue().values() if one.holds_for(sys.version_info[:2])]
# The one promise that a partner does not keep on purpose: ThreadingMixIn's docstring has a new
# thread for each request.
DECLARED: Mapping[str, str] = {"kept_threads": "threading/each-request-gets-a-new-thread"}
WHOLE = "1"


@functools.cache
def probed(path: Path) -> ProbedIut:
    """What a module can do, asked once."""
    return probe(parse_iut(str(path)))


@functools.cache
def shares(name: str) -> tuple[frozenset[str], ...]:
    """All cases dealt out at random, for every partner anew; those that wait for long are all in
    the first, where they wait at the same time."""
    cases = cases_of(patient=False)
    random.Random(name).shuffle(cases)
    dealt = [frozenset(cases[number::SHARES]) for number in range(SHARES)]
    return (dealt[0].union(cases_of(patient=True)), *dealt[1:])


def cases_of(*, patient: bool) -> list[str]:
    return [
        str(CaseId(requirement.id, spec.id if spec else ""))
        for requirement in REQUIREMENTS
        if requirement.is_patient is patient
        for spec in requirement.applies.specs() or [None]
    ]


def shares_of(part: int) -> dict[str, frozenset[str]]:
    """What is played together: some cases of each of three partners."""
    pairs = [(name, number) for name in RIGHT for number in range(SHARES)]
    return {name: shares(name)[number] for name, number in pairs[part::PARTS]}


def accused(folder: Path, chosen: Mapping[str, frozenset[str]]) -> dict[tuple[str, str], str]:
    """What is said of partners and not of the interpreter's own module: by partner and case."""
    suspects = _not_passed(
        folder / "suspects", {Path(partner(name)): chosen[name] for name in chosen}
    )
    if not suspects:
        return {}
    own = folder / "untouched.py"
    own.write_text(Path(socketserver.__file__).read_text("utf-8"), "utf-8")
    places = frozenset(str(CaseId(row.requirement, row.spec)) for row in suspects.values())
    others = _not_passed(folder / "own", {own: places})
    return {
        (name, case): f"{row.verdict} {row.reason} {row.expected} {row.actual} {row.teardown}"
        for (name, case), row in suspects.items()
        if _ending(others.get((own.stem, case))) != _ending(row)
    }


def _not_passed(
    folder: Path, chosen: Mapping[Path, frozenset[str]]
) -> dict[tuple[str, str], CaseRow]:
    records = play(folder, chosen, WHOLE, as_iut=probed)
    assert set(records) == {path.stem for path in chosen}
    rows = [(name, row) for name, record in records.items() for row in record.cases]
    return {(name, row.id): row for name, row in rows if _ending(row) != PASSED}


PASSED = (Verdict.PASS, False)


def _ending(row: CaseRow | None) -> tuple[Verdict, bool]:
    return (row.verdict, row.teardown.unclean) if row else PASSED


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("part", range(PARTS))
def test_right_partners_are_accused_of_nothing(part: int, tmp_path: Path) -> None:
    """Of a share of all cases, the same is said as of the interpreter's own module."""
    chosen = {f"right/{name}": cases for name, cases in shares_of(part).items()}

    found = accused(tmp_path, chosen)

    declared = {(name, case) for name, case in found if DECLARED.get(name) == requirement_of(case)}
    assert {who: told for who, told in found.items() if who not in declared} == {}


@pytest.mark.by_turns(6)
def test_what_breaks_a_promise_is_accused(tmp_path: Path) -> None:
    """Also where that is declared."""
    broken = {"keeps_refused": REFUSED, **{f"right/{name}": DECLARED[name] for name in DECLARED}}
    chosen = {name: frozenset({f"{broken[name]}[{SPEC}]"}) for name in broken}

    found = accused(tmp_path, chosen)

    assert {(name, requirement_of(case)) for name, case in found} == {
        (Path(name).stem, requirement) for name, requirement in broken.items()
    }


def test_parts_together_are_all_cases_of_nine_partners() -> None:
    """Whatever is in the catalogue is played of each partner, once."""
    dealt = [(name, c) for part in range(PARTS) for name, s in shares_of(part).items() for c in s]

    assert len(RIGHT) == 9
    assert len(dealt) == len(set(dealt))
    wanted = {(name, requirement.id) for name in RIGHT for requirement in REQUIREMENTS}
    assert {(name, requirement_of(case)) for name, case in dealt} == wanted
