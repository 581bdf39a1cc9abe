"""The targets of the Makefile: the same for everybody, whatever a shell says to Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

import pytest

from sockproof._paths import kit_dir

ROOT = kit_dir()
SAID = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "error",
    "PYTHONPATH": "elsewhere",
    "PYTEST_ADDOPTS": "-k nothing",
}
KEPT = {"PYTHON": "python3.12", "SOCKPROOF_TIMEOUT_SCALE": "2"}

pytestmark = [
    pytest.mark.skipif(not (ROOT / "Makefile").is_file(), reason="an installed kit has none"),
    pytest.mark.skipif(shutil.which("make") is None, reason="no make on PATH"),
]


def told(*arguments: str, **variables: str) -> str:
    """What make prints, started in this environment."""
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": "", **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def variables_of_a_target(**variables: str) -> Mapping[str, str]:
    lines = told("--eval=told: ; @env", "told", **variables).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_what_a_shell_says_to_python_is_not_said_to_a_target() -> None:
    """Else a test passes where it was written, and fails everywhere else."""
    seen = variables_of_a_target(**SAID, **KEPT)

    assert SAID.keys() & seen.keys() == set()
    assert seen.items() >= KEPT.items()


def test_list_of_targets_is_the_default() -> None:
    """``make`` alone names what there is."""
    names = [line.split()[1] for line in told().splitlines()]

    assert {"report", "test", "nightly", "test-hosts", "flakes", "lint", "types"} <= set(names)


def test_references_are_made_anew_by_their_target_alone() -> None:
    """It plays those of IUTS; what CI makes leaves the records alone."""
    shown = told("-n", "reference", "IUTS=a b", "WORKERS=3").splitlines()

    assert shown[-1].endswith("-m sockproof.commands.refresh --workers 3 a b")
    assert "reference" not in (ROOT / ".ci" / "run").read_text("utf-8")


def test_a_requirement_is_begun_by_its_id() -> None:
    """The id and the file go through as they are, whatever a shell would make of them."""
    (shown,) = told("-n", "requirement", "ID=a/b", "FILE=$$(c)").splitlines()[-1:]
    # The environment that these tests run in is used as it is: nobody makes it anew meanwhile.
    as_it_is = (f"VENV={sys.prefix}", "ready=")
    refused = subprocess.run(
        ["make", "--no-print-directory", "requirement", "ID=dispatch/it's", *as_it_is],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert shown.endswith('-m sockproof.commands.scaffold -- "$ID" "$FILE"')
    assert "not an id such as" in refused.stderr


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (("lint", "TURN=abc"), "TURN='abc' is no number"),
        (("lint", "VENV=two words"), "VENV='two words' has a blank in it"),
        (("test-hosts", "HOSTS="), "HOSTS names no Python"),
        (("lint", "PYTHON=no-such-python", "VENV=.venv-of-none"), "name a Python of 3.10 or newer"),
    ],
)
def test_wrong_variable_is_told(given: tuple[str, ...], problem: str) -> None:
    """Nothing is set up or played then."""
    with pytest.raises(subprocess.CalledProcessError) as refused:
        told(*given)

    assert problem in refused.value.stderr
