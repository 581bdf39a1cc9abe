"""``sockproof selftest`` as a command: a small run from end to end, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suites.selftest.runs import sockproof_


@pytest.mark.by_turns(5)
def test_a_small_run(tmp_path: Path) -> None:
    """Named and generic mutants are killed, the untouched module shows nothing, and both files
    are there."""
    ended = sockproof_(
        tmp_path, "selftest", "-n", "2", "--report-dir", "out", "-k", "serve_forever("
    )

    told = json.loads((tmp_path / "out" / "kill-matrix.json").read_text("utf-8"))
    assert told["untouched"]["false_alarms"] == []
    assert {one["kind"] for one in told["mutants"]} == {"named", "generic"}
    assert {one["outcome"] for one in told["mutants"]} <= {"killed", "unloadable"}
    assert (ended.status, told["problems"]) == (0, []), ended
    assert (tmp_path / "out" / "kill-matrix.html").is_file()
    assert "untouched" in ended.stdout


@pytest.mark.by_turns(6)
def test_a_small_run_of_sockets(tmp_path: Path) -> None:
    """The same of the socket module, with the same files and status."""
    ended = sockproof_(
        tmp_path,
        "selftest",
        "--area",
        "socket",
        "-n",
        "2",
        "--report-dir",
        "out",
        "-k",
        "socket.detach",
    )

    told = json.loads((tmp_path / "out" / "kill-matrix.json").read_text("utf-8"))
    assert (ended.status, told["problems"], told["module"]) == (0, [], "socket"), ended
    assert told["untouched"] == {"cases": told["untouched"]["cases"], "false_alarms": []}
    assert {one["outcome"] for one in told["mutants"]} <= {"killed", "noticed"}
    assert {one["area"] for one in told["requirements"]} == {"socket"}
    assert "A mutant is a socket broken" in (tmp_path / "out" / "kill-matrix.html").read_text()


@pytest.mark.by_turns(5)
def test_a_mutant_that_cannot_be_imported_is_told_apart(tmp_path: Path) -> None:
    """It is killed before any case."""
    ended = sockproof_(tmp_path, "selftest", "-n", "1", "--report-dir", "out", "-k", "`__all__ = [")

    assert ended.status == 0, ended
    (told,) = json.loads((tmp_path / "out" / "kill-matrix.json").read_text("utf-8"))["mutants"]
    assert (told["outcome"], told["cases"]) == ("unloadable", 0)
    assert "NameError" in told["told"]


@pytest.mark.by_turns(8)
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["-k", "no such mutant"], "-k 'no such mutant' names no mutant"),
        (["--sample", "0"], "Invalid value for '--sample'"),
        (
            ["--iut", "gevent"],
            "--iut gevent: mutants are made of an interpreter's own socketserver",
        ),
        (
            ["--area", "socket", "--iut", "gevent"],
            "--iut gevent: mutants are made of an interpreter's own socket;",
        ),
        (["--area", "streams"], "Invalid value for '--area': 'streams' is not 'socket'"),
        (["--against", "luck"], "Invalid value for '--against'"),
        (["--against-every", "0"], "Invalid value for '--against-every'"),
    ],
)
def test_bad_usage(arguments: list[str], problem: str, tmp_path: Path) -> None:
    """A wrong option ends with 4, before anything is played."""
    ended = sockproof_(tmp_path, "selftest", "--report-dir", "out", *arguments)

    assert ended.status == 4
    assert problem in ended.error
    assert not (tmp_path / "out").exists()
