"""Runs the suites under pytest in this process, with our configuration, nothing of the user's."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

from sockproof._paths import kit_dir
from sockproof.run import plugin

__all__ = [
    "INTERRUPTED",
    "NOTHING_COLLECTED",
    "PLAYED",
    "collect",
    "play",
    "play_here",
]

PLAYED = (0, 1)
"""pytest's exit statuses when it played what it selected: all passed, some failed."""
NOTHING_COLLECTED = 5
INTERRUPTED = 2
_RESTARTS = 50
"""How many workers may die of an implementation, a case each; what kills more kills them all."""
_PLUGINS = ("xdist", "hypothesispytest")
"""Plugins of pytest that we need. What else is installed has no part in a run."""


def play(plan_path: Path, workers: int, watcher: object, requirement: str = "") -> int:
    """Play the cases of the plan; pytest's exit status. Of one ``requirement`` only the files that
    name it are collected, which takes a tenth of the time."""
    arguments = [f"--max-worker-restart={_RESTARTS}", f"--numprocesses={workers}", "--dist=load"]
    arguments.append(f"--basetemp={plan_path.parent / 'pytest'}")  # xdist makes folders there
    return _pytest([*_options(plan_path), *arguments, *_files(requirement)], watcher)


def play_here(plan_path: Path, watcher: object) -> int:
    """Collect all cases in this process, and leave it to the watcher what to play of them."""
    return _pytest([*_options(plan_path), str(_suites())], watcher)


def collect(plan_path: Path, watcher: object) -> int:
    """Collect the cases of the plan, and play none."""
    return _quietly([*_options(plan_path), "--collect-only", str(_suites())], watcher)


def _suites() -> Path:
    return kit_dir() / "suites"


def _files(requirement: str) -> list[str]:
    """The test files of a requirement, or all suites."""
    named = f'"{requirement}"'
    files = [path for path in _suites().glob("*/test_*.py") if path.parent.name != "selftest"]
    naming = [path for path in files if requirement and named in path.read_text("utf-8")]
    return [str(path) for path in sorted(naming)] or [str(_suites())]


def _options(plan_path: Path) -> list[str]:
    kit = kit_dir()
    return [
        f"--config-file={kit / 'pyproject.toml'}",
        f"--rootdir={kit}",
        *(f"-p{name}" for name in _PLUGINS),
        "-pno:cacheprovider",
        "-Wignore",  # a warning of a newer pytest is none of the implementation's faults
        "-pno:terminalreporter",
        f"--sockproof-plan={plan_path}",
        f"--ignore={_suites() / 'selftest'}",
    ]


def _quietly(arguments: list[str], watcher: object) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        status = _pytest(arguments, watcher)
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    return status


def _pytest(arguments: list[str], watcher: object) -> int:
    """What the user's shell says to pytest is not said to us; no byte code beside the kit."""
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    return plugin.run_pytest(arguments, [watcher])
