"""Runs the suites under pytest in this process, with our configuration, nothing of the user's."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sockproof._paths import kit_dir
from sockproof.errors import HarnessError
from sockproof.run.collected import CollectedCases

__all__ = ["play", "play_here"]

# The exit statuses of pytest when all went its way, whatever became of the cases.
_PLAYED = (
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.NO_TESTS_COLLECTED,
)
# How many workers may die of an implementation, a case each; what kills more kills them all.
_RESTARTS = 50
# Plugins of pytest that we need. What else is installed has no part in a run.
_PLUGINS = ("xdist", "hypothesispytest")
# Of pytest's own, what does something with each test that nobody sees in a run.
_PLUGINS_LEFT_OUT = (
    "cacheprovider",
    "doctest",
    "faulthandler",
    "junitxml",
    "legacypath",
    "logging",
    "pastebin",
    "recwarn",
    "setuponly",
    "setupplan",
    "stepwise",
    "subtests",
    "terminalreporter",
    "threadexception",
    "unittest",
    "unraisableexception",
    "warnings",
)


def play(plan_path: Path, workers: int, files: Sequence[Path], watcher: object) -> int:
    """Play the cases of the plan, which are in these files; pytest's exit status."""
    python = shlex.join([sys.executable, str(Path(__file__).with_name("worker_start.py"))])
    arguments = [f"--tx={workers}*popen//python={python}", "--dist=load"] if workers else []
    arguments.append(f"--max-worker-restart={_RESTARTS}")
    arguments.append(f"--basetemp={plan_path.parent / 'pytest'}")  # xdist makes folders there
    return _pytest(plan_path, arguments, files, watcher)


def play_here(
    plan_path: Path, files: Sequence[Path], perform: Callable[[CollectedCases], None]
) -> None:
    """Collect the cases of the plan that are in these files, in this process, and leave it to
    ``perform`` what to play of them.

    Raises:
        KeyboardInterrupt: an interrupt has come.
        HarnessError: a test file does not load, or pytest ends otherwise than it should.
    """
    collected = CollectedCases(perform)
    status = _pytest(plan_path, [], files, collected)
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if collected.problems:
        raise HarnessError(f"the suites do not load: {'; '.join(collected.problems)}")
    if status not in _PLAYED:
        raise HarnessError(f"the test runner ended with status {status}", "play it with run")


def _pytest(
    plan_path: Path, arguments: Sequence[str], files: Sequence[Path], watcher: object
) -> int:
    kit = kit_dir()
    own = [
        f"--config-file={kit / 'pyproject.toml'}",
        f"--rootdir={kit}",
        *(f"-p{name}" for name in _PLUGINS),
        *(f"-pno:{name}" for name in _PLUGINS_LEFT_OUT),
        "-Wignore",  # a warning of a newer pytest is none of the implementation's faults
        "--assert=plain",  # no case asserts: they say what is expected
        f"--sockproof-plan={plan_path}",
        "--sockproof-rows-only",
        f"--ignore={kit / 'suites' / 'selftest'}",
        *map(str, files),
    ]
    with _own_surroundings():
        return int(pytest.main([*arguments, *own], plugins=[watcher]))


@contextlib.contextmanager
def _own_surroundings() -> Iterator[None]:
    """What the user's shell says to pytest is not said to us; no byte code beside the kit. Who
    called finds all as it was."""
    found, writes_nothing = dict(os.environ), sys.dont_write_bytecode
    for name in [name for name in found if name.startswith("PYTEST_")]:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_nothing
        for name in [name for name in os.environ if name not in found]:
            del os.environ[name]
        os.environ.update(found)
