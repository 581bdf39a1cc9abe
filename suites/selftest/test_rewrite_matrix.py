"""The second kill matrix: what becomes of re-implementations, and when it is not to be believed."""

from __future__ import annotations

import dataclasses
import json
import socketserver
import sys
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import parse_iut
from sockproof.mutation.first_tries import FirstTries, read_first_tries
from sockproof.mutation.jobs import Aim
from sockproof.mutation.judging import Detection, How, MutantOutcome, Result
from sockproof.mutation.named import MutationError
from sockproof.mutation.proving import Proof
from sockproof.mutation.rewrite_matrix import RewriteMatrix
from sockproof.mutation.rewrite_page import print_rewrites, render_rewrites
from sockproof.mutation.rewriting import Rewrite, load_rewrites
from sockproof.mutation.rewritten_subjects import rewritten_subjects
from sockproof.mutation.subjects import MutantKind, Subject
from sockproof.spec.catalogue import load_catalogue
from suites.selftest.runs import sockproof_

ECHO = "streams/whole-message-echo"
FAILED = Detection(ECHO, f"{ECHO}[TCP/inet]", How.FAIL, "expected a; b")
BROKEN = Rewrite("gives-up", "ends", "It <b>gives</b> up.", "hung", "TCP/inet", "pass", False)
LISTED = dataclasses.replace(BROKEN, id="is-larger", undetected="No document promises it.")
RIGHT = dataclasses.replace(BROKEN, id="other-inside", is_right=True)
KILLED, SURVIVED = MutantOutcome.KILLED, MutantOutcome.SURVIVED
NOTICED = MutantOutcome.NOTICED


@cache
def own_interpreter() -> ProbedIut:
    return probe(parse_iut(sys.executable))


def result(one: Rewrite, outcome: MutantOutcome, cpython: str = "") -> Result:
    kind, family, is_right = MutantKind.REWRITTEN, one.family, one.is_right
    subject = Subject(
        one.id, kind, family, one.title, "", 1, "", one.code, Aim(), is_right=is_right
    )
    found = (FAILED,) if outcome is KILLED else ()
    return Result(subject, outcome, found, 7, cpython=cpython)


def matrix_of(*results: tuple[Rewrite, MutantOutcome], **more: object) -> RewriteMatrix:
    proof = Proof(tuple(result(*one) for one in results), (), 12)
    known = {one.id: one for one, _ in results}
    iut, catalogue = own_interpreter(), load_catalogue()
    return RewriteMatrix(proof, iut, catalogue, rewrites=known, **more)  # type: ignore[arg-type]


def test_what_is_detected_and_what_is_right_is_no_problem() -> None:
    """Nothing is missed, and nobody is accused."""
    matrix = matrix_of((BROKEN, KILLED), (RIGHT, SURVIVED))

    assert (matrix.problems, matrix.unlisted, matrix.accused) == ([], [], [])
    assert (matrix.whole.detected, matrix.whole.broken, matrix.whole.right) == (1, 1, 1)


@pytest.mark.parametrize("outcome", [SURVIVED, NOTICED])
def test_what_nothing_fails_on_is_undetected(outcome: MutantOutcome) -> None:
    """An observation is not enough; a reason is, and is told."""
    matrix = matrix_of((BROKEN, outcome), (LISTED, outcome))

    assert [one.subject.id for one in matrix.undetected] == [BROKEN.id, LISTED.id]
    assert [one.subject.id for one in matrix.unlisted] == [BROKEN.id]
    assert matrix.problems == []


def test_a_right_one_that_is_accused_is_a_false_alarm() -> None:
    """With the case that does so; one that merely looks different is accused of nothing."""
    assert matrix_of((RIGHT, NOTICED)).problems == []

    (told,) = matrix_of((RIGHT, KILLED)).problems

    assert told.startswith(f"false alarm: {RIGHT.id} is right: {FAILED.case}")


def test_a_right_one_that_cannot_be_imported_is_a_false_alarm() -> None:
    """It has no case to tell of."""
    (told,) = matrix_of((RIGHT, MutantOutcome.UNLOADABLE)).problems

    assert told.startswith(f"false alarm: {RIGHT.id} is right")


def test_a_reason_that_is_stale_is_a_problem() -> None:
    """It is listed as undetected, and is detected."""
    assert matrix_of((LISTED, KILLED)).problems == [
        f"{LISTED.id} is listed as undetected and is killed"
    ]


def test_what_is_said_to_be_noticed_and_is_not_is_a_problem() -> None:
    """Somebody looks at another value, which is the same."""
    seen = dataclasses.replace(LISTED, noticed_by=(ECHO,))
    assert matrix_of((seen, NOTICED)).problems == []

    assert matrix_of((seen, SURVIVED)).problems == [
        f"{seen.id} is said to be noticed, and nothing notices it"
    ]


def test_what_is_lost_is_a_problem_alone() -> None:
    """Nothing is known of it: it is not undetected as well."""
    matrix = matrix_of((BROKEN, MutantOutcome.LOST))

    assert len(matrix.problems) == 1
    assert matrix.unlisted == []


def test_the_matrix_tells_families_and_first_tries(tmp_path: Path) -> None:
    """In numbers, in its own kind of file."""
    tries = FirstTries((), {BROKEN.id: False, LISTED.id: True})
    matrix = matrix_of((BROKEN, KILLED), (LISTED, SURVIVED), (RIGHT, SURVIVED), tries=tries)

    matrix.write(tmp_path / "rewrite-matrix.json")

    told = json.loads((tmp_path / "rewrite-matrix.json").read_text("utf-8"))
    (family,) = told["families"]
    assert told["kind"] == "rewrite-matrix"
    assert (family["detected"], family["listed"], family["at_first"]) == (1, 1, 1)
    assert [one["undetected"] for one in told["mutants"]] == ["", LISTED.undetected, ""]
    assert [one["is_right"] for one in told["mutants"]] == [False, False, True]


def test_the_page_is_one_file_and_escapes() -> None:
    """Titles are text; why somebody would write it so, and what nothing detects, are there."""
    page = render_rewrites(matrix_of((BROKEN, KILLED), (LISTED, SURVIVED), (RIGHT, KILLED)))

    assert "<script" not in page
    assert "It <b>gives</b> up." not in page
    assert page.index("Not to be believed") < page.index("Undetected") < page.rindex(RIGHT.id)
    assert LISTED.undetected in page


def test_the_summary_names_what_is_undetected() -> None:
    """What is listed stands apart from what is not."""
    console = Console(record=True, width=160)

    print_rewrites(matrix_of((BROKEN, SURVIVED), (LISTED, SURVIVED)), console)

    told = console.export_text()
    listed = told.index("listed with a reason")
    assert listed < told.index(LISTED.id) < told.rindex("undetected\n") < told.index(BROKEN.id)


def test_each_is_played_where_it_is_broken() -> None:
    """What is said to detect it first; a right one is played to the end, once a requirement."""
    source = Path(socketserver.__file__).read_text("utf-8")
    catalogue = load_catalogue()

    subjects, unfit = rewritten_subjects(load_rewrites(), source, (3, 99), catalogue)

    known = {one.id: one for one in load_rewrites()}
    assert unfit == []
    assert len(subjects) == len(known)
    for subject in subjects:
        assert subject.aim.specs[0] == known[subject.id].spec
        assert bool(subject.aim.cases) == bool(known[subject.id].detected_by)
        assert bool(subject.aim.reach) != subject.is_right
    families = {subject.group for subject in subjects}
    assert [name for name in families if not _areas(subjects, name)] == []


def _areas(subjects: list[Subject], family: str) -> tuple[str, ...]:
    return next(one.aim.areas for one in subjects if one.group == family)


TRIED = """
[[try]]
of = "the first"
played = "On one kind of server."
detected = ["gives-up"]
missed = ["is-larger"]
"""


def test_first_tries_are_read(tmp_path: Path) -> None:
    """Of those that were tried, whether they were detected."""
    path = tmp_path / "tries.toml"
    path.write_text(TRIED, "utf-8")

    tries = read_first_tries({"gives-up", "is-larger"}, path)

    assert tries.of(["is-larger", "gives-up", "new"]) == {"is-larger": False, "gives-up": True}


@pytest.mark.parametrize(
    ("known", "text", "told"),
    [
        ({"gives-up"}, TRIED, "no re-implementation 'is-larger'"),
        ({"gives-up", "is-larger"}, TRIED + TRIED, "'gives-up' is there twice"),
        (set(), "[[try]]\nof = 'x'", "'played' is missing"),
    ],
)
def test_first_tries_out_of_order_are_refused(
    known: set[str], text: str, told: str, tmp_path: Path
) -> None:
    """In one line that says what is wrong."""
    path = tmp_path / "tries.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(MutationError, match=told):
        read_first_tries(known, path)


def test_shipped_first_tries_are_of_shipped_ones() -> None:
    """All are broken ones: what is right is not detected."""
    known = {one.id: one for one in load_rewrites()}

    tries = read_first_tries(known)

    tried = tries.of(known)
    assert [id_ for id_ in tried if known[id_].is_right] == []


@pytest.mark.by_turns(6)
def test_a_small_run(tmp_path: Path) -> None:
    """A broken one is detected, and both files are there, not those of mutants."""
    chosen = ("--rewrites", "-k", "a-loop-runs-once", "-n", "1")

    ended = sockproof_(tmp_path, "selftest", *chosen, "--report-dir", "out")

    assert ended.status == 0, ended
    told = json.loads((tmp_path / "out" / "rewrite-matrix.json").read_text("utf-8"))
    (one,) = told["mutants"]
    assert (one["outcome"], one["kind"], told["problems"]) == ("killed", "rewritten", [])
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"rewrite-matrix.json", "rewrite-matrix.html"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--rewrites", "--named"], "--rewrites plays no mutants"),
        (["--rewrites", "-k", "no such"], "-k 'no such' names no mutant"),
    ],
)
def test_bad_usage(arguments: list[str], problem: str, tmp_path: Path) -> None:
    """It ends with 4, before anything is played."""
    ended = sockproof_(tmp_path, "selftest", "--report-dir", "out", *arguments)

    assert ended.status == 4
    assert problem in ended.error
    assert not (tmp_path / "out").exists()
