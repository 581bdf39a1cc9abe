"""The plan of a run: what goes into its file, and what its end takes away."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sockproof.commands.run import run_command
from sockproof.iut.capabilities import Capabilities, ProbedIut
from sockproof.iut.implementation import parse_iut
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


@pytest.mark.parametrize(
    ("asked", "options", "workers"),
    [
        pytest.param(None, {}, 2 * (os.cpu_count() or 1), id="all"),
        pytest.param(None, {"keyword": "streams/whole-message-echo[tcp/inet]"}, 0, id="one"),
        pytest.param(None, {"keyword": "streams/every-cut", "shard": (1, 2)}, 0, id="few"),
        pytest.param(4, {"keyword": "streams/whole-message-echo[tcp/inet]"}, 1, id="one-by-four"),
        pytest.param(
            4, {"keyword": "whole-message-echo", "specs": ("TCP/*",)}, 2, id="two-by-four"
        ),
        pytest.param(4, {"keyword": ",queue-of-0"}, 4, id="known-once-collected"),
        pytest.param(0, {}, 0, id="none-asked-for"),
    ],
)
def test_no_more_workers_than_cases(
    asked: int | None, options: dict[str, Any], workers: int
) -> None:
    """Few cases need none, unless it was asked for."""
    iut = ProbedIut("own", parse_iut(sys.executable), (3, 13), {}, Capabilities({}, frozenset()))

    assert RunPlan((iut,), RunOptions(workers=asked, **options)).workers == workers


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
    assert os.environ.get(RUN_MARK, "") == outer


GREEN = """
preload = '''
import socket
socket.socket = type("socket", (socket.socket,), {{"__module__": "{package}.sockets"}})
'''
"""


@pytest.mark.parametrize(
    ("package", "known"), [("gevent", True), ("nobody_knows", False), ("socket", False)]
)
def test_what_is_known_of_an_interpreter_is_known_under_the_runtimes_it_names(
    tmp_path: Path, package: str, known: bool
) -> None:
    """Of anything else that is loaded before the module, nothing is."""
    (tmp_path / "own.toml").write_text(GREEN.format(package=package))

    plan = make_plan(RunOptions((str(tmp_path / "own.toml"),)))

    (iut,) = plan.iuts
    assert iut.hello["runtime"] == ("" if package == "socket" else package)
    assert bool(plan.expectations[iut.id]) is known
