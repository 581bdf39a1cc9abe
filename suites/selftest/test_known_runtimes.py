"""What green runtimes are known not to keep is so without sockproof, and not of the interpreter.

What happens now and then only has no script of ``sockproof repro``: it is shown by itself, in
``fixtures/alone/``, where it is made likely.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import pytest

import fixtures
from sockproof.judge.expectations import known_expectations
from sockproof.spec.case_id import requirement_of
from sockproof.spec.catalogue import load_socket
from suites.selftest.runs import DEADLINE_S

ALONE = Path(fixtures.__file__).parent / "alone" / "runtimes.py"
SOCKETS_ALONE = ALONE.with_name("runtime_sockets.py")
# Drawn anew by each run: what they come to is shown by the cases of the steps that they take.
WALKS = "walks-go-as-modelled"
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


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(("behaviour", "runtime"), SHOWN)
def test_runtime_is_known_for_what_it_does(behaviour: str, runtime: str) -> None:
    """It is there over the runtime, and not without it."""
    assert shown(behaviour, runtime) == (1, SHOWN[behaviour, runtime])
    assert shown(behaviour) == (0, "it ends")


@functools.cache
def endings(*runtime: str) -> dict[str, str]:
    """How each case of the sockets ends, by its id."""
    command = [sys.executable, "-sE", "-W", "ignore", str(SOCKETS_ALONE), *runtime]
    told = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    return dict(line.split(": ", 1) for line in told.stdout.splitlines())


@pytest.mark.by_turns(24)
@pytest.mark.parametrize("runtime", ["gevent", "eventlet"])
def test_sockets_of_a_runtime_deviate_just_where_that_is_known(runtime: str) -> None:
    """Each case that is known ends otherwise over the runtime than without it, and no other does
    of those that some runtime is known for."""
    known = [one for one in known_expectations() if one.runtime == runtime]
    level = sys.version_info[:2]
    held = [id_ for id_ in endings() if not load_socket()[requirement_of(id_)].why_not(level)]
    expected = {id_ for id_ in held if any(one.matches(id_) for one in known)}

    own = endings(runtime)

    assert {id_ for id_ in held if own[id_] != endings()[id_]} == expected
    of_sockets = [one for one in known if one.case.startswith("socket/") and WALKS not in one.case]
    assert all(any(map(one.matches, endings())) for one in of_sockets)


def test_what_cannot_be_told_is_neither() -> None:
    """Such as what a runtime does that is not installed, or that nobody knows."""
    command = [sys.executable, "-sE", str(ALONE), "endless-sendto", "no_such_runtime"]
    assert subprocess.run(command, capture_output=True, timeout=DEADLINE_S).returncode == 2
