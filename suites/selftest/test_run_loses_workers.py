"""A worker that dies at any moment costs no case but the one that it plays: another takes over."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from sockproof.judge.verdict import Verdict
from suites.selftest.runs import HARNESS, Ended, Mark, living, play, records_in

DIES = """
import os, signal, sys

event, function, file = (os.environ.get("DIES", "").split() + [""] * 3)[:3]
marker = os.environ.get("DIES_ONCE")


def die():
    sys.setprofile(None)
    try:
        if marker:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:  # another worker has
        return
    os.kill(os.getpid(), signal.SIGKILL)


def look(frame, what, _):
    code = frame.f_code
    if (what, code.co_name) == (event, function) and code.co_filename.endswith(file):
        die()


if any(word.endswith("worker_start.py") for word in sys.orig_argv):
    sys.setprofile(look) if function else die()
"""
"""What every Python runs first: a worker dies at once, or where its main thread calls a function of
this name, in a file of this one, or returns from it."""
WHILE_IT_STARTS = {
    "before-it-has-read-a-word": "",
    "before-it-is-told-what-it-is": "return make_errors_visible",
    "when-it-has-said-that-it-is-there": "call serve",
    "when-it-has-told-of-its-python": "return rinfo_source",
    "before-its-session": "call pytest_sessionstart",
    "when-it-has-found-its-cases": "return pytest_collection_finish",
}
"""By the moment in the life of a worker: where it is then."""


def played(folder: Path, dies: str, **variables: str) -> Ended:
    """A run with workers that die so; nothing that it started is left."""
    mark, site = Mark.new(), folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(DIES)

    ended = play(
        folder, [], DIES=dies, PYTHONPATH=f"{HARNESS}:{site}", **mark.variables, **variables
    )

    assert "Traceback" not in ended.stderr
    assert list(living(mark)) == []
    return ended


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("dies", WHILE_IT_STARTS.values(), ids=WHILE_IT_STARTS)
def test_another_worker_starts_for_one_that_dies_while_it_starts(tmp_path: Path, dies: str) -> None:
    """It had no case yet: the run is complete, and nobody need know."""
    once = tmp_path / "once"

    ended = played(tmp_path, dies, DIES_ONCE=str(once))

    assert once.exists()
    assert ended.status == 0, ended
    assert "sockproof: " not in ended.stderr
    (record,) = records_in(tmp_path).values()
    assert [case.verdict for case in record.cases] == [Verdict.PASS] * 2
    assert record.complete


@pytest.mark.by_turns(3)
def test_workers_that_all_die_while_they_start_end_the_run(tmp_path: Path) -> None:
    """There is no end to it: the run says so in one line, and no record is made."""
    ended = played(tmp_path, "call serve")

    assert ended.status == 3
    assert "no case was played: 5 workers died while they started" in ended.error
    assert not (tmp_path / "out").exists() or records_in(tmp_path) == {}


@pytest.mark.by_turns(5)
def test_workers_that_all_die_before_they_find_a_case_end_the_run(tmp_path: Path) -> None:
    """That is not for want of a case that is selected."""
    ended = played(tmp_path, "call pytest_sessionstart")

    assert ended.status == 3
    assert re.search(
        "no case was played: [0-9]+ workers died before they found a case", ended.error
    )


@pytest.mark.by_turns(5)
def test_row_that_a_worker_has_told_before_it_dies_stays(tmp_path: Path) -> None:
    """Its case is in the record once, as it was told; that something died is said."""
    once = tmp_path / "once"

    ended = played(tmp_path, "return pytest_runtest_logreport remote.py", DIES_ONCE=str(once))

    assert once.exists()
    assert ended.status == 3, ended
    assert "a worker died when it had just run" in ended.stderr
    (record,) = records_in(tmp_path).values()
    assert [case.verdict for case in record.cases] == [Verdict.PASS] * 2
    assert not record.complete
    assert record.iut_id.endswith(".".join(map(str, sys.version_info[:3])))
