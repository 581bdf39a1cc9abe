"""Whose a deviation is: what the interpreter's own module does just so is inherited from it.

Asked of a module of somebody's own, and of what is loaded before the interpreter's. The record of
reference of this very version tells, or the cases in question are played on the interpreter's own
module, in the same run.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sockproof._paths import reference_dir
from sockproof.iut.capabilities import ProbedIut, interpreter_id, probe
from sockproof.judge.expectations import Circumstances, Expectation, known_expectations
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import AttributionRow, CaseRow, Inherited
from sockproof.record.writer import record_name
from sockproof.run.collected import CollectedCases
from sockproof.run.overriding import overrides_of
from sockproof.run.plan import RunPlan, planned
from sockproof.run.pytest_session import play_here
from sockproof.run.suite_files import files_with
from sockproof.spec.case_id import CaseId
from sockproof.spec.levels import format_python_level

__all__ = ["attributions", "inherited_cases", "may_inherit"]

_NUMBER = re.compile(r"\d+")
# What the harness could not do is nobody's.
_OF_AN_IMPLEMENTATION = (Verdict.FAIL, Verdict.PASS)


def may_inherit(iut: ProbedIut) -> bool:
    """Whether there is something else below it: the interpreter's own module."""
    return bool(iut.implementation.module or iut.implementation.preload)


def attributions(
    plan: RunPlan, iut: ProbedIut, rows: Sequence[CaseRow]
) -> Iterator[AttributionRow]:
    """What is found out of deviations: which are inherited, and of what in a user's class others
    come.

    Raises:
        IutUnavailable: the interpreter does not start. HarnessError: a case cannot be played.
    """
    inherited = dict(inherited_cases(plan, iut, rows))
    for case_id, one in inherited.items():
        yield AttributionRow(case_id, inherited=one)
    own = [row for row in rows if row.id not in inherited]
    for case_id, override in overrides_of(plan, iut, own):
        yield AttributionRow(case_id, override=override)


def inherited_cases(
    plan: RunPlan, iut: ProbedIut, rows: Iterable[CaseRow]
) -> Iterator[tuple[str, Inherited]]:
    """The ids of those that the interpreter's own module ends alike, and what is known of that.

    Raises:
        IutUnavailable: the interpreter does not start. HarnessError: a case cannot be played.
    """
    deviating = [
        row for row in rows if row.needs_attention and row.verdict in _OF_AN_IMPLEMENTATION
    ]
    own_id, reference = interpreter_id(dict(iut.hello)), _reference(iut)
    told = {row.id: reference.case(row.id) for row in deviating} if reference else {}
    unknown = [row for row in deviating if told.get(row.id) is None]
    played = _played(plan, iut, unknown) if unknown else {}
    known = _known(iut)
    for row in deviating:
        other = told.get(row.id) or played.get(row.id)
        if other is not None and other.deviates and _is_alike(row, other, iut, known):
            one = next(_borne_out_by(other, known), None)
            how = "played in this run" if row.id in played else "its record of reference"
            yield row.id, Inherited(own_id, how, one.reason if one else "", one.link if one else "")


def _reference(iut: ProbedIut) -> Record | None:
    """The record of reference of this very version, if there is one."""
    folder = reference_dir(iut.implementation.judged)
    path = folder / record_name(interpreter_id(dict(iut.hello)))
    record = read_record(path) if path.is_file() else None
    is_of_level = record and record.implementation.level == format_python_level(iut.level)
    return record if is_of_level else None


def _played(plan: RunPlan, iut: ProbedIut, rows: Sequence[CaseRow]) -> Mapping[str, CaseRow]:
    """The same cases on the interpreter's own module, which claims the same level."""
    plain = dataclasses.replace(
        iut.implementation,
        module="",
        module_path="",
        preload="",
        name="",
        classes={},
        provides=(),
        server="",
        level=iut.level,
    )
    own = probe(plain)
    found: dict[str, CaseRow] = {}

    def perform(collected: CollectedCases) -> None:
        known = {str(case): case for case in collected.cases}
        cases = [known[row.id] for row in rows if row.id in known]
        found.update((row.id, row) for row in collected.play_all(cases, own, plan.generating))

    options = dataclasses.replace(plan.options, keyword="", keep="none", shard=(1, 1))
    small = RunPlan((own,), options, generating=plan.generating)
    with planned(small) as path:
        play_here(path, files_with([CaseId.read(row.id).requirement for row in rows]), perform)
    return found


def _known(iut: ProbedIut) -> tuple[Expectation, ...]:
    """What is known of the interpreter's own module."""
    hello = iut.hello
    there = Circumstances.of(
        str(hello["implementation"]),
        iut.level,
        tuple(hello["version"]),
        iut.capabilities.features,
    )
    return tuple(one for one in known_expectations() if one.holds_in(there))


def _borne_out_by(row: CaseRow, known: Iterable[Expectation]) -> Iterator[Expectation]:
    """What is known of a case, as it ended."""
    for one in known:
        if one.matches(row.id) and not one.problem(row.verdict, row.words, row.teardown.verdict):
            yield one


def _is_alike(row: CaseRow, other: CaseRow, iut: ProbedIut, known: Sequence[Expectation]) -> bool:
    """Whether both end alike: in the same words, but for numbers and the module's name, or as one
    thing that is known."""
    if (row.verdict, row.teardown.verdict) != (other.verdict, other.teardown.verdict):
        return False
    both = [one for one in _borne_out_by(other, known) if one in list(_borne_out_by(row, known))]
    return bool(both) or _words(row, iut) == _words(other, iut)


def _words(row: CaseRow, iut: ProbedIut) -> str:
    name = iut.implementation.module
    text = row.words.replace(f"'{name}'", f"'{iut.implementation.judged}'") if name else row.words
    return _NUMBER.sub("#", text)
