"""The checks bite: each broken socketserver is detected by a requirement that it is said to break.

Some mutants of an area are the implementations of one run, each played only with the requirements
that must detect it. Detected means a FAIL (a hang and a crash are FAILs) or an unclean teardown.
The same cases find nothing in the untouched module.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import socketserver
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from sockproof._paths import kit_dir
from sockproof.generate.options import Generating
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.judge.verdict import Verdict
from sockproof.mutation.named import Mutant, load_mutants
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow
from sockproof.run.plan import RunPlan, planned
from sockproof.run.run_options import RunOptions
from sockproof.run.suite_files import files_with
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.matrix import spec_by_id
from sockproof.timing import SCALE_VARIABLE
from suites.selftest.mutant_files import module_name, write_mutant

SOURCE = Path(socketserver.__file__)
MUTANTS = [mutant for mutant in load_mutants() if mutant.since <= sys.version_info[:2]]
AREAS = sorted({mutant.category for mutant in MUTANTS} - {"generated"})
"""Generated plans find what they find in test_generated, which lets them play many more."""
MOST = 12
"""Mutants of one run: most of its time is spent waiting for hangs."""
SHORT = "0.4"
"""The time scale for mutants: a hang is what many of them are killed by."""
DEADLINE_S = 600
PARTS = 40
"""The turns in which all runs are played: they take long."""


def cases_of(mutants: Iterable[Mutant]) -> frozenset[str]:
    """What to play: each mutant's requirements at its spec, or without one where none applies."""
    catalogue = load_catalogue()
    return frozenset(
        f"{name}[{mutant.spec}]" if catalogue[name].applies.specs() else name
        for mutant in mutants
        for name in mutant.killed_by
    )


@functools.cache
def own_interpreter() -> ProbedIut:
    return probe(parse_iut(sys.executable))


def module_like_own(path: Path) -> ProbedIut:
    """The implementation at ``path``, taken to be able to do what the interpreter's own can."""
    own = own_interpreter()
    implementation = Implementation(
        str(path), own.implementation.argv, module=path.stem, module_path=str(path)
    )
    return dataclasses.replace(own, id=path.stem, implementation=implementation)


def play(
    folder: Path,
    chosen: Mapping[Path, frozenset[str]],
    scale: str,
    generating: Generating | None = None,
    as_iut: Callable[[Path], ProbedIut] = module_like_own,
    areas: tuple[str, ...] = (),
) -> dict[str, Record]:
    """Play the chosen cases on each module; the records by module name."""
    iuts = tuple(map(as_iut, chosen))
    only = {path.stem: cases for path, cases in chosen.items()}
    cases = frozenset().union(*chosen.values())
    kit = kit_dir()
    options = RunOptions(areas=areas)
    plan = RunPlan(iuts, options, only=only, generating=generating or Generating())
    with planned(plan) as plan_path:
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-n0", "-pno:cacheprovider"),
                *(f"--config-file={kit / 'pyproject.toml'}", f"--rootdir={kit}"),
                *(f"--sockproof-plan={plan_path}", f"--report-dir={folder / 'records'}"),
                *map(str, files_with({CaseId.read(case).requirement for case in cases})),
            ],
            cwd=kit,
            env={**os.environ, SCALE_VARIABLE: scale, "PYTEST_ADDOPTS": ""},
            stdout=subprocess.DEVNULL,
            timeout=DEADLINE_S,
        )
    records = [read_record(path) for path in (folder / "records").glob("*.jsonl")]
    assert [record.incomplete_reason for record in records if not record.complete] == []
    return {record.iut_id: record for record in records}


def detects(case: CaseRow) -> bool:
    return case.verdict is Verdict.FAIL or case.teardown.unclean


def runs() -> dict[str, list[Mutant]]:
    """The mutants of each area, dealt out to runs of about the same size; by ``area-number``."""
    found: dict[str, list[Mutant]] = {}
    for area in AREAS:
        mutants = [mutant for mutant in MUTANTS if mutant.category == area]
        count = -(-len(mutants) // MOST)
        found |= {f"{area}-{n + 1}": mutants[n::count] for n in range(count)}
    return found


RUNS = runs()


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("run", RUNS)
def test_every_mutant_of_a_run_is_detected(run: str, tmp_path: Path) -> None:
    """At least one of the requirements that a mutant is said to break tells so."""
    mutants = RUNS[run]
    chosen = {write_mutant(mutant, SOURCE, tmp_path): cases_of([mutant]) for mutant in mutants}

    records = play(tmp_path, chosen, SHORT)

    assert set(records) == {module_name(mutant) for mutant in mutants}
    assert {
        mutant.id: [f"{case.id} {case.verdict} {case.reason}" for case in record.cases]
        for mutant in mutants
        for record in [records[module_name(mutant)]]
        if not any(map(detects, record.cases))
    } == {}


@pytest.mark.by_turns(16)
@pytest.mark.parametrize("area", AREAS)
def test_the_untouched_module_shows_nothing(area: str, tmp_path: Path) -> None:
    """What detects a mutant finds nothing to say of the module that the mutants were made from."""
    untouched = tmp_path / "untouched.py"
    untouched.write_text(SOURCE.read_text("utf-8"), "utf-8")
    wanted = cases_of(mutant for mutant in MUTANTS if mutant.category == area)

    record = play(tmp_path, {untouched: wanted}, "1")["untouched"]

    assert len(record.cases) >= len(wanted)
    silent = (Verdict.PASS, Verdict.NOT_APPLICABLE)  # some promises are of later Pythons
    assert [case.id for case in record.cases if case.verdict not in silent] == []
    assert [case.id for case in record.cases if case.teardown.unclean] == []


def test_mutants_cover_every_kind_of_server() -> None:
    """Plain, threading and forking servers, on inet, inet6 and Unix sockets, are all broken."""
    specs = [spec_by_id(mutant.spec) for mutant in MUTANTS]

    assert {spec.mixin for spec in specs} == {"none", "Threading", "Forking"}
    assert {spec.kind for spec in specs} == {"TCP", "UDP", "UnixStream", "UnixDatagram"}
    assert len({spec.family for spec in specs}) >= 3
