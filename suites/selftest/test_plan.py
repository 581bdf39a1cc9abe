"""The plan of a run: what goes into its file, and what its end takes away."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

from sockproof.commands.run import run_command
from sockproof.iut.strays import RUN_MARK
from sockproof.run.plan import RunPlan, make_plan, planned
from sockproof.run.run_options import RunOptions

KNOWN = """
[[expectation]]
case = "names/*"
at_most = 99
verdict = "FAIL"
contains = "-"
reason = "-"
since = "3.6"
"""
SLEEPER = "import os, signal; os.setsid(); print('asleep', flush=True); signal.pause()"


def test_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Workers find the same implementations, options and problems in the file; what an
    implementation and an expectation are told in TOML, too."""
    (tmp_path / "own.toml").write_text("preload = 'import this'\nlevel = '3.14'\nenv = { A = 'b' }")
    (tmp_path / "known.toml").write_text(KNOWN)
    options = RunOptions(
        (sys.executable, str(tmp_path / "own.toml")),
        specs=("Forking*/inet",),
        keep="all",
        expectations=(tmp_path / "known.toml",),
        shard=(2, 5),
        seed=7,
    )
    plan = dataclasses.replace(make_plan(options), unavailable=("python9 is not here",))
    path = tmp_path / "plan"

    plan.write(path)

    again = RunPlan.read(path)
    assert again == plan
    assert [iut.id for iut in again.iuts][1:] == ["own"]
    assert (again.options.seed, again.generating.seed) == (7, 7)
    assert {spec.mixin for spec in again.specs} == {"Forking"}


def test_every_option_says_what_it_is() -> None:
    """Each field of the options of a run is an option of ``sockproof run``, and has its help."""
    parameters = {one.name: one for one in run_command.params}

    assert list(parameters) == [field.name for field in dataclasses.fields(RunOptions)]
    assert [one.name for one in parameters.values() if not getattr(one, "help", "")] == []


def test_end_of_a_plan_removes_its_folder_and_ends_what_it_started() -> None:
    """A process that was started meanwhile is killed, in a session of its own though it is."""
    outer = os.environ.get(RUN_MARK, "")

    with planned(RunPlan(())) as path:
        assert os.environ[RUN_MARK] == path.parent.name
        sleeper = subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE)
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == b"asleep\n"

    sleeper.stdout.close()
    assert sleeper.wait(30) == -signal.SIGKILL
    assert not path.parent.exists()
    assert os.environ[RUN_MARK] == outer
