"""What green runtimes are known not to keep is so without sockproof, and not of the interpreter.

What happens now and then only has no script of ``sockproof repro``: it is shown by itself, in
``fixtures/alone/``, where it is made likely.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fixtures
from suites.selftest.runs import DEADLINE_S

ALONE = Path(fixtures.__file__).parent / "alone" / "runtimes.py"
SHOWN = {
    ("endless-sendto", "eventlet"): "it goes on for ever",
    ("missed-child", "gevent"): "it goes on for ever",
    ("stray-timeout", "gevent"): "Timeout is raised later",
}


def shown(*given: str) -> tuple[int, str]:
    """The exit status, and what is told at last."""
    command = [sys.executable, "-sE", "-W", "ignore", str(ALONE), *given]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S)
    assert ended.stdout, ended.stderr
    return ended.returncode, ended.stdout.splitlines()[-1]


@pytest.mark.by_turns(4)
@pytest.mark.parametrize(("behaviour", "runtime"), SHOWN)
def test_runtime_is_known_for_what_it_does(behaviour: str, runtime: str) -> None:
    """It is there over the runtime, and not without it."""
    assert shown(behaviour, runtime) == (1, SHOWN[behaviour, runtime])
    assert shown(behaviour) == (0, "it ends")


def test_what_cannot_be_told_is_neither() -> None:
    """Such as what a runtime does that is not installed, or that nobody knows."""
    command = [sys.executable, "-sE", str(ALONE), "endless-sendto", "no_such_runtime"]
    assert subprocess.run(command, capture_output=True, timeout=DEADLINE_S).returncode == 2
