"""The checks bite: each broken socketserver is detected by a requirement that it is said to break.

All of them, and the untouched module beside them, are implementations of one run, each played only
with the requirements that must detect it. Detected means a FAIL (a hang and a crash are FAILs) or
an unclean teardown.
"""

from __future__ import annotations

import dataclasses
import os
import socketserver
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.mutants.build import Mutant, load_mutants, write_mutant
from sockproof._paths import kit_dir
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.judge.verdict import Verdict
from sockproof.plan import RunPlan, planned
from sockproof.report.record import CaseRow, Record, read_record
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.matrix import ALL_SPECS, spec_by_id

pytestmark = pytest.mark.xdist_group("mutants")  # one run of them all serves every test here

SOURCE = Path(socketserver.__file__)
MUTANTS = [mutant for mutant in load_mutants() if mutant.since <= sys.version_info[:2]]
UNTOUCHED = "untouched"
DEADLINE_S = 600


def cases_of(mutant: Mutant) -> frozenset[str]:
    """What to play on a mutant: its requirements at its spec, or without one where none applies."""
    catalogue = load_catalogue()
    takes_spec = {name: bool(catalogue[name].applies.specs()) for name in mutant.killed_by}
    return frozenset(
        f"{name}[{mutant.spec}]" if takes_spec[name] else name for name in mutant.killed_by
    )


def module_like(own: ProbedIut, path: Path) -> ProbedIut:
    """The implementation at ``path``, taken to be able to do what the interpreter's own can."""
    implementation = Implementation(
        str(path), own.implementation.argv, module=path.stem, module_path=str(path)
    )
    return dataclasses.replace(own, id=path.stem, implementation=implementation)


def make_plan_of_mutants(folder: Path) -> RunPlan:
    own = probe(parse_iut(sys.executable))
    untouched = folder / f"{UNTOUCHED}.py"
    untouched.write_text(SOURCE.read_text("utf-8"), "utf-8")
    only = {mutant.module_name: cases_of(mutant) for mutant in MUTANTS}
    only[UNTOUCHED] = frozenset().union(*only.values())
    paths = [untouched, *(write_mutant(mutant, SOURCE, folder) for mutant in MUTANTS)]
    iuts = tuple(module_like(own, path) for path in paths)
    return RunPlan(iuts, ALL_SPECS, "fail", only=only)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    """The record of each mutant, and of the untouched module, by id."""
    folder = tmp_path_factory.mktemp("mutants")
    with planned(make_plan_of_mutants(folder)) as plan_path:
        kit = kit_dir()
        command = [sys.executable, "-m", "pytest", f"--config-file={kit / 'pyproject.toml'}"]
        command += [f"--rootdir={kit}", "-pno:cacheprovider", "-q", "-n2", "--max-worker-restart=9"]
        command += [f"--sockproof-plan={plan_path}", f"--report-dir={folder / 'records'}"]
        command += [f"--ignore={kit / 'suites' / 'selftest'}", str(kit / "suites")]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        run = subprocess.run(
            command, cwd=kit, env=environment, capture_output=True, text=True, timeout=DEADLINE_S
        )
    assert run.returncode == 1, run.stdout[-3000:] + run.stderr[-3000:]
    found = [read_record(path) for path in sorted((folder / "records").glob("*.jsonl"))]
    return {record.iut_id: record for record in found}


def test_the_untouched_module_shows_nothing(records: dict[str, Record]) -> None:
    """What detects a mutant finds nothing to say of the module that the mutants were made from."""
    record = records[UNTOUCHED]

    assert record.complete
    assert len(record.cases) >= len(MUTANTS) // 2
    assert [case.id for case in record.cases if case.verdict is not Verdict.PASS] == []
    assert [case.id for case in record.cases if case.teardown.unclean] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_a_mutant_is_detected(mutant: Mutant, records: dict[str, Record]) -> None:
    """At least one of the requirements that the mutant is said to break tells so."""
    assert mutant.module_name in records, "no case was played on it"
    cases = records[mutant.module_name].cases

    told = {case.id: (case.verdict, case.teardown.verdict) for case in cases}
    assert any(map(detects, cases)), f"it survived {told}"


def detects(case: CaseRow) -> bool:
    return case.verdict is Verdict.FAIL or case.teardown.unclean


def test_mutants_cover_every_kind_of_server() -> None:
    """Streams and datagrams, plain, threading and forking, inet, inet6 and Unix are all broken."""
    specs = [spec_by_id(mutant.spec) for mutant in MUTANTS]

    assert {spec.mixin for spec in specs} == {"none", "Threading", "Forking"}
    assert {"TCP", "UDP", "UnixStream", "UnixDatagram"} >= {spec.kind for spec in specs}
    assert len({spec.family for spec in specs}) >= 3
