"""Which expectations records no longer bear out, and why; of what a record cannot speak about it
settles nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sockproof.judge.expectations import Circumstances, Expectation
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.record.scope import Scope, scope_of
from sockproof.spec.case_id import requirement_of
from sockproof.spec.catalogue import Catalogue
from sockproof.spec.levels import parse_python_level

__all__ = ["Witness", "why_stale"]


@dataclass(frozen=True)
class Witness:
    """A record with its cases by requirement, and what its conditions are."""

    record: Record
    scope: Scope
    there: Circumstances
    by_requirement: Mapping[str, Sequence[CaseRow]]

    @classmethod
    def of(cls, record: Record) -> Witness:
        """What a record can say of expectations."""
        found: dict[str, list[CaseRow]] = {}
        for case in record.cases:
            found.setdefault(requirement_of(case.id), []).append(case)
        return cls(record, scope_of(record), _circumstances(record), found)

    def about(self, one: Expectation) -> list[CaseRow]:
        """The cases that an expectation matches."""
        requirement = requirement_of(one.case)
        cases: Iterable[CaseRow] = self.record.cases
        if "*" not in one.case:
            case = self.record.case(one.case)
            cases = [case] if case else []
        elif "*" not in requirement:
            cases = self.by_requirement.get(requirement, ())
        return [case for case in cases if one.matches(case.id)]


def why_stale(one: Expectation, witnesses: Iterable[Witness], catalogue: Catalogue) -> str:
    """What is no longer so, by the first record that tells; empty if it holds, or nothing is known.

    Records that do not meet its conditions tell nothing, and neither do those that were not to
    play all that it is about. One that is intermittent is never stale for what passes.
    """
    if one.intermittent:
        return ""
    told: list[str] = []
    for witness in witnesses:
        if one.holds_in(witness.there):
            about = witness.about(one)
            if any(_bears_out(one, case) for case in about):
                return ""
            if _speaks_of(witness.scope, one, about, catalogue):
                told.append(f"{witness.record.iut_id}: {_problem(one, about)}")
    return told[0] if told else ""


def _speaks_of(
    scope: Scope, one: Expectation, about: Sequence[CaseRow], catalogue: Catalogue
) -> bool:
    """Whether all cases that the expectation may be about were played."""
    if scope.whole or one.case in [case.id for case in about]:
        return True
    places = list(_places(one, catalogue))
    return bool(places) and all(scope.covers(*place) for place in places)


def _places(one: Expectation, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Requirements and specs that it may be about, whatever the variant."""
    for requirement in catalogue.values():
        if one.requirement_pattern.fullmatch(requirement.id):
            for spec in requirement.applies.specs() or (None,):
                yield requirement.id, spec.id if spec else ""


def _bears_out(one: Expectation, case: CaseRow) -> bool:
    return case.deviates and not one.problem(case.verdict, case.words, case.teardown.verdict)


def _problem(one: Expectation, about: Sequence[CaseRow]) -> str:
    """How the first of the cases ended instead."""
    told = (one.problem(case.verdict, case.words, case.teardown.verdict) for case in about)
    played = [case for case in about if case.verdict is not Verdict.NOT_APPLICABLE]
    if not about:
        return "it matches no case"
    if not played:
        return "what it matches is not applicable"
    return next(filter(None, told), "nothing deviates")


def _circumstances(record: Record) -> Circumstances:
    told = record.header.get("capabilities")
    features = {name: has is True for name, has in told.items()} if isinstance(told, dict) else {}
    about = record.implementation
    level = parse_python_level(about.level) if about.level else ()
    version = parse_python_level(about.version) if about.version else ()
    return Circumstances.of(about.name, level, version, features, about.runtime)
