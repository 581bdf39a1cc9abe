"""Turns: each plays a part of what is long, all of them together play everything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from fixtures.turns import beginning, dealt
from sockproof._paths import kit_dir
from suites.selftest.shown_failures import SHOWN
from suites.selftest.test_mutants import PARTS, RUNS

TESTS = """
import pytest

@pytest.mark.by_turns(3)
@pytest.mark.parametrize("n", range(7))
def test_long(n): ...

@pytest.mark.by_turns(3)
@pytest.mark.parametrize("n", range(2))
def test_few(n): ...

def test_short(): ...
"""
LONG = [f"test_it.py::test_long[{n}]" for n in range(7)]
FEW = [f"test_it.py::test_few[{n}]" for n in range(2)]
# In this turn, and every third after it, the first of them is played.
FIRST = beginning("test_it.py::test_long") % 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with long tests and a short one."""
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


def pytest_in(folder: Path, *arguments: str) -> str:
    """What pytest prints, which must have succeeded."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(
        [*(sys.executable, "-m", "pytest", "-v", "-pxdist", "-pfixtures.turns"), *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(kit_dir()), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def played(printed: str) -> list[str]:
    """The node ids of the tests that passed, as ``-v`` tells them with workers and without."""
    words = [line.split() for line in printed.splitlines() if "PASSED" in line]
    return sorted(word for line in words for word in line if "::" in word)


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("number", [0, 1, 3, 7, 36])
def test_turns_together_deal_out_all(parts: int, number: int) -> None:
    """As many turns in a row as there are parts deal each test once, beginning with any turn; none
    is idle where there are enough, and none has more than one test more than another."""
    ids = [f"test_it.py::test_long[{n}]" for n in range(number)]

    turns = [dealt(reversed(ids), parts, turn) for turn in range(41, 41 + parts)]

    assert sorted(chain(*turns)) == sorted(ids)
    assert max(map(len, turns)) - min(map(len, turns)) <= 1


def test_part_less_than_one_is_refused() -> None:
    """No test may be in none."""
    with pytest.raises(pytest.UsageError, match="at least one part"):
        dealt(["a"], 0, 1)


def test_what_is_long_has_enough_for_each_turn() -> None:
    """Each turn plays mutants and scripts."""
    assert len(RUNS) >= PARTS
    assert len(SHOWN) >= PARTS


@pytest.mark.by_turns(2)
def test_three_turns_play_all(folder: Path) -> None:
    """What is not marked is played in each of them, with workers and without. The header says which
    turn it is, the end how many tests it left."""
    workers = {5: "-n0", 6: "-n2", 7: "-n0"}
    told = {turn: pytest_in(folder, f"--turn={turn}", n) for turn, n in workers.items()}

    times = Counter(nodeid for printed in told.values() for nodeid in played(printed))
    assert times.pop("test_it.py::test_short") == len(told)
    assert times == Counter([*LONG, *FEW])
    for turn, printed in told.items():
        assert f"turn {turn}: what is long is played in part; make nightly plays all" in printed
        left = len(LONG + FEW) - (len(played(printed)) - 1)
        assert f"turn {turn} left {left} long tests to other turns" in printed


def test_all_is_played_without_turn(folder: Path) -> None:
    """And nothing is said."""
    printed = pytest_in(folder)

    assert len(played(printed)) == len([*LONG, *FEW, "test_short"])
    assert "turn" not in printed


def test_keyword_leaves_turns_alone(folder: Path) -> None:
    """A test has the same turn whatever else is selected."""
    turn = FIRST + 1

    printed = pytest_in(folder, f"--turn={turn}", "-k", "long and (3 or 4 or 5)")

    assert played(printed) == [LONG[4]]


def test_named_test_is_played_in_any_turn(folder: Path) -> None:
    """Whoever names one test wants to see it."""
    turn = FIRST + 2

    printed = pytest_in(folder, f"--turn={turn}", LONG[4])

    assert LONG[4] not in dealt(LONG, 3, turn - FIRST)
    assert played(printed) == [LONG[4]]


def test_functions_of_one_set_do_not_meet_in_one_turn() -> None:
    """Each begins to deal elsewhere."""
    functions = [f"test_{n}.py::test_it" for n in range(30)]

    turns = Counter(beginning(function) % 3 for function in functions)

    assert len(turns) == 3
    assert max(turns.values()) < 20
