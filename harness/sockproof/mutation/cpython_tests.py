"""The same mutants judged by CPython's own tests of the module, for comparison.

Each runs in a process of the interpreter with the mutant first on its path, and with regrtest's own
accounting of threads and children (``--fail-env-changed``).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sockproof.iut.implementation import Implementation
from sockproof.spec.area_names import SERVERS, SOCKETS

__all__ = ["CpythonTests", "usable_tests"]

KILLED, SURVIVED = "killed", "survived"
_PROGRAM = """
import runpy, sys
sys.path.insert(0, {folder!r})
import {module}
if not {module}.__file__.startswith({folder!r}):
    sys.exit("another {module} came first: " + {module}.__file__)
sys.argv[:] = ["test", "-v", *{options!r}, "--fail-env-changed", "test_{module}"]
runpy.run_module("test", run_name="__main__", alter_sys=True)
"""
# What the tests of a module are given. Those of sockets need more of a network than loopback for
# that resource; what they try once more with UDP-Lite and options of IPv6 is all in _socket.
_OPTIONS = {
    SERVERS: ("-u", "network"),
    SOCKETS: ("-i", "*UDPLITE*", "-i", "*RFC3542*"),
}
# The bound for a mutant: so many times what the untouched module takes, and no less than 10 s.
# Tests of sockets mostly wait, and one that hangs takes all of it.
_TIMES = {SERVERS: 8, SOCKETS: 3}
_LEAST_S = 10.0
_UNTOUCHED_S = 180.0
# How often the untouched module is played until it passes: some of their tests fail now and then.
_ROUNDS = 4
# A test that fails, as unittest names it; the class stands last, or before the test's own name.
_FAILED = re.compile(r"^(?:ERROR|FAIL): (\w+) \(([\w.]+)\)", re.MULTILINE)


@dataclass(frozen=True)
class CpythonTests:
    """Those of a module: ``left_out`` are globs of tests that the untouched one fails here.

    ``bound_s`` is what a mutant has until it counts as hanging; ``match`` are globs of the tests to
    run, none for all.
    """

    implementation: Implementation
    module: str
    left_out: tuple[str, ...] = ()
    bound_s: float = _UNTOUCHED_S
    match: tuple[str, ...] = ()

    def judge(
        self, folders: Sequence[Path], workers: int, progress: Callable[[int, int], None]
    ) -> dict[Path, str]:
        """``killed`` or ``survived`` for each folder that holds a module."""
        found: dict[Path, str] = {}
        with ThreadPoolExecutor(max(1, workers)) as pool:
            for folder, word in zip(folders, pool.map(self._word, folders), strict=True):
                found[folder] = word
                progress(len(found), len(folders))
        return found

    def _word(self, folder: Path) -> str:
        """Killed by what comes again: a test that hangs now and then is not the mutant's."""
        return SURVIVED if 0 in (self.run(folder)[0] for _ in range(2)) else KILLED

    def run(self, folder: Path) -> tuple[int | None, str]:
        """The status of the process, None when it took too long and was killed; and its output."""
        options = [*_OPTIONS[self.module], *(w for glob in self.left_out for w in ("-i", glob))]
        if self.match:  # an older regrtest does not know both
            wanted = (glob for glob in self.match if glob not in self.left_out)
            options = [word for glob in wanted for word in ("-m", glob)]
        program = _PROGRAM.format(folder=str(folder), module=self.module, options=options)
        implementation = self.implementation
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
                output = process.communicate(timeout=self.bound_s)[0]
            except subprocess.TimeoutExpired:
                return None, ""
            finally:
                with contextlib.suppress(ProcessLookupError):  # of all that is left of its group
                    os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, output


def usable_tests(tests: CpythonTests, untouched: Path) -> tuple[CpythonTests, str]:
    """The tests as they can judge here, and why they cannot, or nothing.

    ``untouched`` is the folder of the untouched module; what fails there judges no mutant.
    """
    for _ in range(_ROUNDS):
        began_s = time.monotonic()
        status, output = tests.run(untouched)
        if status == 0:
            took_s = time.monotonic() - began_s
            bound_s = max(_LEAST_S, _TIMES[tests.module] * took_s)
            return dataclasses.replace(tests, bound_s=bound_s), ""
        if "No module named" in output or f"test_{tests.module} failed" not in output:
            lines = [line for line in output.splitlines() if line.strip()]
            reason = lines[-1] if lines else f"exit status {status}"
            return tests, f"the interpreter has no test.test_{tests.module} that runs: {reason}"
        left_out = dict.fromkeys((*tests.left_out, *_failed(output)))
        tests = dataclasses.replace(tests, left_out=tuple(left_out))
    return tests, f"test.test_{tests.module} does not pass on the untouched module"


def _failed(output: str) -> Iterator[str]:
    """Globs of the tests that failed."""
    for name, path in dict.fromkeys(_FAILED.findall(output)):
        *_, last = path.removesuffix(f".{name}").split(".")
        yield f"*{last}.{name}"
