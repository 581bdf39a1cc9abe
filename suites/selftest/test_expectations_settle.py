"""A file that ``expect`` makes settles the runs after it, whether a deviation is there each time or
now and then; what comes beside it is told."""

from __future__ import annotations

import socketserver
from pathlib import Path

import pytest

from sockproof.judge.expectations import read_expectations
from suites.selftest.runs import sockproof_

OWN = Path(socketserver.__file__).read_text("utf-8")
QUEUE = "    request_queue_size = 5\n"
# Another default than documented, for good or while there is a file of this name beside it.
STEADY = "    request_queue_size = 7\n"
NOW_AND_THEN = (
    "    import os\n"
    "    request_queue_size = 5 + os.path.exists(os.path.join(os.path.dirname(__file__), 'now'))\n"
)
CASES = ("-k", "names/request-queue-size or names/default-attributes", "-n", "0")


def module(folder: Path, queue: str) -> Path:
    assert OWN.count(QUEUE) == 1
    path = folder / "mine.py"
    path.write_text(OWN.replace(QUEUE, queue))
    return path


def play(folder: Path, out: str, *options: str) -> int:
    where = ("--report-dir", out, *options)
    ended = sockproof_(folder, "run", "--iut", "./mine.py", *CASES, *where)
    assert "Traceback" not in ended.stderr, ended
    return ended.status


@pytest.mark.by_turns(3)
def test_file_of_one_run_settles_the_next(tmp_path: Path) -> None:
    """What deviates each time; the file has an entry for no case that passes."""
    module(tmp_path, STEADY)
    assert play(tmp_path, "first") == 1
    made = sockproof_(
        tmp_path, "expect", "first/mine.jsonl", "--output", "known.toml", "--reason", "It is so."
    )
    assert made.status == 0, made

    assert [play(tmp_path, "next", "--expectations", "known.toml") for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("runs", [4])
@pytest.mark.by_turns(6)
def test_file_of_several_runs_settles_what_comes_and_goes(tmp_path: Path, runs: int) -> None:
    """In half of the runs it deviates, which the file says, and no later run of either kind needs
    attention."""
    module(tmp_path, NOW_AND_THEN)
    mark = tmp_path / "now"

    def toggled(number: int) -> None:
        mark.touch() if number % 2 else mark.unlink(missing_ok=True)

    seen = []
    for number in range(runs):
        toggled(number)
        seen.append(play(tmp_path, f"run-{number}"))
    records = [f"run-{number}/mine.jsonl" for number in range(runs)]
    sockproof_(tmp_path, "expect", *records, "--output", "known.toml", "--reason", "Now and then.")
    later = []
    for number in range(runs):
        toggled(number)
        later.append(play(tmp_path, "later", "--expectations", "known.toml"))

    assert (seen, later) == ([0, 1] * (runs // 2), [0] * runs)
    expectations = read_expectations(tmp_path / "known.toml")
    assert {one.seen for one in expectations} == {f"{runs // 2} of {runs} runs"}
    assert all(one.intermittent for one in expectations)


@pytest.mark.by_turns(5)
def test_what_comes_beside_it_is_told(tmp_path: Path) -> None:
    """A file settles what it is about, and nothing else."""
    module(tmp_path, STEADY)
    play(tmp_path, "first")
    sockproof_(tmp_path, "expect", "first/mine.jsonl", "--output", "known.toml", "--reason", "So.")
    text = (tmp_path / "mine.py").read_text()
    assert "    allow_reuse_address = False\n" in text
    (tmp_path / "mine.py").write_text(text.replace("reuse_address = False", "reuse_address = True"))

    assert play(tmp_path, "next", "--expectations", "known.toml") == 1
