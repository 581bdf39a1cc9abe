"""The same mutants judged by CPython's own ``test.test_socketserver``, for comparison.

Each runs in a process of the interpreter with the mutant first on its path, with the resource
``network``, and with regrtest's own accounting of threads and children (``--fail-env-changed``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from sockproof.iut.implementation import Implementation

__all__ = ["judge_by_cpython", "why_not"]

KILLED, SURVIVED = "killed", "survived"
_PROGRAM = """
import runpy, sys
sys.path.insert(0, {folder!r})
import socketserver
if not socketserver.__file__.startswith({folder!r}):
    sys.exit("another socketserver came first: " + socketserver.__file__)
sys.argv[:] = ["test", "-u", "network", "--fail-env-changed", "test_socketserver"]
runpy.run_module("test", run_name="__main__", alter_sys=True)
"""
# The bound for a mutant: so many times what the untouched module takes, and no less than 10 s.
_TIMES, _LEAST_S = 8, 10.0


def why_not(implementation: Implementation, folder: Path) -> tuple[str, float]:
    """Why the tests cannot judge here, or nothing; and the bound for a mutant in seconds.

    ``folder`` holds the untouched module, which they must pass.
    """
    began_s = time.monotonic()
    status, output = _run(implementation, folder, 120.0)
    if status == 0:
        return "", max(_LEAST_S, _TIMES * (time.monotonic() - began_s))
    if "No module named" in output or "test_socketserver failed" not in output:
        lines = [line for line in output.splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit status {status}"
        return f"the interpreter has no test.test_socketserver that runs: {reason}", 0.0
    return "test.test_socketserver does not pass on the untouched module", 0.0


def judge_by_cpython(
    implementation: Implementation,
    folders: Sequence[Path],
    bound_s: float,
    workers: int,
    progress: Callable[[int, int], None],
) -> dict[Path, str]:
    """``killed`` or ``survived`` for each folder that holds a socketserver.py."""
    found: dict[Path, str] = {}
    with ThreadPoolExecutor(max(1, workers)) as pool:
        judged = pool.map(lambda folder: _run(implementation, folder, bound_s), folders)
        for folder, (status, _) in zip(folders, judged, strict=True):
            found[folder] = SURVIVED if status == 0 else KILLED
            progress(len(found), len(folders))
    return found


def _run(implementation: Implementation, folder: Path, bound_s: float) -> tuple[int | None, str]:
    """The status of the process, None when it took too long and was killed; and its output."""
    program = _PROGRAM.format(folder=str(folder))
    with (
        TemporaryDirectory(dir=folder) as place,
        subprocess.Popen(
            [*implementation.argv, "-c", program],
            cwd=place,
            env={**implementation.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        try:
            output = process.communicate(timeout=bound_s)[0]
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            with contextlib.suppress(ProcessLookupError):  # whatever is left of its session's group
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output
