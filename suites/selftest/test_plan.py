"""The plan of a run: what goes into its file, and what its end takes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sockproof.errors import UsageError
from sockproof.iut.strays import RUN_MARK
from sockproof.run.plan import RunPlan, make_plan, planned

SLEEPER = "import os, signal; os.setsid(); print('asleep', flush=True); signal.pause()"


def test_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Workers find the same implementations, specs and problems in the file."""
    plan = make_plan([sys.executable], ["Forking*/inet"], "all")
    plan = RunPlan(plan.iuts, plan.specs, plan.keep, (("python9", "is not here"),))
    path = tmp_path / "plan.json"

    plan.write(path)

    again = RunPlan.read(path)
    assert [iut.to_json() for iut in again.iuts] == [iut.to_json() for iut in plan.iuts]
    assert (again.specs, again.keep, again.unavailable) == (
        plan.specs,
        "all",
        (("python9", "is not here"),),
    )


def test_wrong_keep_is_refused_before_anything_is_probed() -> None:
    """Only all, fail and none are known; the implementation is not even looked at."""
    with pytest.raises(UsageError, match="--keep 'some' is none of all, fail, none"):
        make_plan(["/no/such/python"], keep="some")


def test_end_of_a_plan_removes_its_folder_and_ends_what_it_started() -> None:
    """A process that was started meanwhile is killed, in a session of its own though it is."""
    outer = os.environ.get(RUN_MARK, "")

    with planned(RunPlan((), ())) as path:
        assert os.environ[RUN_MARK] == path.parent.name
        sleeper = subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE)
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == b"asleep\n"

    sleeper.stdout.close()
    assert sleeper.wait(30) == -signal.SIGKILL
    assert not path.parent.exists()
    assert os.environ[RUN_MARK] == outer
