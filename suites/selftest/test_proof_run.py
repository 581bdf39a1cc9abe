"""``sockproof selftest`` as a command: a small run from end to end, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sockproof.cli import run_command


def test_a_small_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Named and generic mutants are killed, the untouched module shows nothing, and both files
    are there."""
    arguments = ["-n", "2", "--report-dir", str(tmp_path), "-k", "serve_forever("]

    status = run_command(["selftest", *arguments])

    told = json.loads((tmp_path / "kill-matrix.json").read_text("utf-8"))
    assert told["untouched"]["false_alarms"] == []
    assert {one["kind"] for one in told["mutants"]} == {"named", "generic"}
    assert {one["outcome"] for one in told["mutants"]} <= {"killed", "unloadable"}
    assert (status, told["problems"]) == (0, [])
    assert (tmp_path / "kill-matrix.html").is_file()
    assert "untouched" in capfd.readouterr().out


def test_a_mutant_that_cannot_be_imported_is_told_apart(tmp_path: Path) -> None:
    """It is killed before any case."""
    arguments = ["-n", "1", "--report-dir", str(tmp_path), "-k", "`__all__ = ["]

    assert run_command(["selftest", *arguments]) == 0
    (told,) = json.loads((tmp_path / "kill-matrix.json").read_text("utf-8"))["mutants"]
    assert (told["outcome"], told["cases"]) == ("unloadable", 0)
    assert "NameError" in told["told"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["-k", "no such mutant"], "-k 'no such mutant' names no mutant"),
        (["--sample", "0"], "Invalid value for '--sample'"),
        (
            ["--iut", "gevent"],
            "--iut gevent: mutants are made of an interpreter's own socketserver",
        ),
        (["--against", "luck"], "Invalid value for '--against'"),
    ],
)
def test_bad_usage(
    arguments: list[str], problem: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A wrong option ends with 4, before anything is played."""
    given = ["selftest", "--report-dir", str(tmp_path / "out"), *arguments]

    status = run_command(given)

    told = capfd.readouterr().err
    assert status == 4
    assert problem in told
    assert not (tmp_path / "out").exists()
