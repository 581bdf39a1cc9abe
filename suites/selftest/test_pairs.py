"""Pairs of mutants: both changes made, of one class, always the same ones."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from sockproof.mutation.mutator import generic_mutants
from sockproof.mutation.pairs import pairs_of
from sockproof.mutation.platform_tests import Platform
from sockproof.mutation.subjects import MutantKind, Subject
from suites.selftest.runs import sockproof_

SOURCE = """class A:
    x = 1

    def f(self):
        self.g()
        return self.x


class B:
    y = 2
"""


def mutants() -> tuple[Subject, ...]:
    return generic_mutants(SOURCE, Platform())


def changed_lines(text: str) -> dict[int, str]:
    lines = zip(SOURCE.splitlines(), text.splitlines(), strict=True)
    return {number: now for number, (was, now) in enumerate(lines) if was != now}


def test_both_changes_are_made() -> None:
    """A pair has the lines of the one and of the other, both of one class; and no others."""
    singles = {one.title: changed_lines(one.text) for one in mutants()}

    pairs = pairs_of(mutants(), SOURCE, 12)

    assert len(pairs) == 12
    for pair in pairs:
        first, second = (singles[title] for title in pair.title.split("; and "))
        assert changed_lines(pair.text) == {**first, **second}
        assert not first.keys() & second.keys()
        assert pair.kind is MutantKind.PAIR


def test_they_are_always_the_same() -> None:
    """The first of many are the few, and none is there twice."""
    many, few = (pairs_of(mutants(), SOURCE, wanted) for wanted in (12, 4))

    assert many[:4] == few
    assert len({pair.text for pair in many}) == len(many)
    assert [pair.id for pair in few] == ["pair-0001", "pair-0002", "pair-0003", "pair-0004"]


def test_a_small_source_has_only_so_many() -> None:
    """The search for them has an end."""
    (only,) = generic_mutants("class A:\n    x = 'a'\n", Platform())[-1:]

    assert pairs_of([only], "class A:\n    x = 'a'\n", 3) == []
    assert pairs_of([], SOURCE, 3) == []


def test_equivalents_are_no_half_of_one() -> None:
    """A pair of one that nobody can tell is the other alone."""
    listed = [dataclasses.replace(one, equivalent="So it is.") for one in mutants()]

    assert pairs_of(listed, SOURCE, 3) == []


@pytest.mark.by_turns(8)
def test_pairs_are_played(tmp_path: Path) -> None:
    """They are asked for by their number, and are a row of their own."""
    options = ("--pairs", "2", "-k", "pair-", "-n", "1", "--report-dir", "out")

    ended = sockproof_(tmp_path, "selftest", *options)

    told = json.loads((tmp_path / "out" / "kill-matrix.json").read_text("utf-8"))
    assert ended.status == 0, ended
    assert [one["id"] for one in told["mutants"]] == ["pair-0001", "pair-0002"]
    assert told["totals"]["pair"]["killed"] == 2
    assert "  pair " in ended.stdout


@pytest.mark.by_turns(3)
def test_rewrites_have_no_pairs(tmp_path: Path) -> None:
    ended = sockproof_(tmp_path, "selftest", "--rewrites", "--pairs", "3")

    assert ended.status == 4
    assert "--rewrites plays no --area and no --pairs" in ended.error
