"""The hunt for flakes: what is not the same in all runs is named, and no false green is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sockproof._paths import kit_dir
from suites.selftest.runs import AS_IN_A_TERMINAL, DEADLINE_S, Ended, Mark, living, wait_until

pytest.importorskip("junitparser", reason="of the developers' tools")
pytest.importorskip("random_order", reason="of the developers' tools")

from suites.selftest import flakes
from suites.selftest.outcomes import Outcome, Run, read_outcomes, stories

COUNTER = """
import pathlib
counter = pathlib.Path(__file__).with_name("counter")
number = len(counter.read_text()) if counter.exists() else 0
counter.write_text("x" * (number + 1))
"""
FLAKY = f"""
import pytest
{COUNTER}
order = []

def test_first():
    order.append(1)

def test_needs_first():
    assert order, "the first has not been played"

def test_of_third_run():
    assert number != 2, "third time unlucky"

@pytest.mark.parametrize("n", range(2 if number == 1 else 3))
def test_that_comes_and_goes(n): ...

def test_good(): ...

@pytest.mark.skip
def test_skipped(): ...
"""
STEADY = """
import pytest

def test_good(): ...

@pytest.mark.xfail(strict=True)
def test_known(): assert False
"""
LONG = f"""
import pathlib, threading
{COUNTER}

def test_of_second_run():
    assert number != 1

def test_that_takes_long():
    if number == 2:
        pathlib.Path(__file__).with_name("third").touch()
        threading.Event().wait(600)
"""


def command(folder: Path, source: str, *options: str) -> list[str]:
    (folder / "test_it.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return [
        *(sys.executable, "-c", AS_IN_A_TERMINAL, sys.executable, "-m", "suites.selftest.flakes"),
        *("--tests=test_it.py", "--workers=0", *options),
    ]


def environment(**variables: str) -> dict[str, str]:
    path = os.pathsep.join([str(kit_dir()), str(kit_dir() / "harness")])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **variables}


def hunt(folder: Path, source: str, *options: str) -> Ended:
    """Hunt in a folder with these tests."""
    ended = subprocess.run(
        command(folder, source, "--busy=0", *options),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.by_turns(5)
def test_each_flake_is_named(tmp_path: Path) -> None:
    """What depends on the order, what fails once, what is missing once, and nothing else; with the
    seeds of their orders, and what was said. The command that is told plays an order again."""
    ended = hunt(tmp_path, FLAKY, "--runs=5", "--seed=1")

    assert ended.status == flakes.NOT_THE_SAME, ended.stderr
    story = dict(part.split("  ", 1) for part in ended.stdout.split("\n\n") if ".py::" in part)
    named = {test.strip() for test in story if test.startswith("test_it.py::")}
    flaky = ("needs_first", "of_third_run", "that_comes_and_goes[2]")
    assert named == {f"test_it.py::test_{name}" for name in flaky}
    assert "the first has not been played" in story["test_it.py::test_needs_first"]
    assert "4 passed, 1 failed\n  failed with seed 3\n" in story["test_it.py::test_of_third_run"]
    assert "missing with seed 2" in story["test_it.py::test_that_comes_and_goes[2]"]
    assert len(list((tmp_path / flakes.KEPT).glob("run-*.xml"))) == 5

    (again,) = [line for line in ended.stdout.splitlines() if line.endswith("SEED")]
    needs_first = story["test_it.py::test_needs_first"]
    seed = needs_first.split("failed with seed ")[1].splitlines()[0].split(", ")[0]
    same_order = again.replace("SEED", seed).split()
    played = subprocess.run(same_order, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE)
    assert b"FAILED test_it.py::test_needs_first" in played.stdout


def test_what_is_always_good_ends_with_0(tmp_path: Path) -> None:
    """A known failure is none; what an earlier hunt kept is gone."""
    old = tmp_path / flakes.KEPT / "run-09.xml"
    old.parent.mkdir(parents=True)
    old.touch()

    ended = hunt(tmp_path, STEADY, "--runs=2")

    assert ended.status == flakes.SAME, ended.stdout
    assert "2 tests: 0 not the same in all runs" in ended.stdout
    assert not old.exists()


@pytest.mark.by_turns(5)
@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (STEADY, ["--", "-k", "nonsense"], "pytest ended with 5"),
        (STEADY, ["--", "--nonsense"], "unrecognized arguments"),
        ("import nonsense", [], "No module named 'nonsense'"),
    ],
    ids=["nothing-selected", "bad-option", "no-import"],
)
def test_what_cannot_be_played_is_no_success(
    source: str, options: list[str], said: str, tmp_path: Path
) -> None:
    """It says why."""
    ended = hunt(tmp_path, source, "--runs=2", *options)

    assert ended.status == flakes.INCOMPLETE
    assert "could not be played" in ended.stdout
    assert said in ended.stdout
    assert "incomplete: 0 of 2 runs" in ended.stdout


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_hunt_tells_what_it_has_seen(number: int, tmp_path: Path) -> None:
    """It names the flake of an earlier run, says how far it came, and takes all it started with
    it."""
    mark = Mark.new()
    printed = tmp_path / "printed"
    with printed.open("wb") as output:
        hunter = subprocess.Popen(
            command(tmp_path, LONG, "--runs=9"),
            cwd=tmp_path,
            env=environment(**mark.variables),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    wait_until((tmp_path / "third").exists)
    assert len(list(living(mark))) >= len(["hunter", "pytest", "busy", "busy"])

    hunter.send_signal(number)

    assert hunter.wait(DEADLINE_S) == flakes.INCOMPLETE
    told = printed.read_text()
    assert "test_it.py::test_of_second_run  " in told
    assert "incomplete: 2 of 9 runs" in told
    assert "missing" not in told
    assert "Traceback" not in told
    assert list(living(mark)) == []


GOOD, BAD, SKIPPED = Outcome("passed"), Outcome("failed", ("why",)), Outcome("skipped")


@pytest.mark.parametrize(
    ("runs", "status"),
    [
        ([Run(1, {"a": GOOD}), Run(2, {"a": GOOD})], flakes.SAME),
        ([Run(1, {"a": GOOD, "b": SKIPPED}), Run(2, {"b": SKIPPED, "a": GOOD})], flakes.SAME),
        ([Run(1, {"a": GOOD}), Run(2, {"a": SKIPPED})], flakes.NOT_THE_SAME),
        ([Run(1, {"a": BAD}), Run(2, {"a": BAD})], flakes.NOT_THE_SAME),
        ([Run(1, {"a": GOOD, "b": GOOD}), Run(2, {"a": GOOD})], flakes.NOT_THE_SAME),
        ([Run(1, {"a": GOOD}), Run(2, {"a": BAD}, "interrupted")], flakes.INCOMPLETE),
        ([Run(1, {"a": GOOD})], flakes.INCOMPLETE),
        ([Run(1, {"a": SKIPPED}), Run(2, {"a": SKIPPED})], flakes.INCOMPLETE),
        ([], flakes.INCOMPLETE),
    ],
)
def test_status(runs: list[Run], status: int) -> None:
    """Incomplete comes before not the same."""
    assert flakes.status_of(stories(runs), runs, 2) == status


def test_what_failed_twice_in_a_run_is_one(tmp_path: Path) -> None:
    """Failed, and once more in its teardown: the worse of the two counts. Half a file is none."""
    path = tmp_path / "junit.xml"
    case = '<testcase classname="a.b" name="t"><{0} message="{0}"/></testcase>'
    twice = case.format("error") + case.format("failure")
    path.write_text(f"<testsuites><testsuite>{twice}</testsuite></testsuites>")

    assert read_outcomes(path) == {"a/b.py::t": Outcome("error", ("error",))}

    path.write_text("<testsuites><testsuite>")
    assert read_outcomes(path) == {}
