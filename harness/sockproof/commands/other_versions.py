"""Interpreters on this machine that are known to end a case otherwise: what a script that shows how
it ends can be tried on."""

from __future__ import annotations

from collections.abc import Iterator

from sockproof._paths import reference_dir
from sockproof.errors import HarnessError
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.discovery import discover_interpreters
from sockproof.iut.implementation import parse_iut
from sockproof.iut.judged_module import judged_as
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.report.observed import rows_of_references
from sockproof.spec.area_names import module_of
from sockproof.spec.case_id import CaseId

__all__ = ["others_here"]


def others_here(case: CaseId, row: CaseRow) -> Iterator[ProbedIut]:
    """Those whose record of reference has the case as a PASS, the newest first: with another value,
    if nothing of ``row`` is wrong but something is observed."""
    module = module_of(case.area)
    ids = [
        name
        for name, other in rows_of_references(str(case), reference_dir(module)).items()
        if other.verdict is Verdict.PASS
        and (row.deviates or other.observations != row.observations)
    ]
    here = {f"{one.implementation}-{one.version}": one for one in discover_interpreters() if ids}
    for name in reversed(ids):
        if name in here:
            try:
                yield probe(judged_as(module, parse_iut(str(here[name].path))))
            except HarnessError:  # it is there and does not run: there may be another
                continue
