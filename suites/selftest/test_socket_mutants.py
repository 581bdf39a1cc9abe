"""The checks of the socket module bite: each broken one is detected by all that are to detect it.

Mutants are the interpreter's own socket.py with something broken. All of a family of calls are the
implementations of one run, each played only with the requirements that must detect it. The same
cases find nothing in the untouched module, nor in one that is right and made otherwise.
"""

from __future__ import annotations

import dataclasses
import functools
import socket
import sys
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.iut.judged_module import judged_as
from sockproof.judge.verdict import Verdict
from sockproof.mutation.named import Mutant, MutationError
from sockproof.mutation.socket_mutants import load_socket_mutants
from sockproof.record.reader import Record
from sockproof.spec.area_names import SOCKETS
from sockproof.spec.catalogue import load_socket
from sockproof.spec.levels import Level
from suites.selftest.mutant_files import module_name, write_mutant
from suites.selftest.test_mutants import SHORT, detects, play

SOURCE = Path(socket.__file__)
MUTANTS = [one for one in load_socket_mutants() if one.since <= sys.version_info[:2]]
MOST = 6
"""Mutants of one run: some hang."""
ALL = frozenset(load_socket())
RIGHT = "right_sockets/other_insides"


@functools.cache
def own_socket() -> ProbedIut:
    return probe(judged_as(SOCKETS, parse_iut(sys.executable)))


def as_socket(path: Path) -> ProbedIut:
    """The module at ``path``, taken to have all that the interpreter's own has."""
    own = own_socket()
    implementation = Implementation(
        str(path), own.implementation.argv, path.stem, str(path), judged=SOCKETS
    )
    return dataclasses.replace(own, id=path.stem, implementation=implementation)


def missed(mutant: Mutant, record: Record) -> list[str]:
    """The requirements that are to detect it, and do not."""
    found = {case.requirement for case in record.cases if detects(case)}
    return [name for name in mutant.killed_by if name not in found]


def runs() -> dict[str, list[Mutant]]:
    """The mutants of each family of calls, dealt out to runs; by ``family-number``."""
    found: dict[str, list[Mutant]] = {}
    for family in sorted({mutant.category for mutant in MUTANTS}):
        mutants = [mutant for mutant in MUTANTS if mutant.category == family]
        count = -(-len(mutants) // MOST)
        found |= {f"{family}-{n + 1}": mutants[n::count] for n in range(count)}
    return found


RUNS = runs()


@pytest.mark.by_turns(len(RUNS))
@pytest.mark.parametrize("run", RUNS)
def test_every_requirement_detects_its_mutants(run: str, tmp_path: Path) -> None:
    """Each that a mutant names."""
    mutants = RUNS[run]
    chosen = {
        write_mutant(mutant, SOURCE, tmp_path): frozenset(mutant.killed_by) for mutant in mutants
    }

    records = play(tmp_path, chosen, SHORT, as_iut=as_socket, areas=(SOCKETS,))

    told = {mutant.id: missed(mutant, records[module_name(mutant)]) for mutant in mutants}
    assert {name: what for name, what in told.items() if what} == {}


def accused(record: Record) -> dict[str, str]:
    """The cases that say something of a module, and what."""
    silent = (Verdict.PASS, Verdict.NOT_APPLICABLE)
    return {
        case.id: f"{case.verdict} {case.words} {case.teardown.leaks}"
        for case in record.cases
        if case.verdict not in silent or case.teardown.unclean
    }


@pytest.mark.by_turns(32)
@pytest.mark.parametrize("name", ["untouched", RIGHT])
def test_modules_that_are_right_are_accused_of_nothing(name: str, tmp_path: Path) -> None:
    """The source of the mutants, and a module with inner parts of its own."""
    path = tmp_path / "untouched.py" if name == "untouched" else Path(partner(name))
    if name == "untouched":
        path.write_text(SOURCE.read_text("utf-8"), "utf-8")

    (record,) = play(tmp_path, {path: ALL}, "1", as_iut=as_socket, areas=(SOCKETS,)).values()

    assert accused(record) == {}
    assert len({case.requirement for case in record.cases}) == len(ALL)


def test_every_promise_names_a_mutant() -> None:
    """Each MUST and SHOULD is named by a module that is broken in just that respect."""
    named = {requirement for mutant in load_socket_mutants() for requirement in mutant.killed_by}
    promised = [one.id for one in load_socket().values() if one.level is not Level.OBSERVED]

    assert [id_ for id_ in promised if id_ not in named] == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('killed_by = ["socket/nothing"]\nfunctions = "x = 1"', "no requirement"),
        ('killed_by = ["socket/accept-keeps-the-order"]', "it breaks nothing"),
    ],
)
def test_wrong_description_is_refused(entry: str, problem: str, tmp_path: Path) -> None:
    """With the mutant and what is wrong."""
    head = 'id = "x"\ntitle = "X."\nsource = "y"\ncategory = "z"\n'
    (tmp_path / "a.toml").write_text(f"[[mutant]]\n{head}{entry}\n", "utf-8")

    with pytest.raises(MutationError, match=problem):
        load_socket_mutants(tmp_path)
