"""Stand-alone scripts of cases with plain sockets need Python alone, and show what is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sockproof.mutation.socket_mutants import load_socket_mutants
from suites.selftest.mutant_files import write_mutant
from suites.selftest.runs import environment
from suites.selftest.test_socket_mutants import SOURCE

# By mutant: a case that detects it.
CASES = {
    "sendfile-drops-its-offset": "socket/sendfile-sends-its-part[offset]",
    "accept-tells-the-own-address": "socket/accept-gives-connection-and-address[inet]",
    "timeout-of-a-connection-is-dropped": "socket/create-connection-sets-the-timeout[5-s]",
    "family-of-a-descriptor-is-not-asked-for": "socket/socket-of-a-descriptor-finds-its-family",
    "recv-never-waits": "socket/recv-waits-for-octets[no timeout]",
    "recv-is-interrupted": "socket/interrupted-call-goes-on[recv]",
    "copy-of-a-shut-socket-is-closed": "socket/walks-go-as-modelled[stream path]",
}
DEADLINE_S = 240


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )


@pytest.mark.by_turns(len(CASES))
@pytest.mark.parametrize("mutant", CASES)
def test_script_shows_what_is_wrong(mutant: str, tmp_path: Path) -> None:
    """With 1 on the mutant, and with 0 on the interpreter's own module; bound to loopback alone."""
    described = next(one for one in load_socket_mutants() if one.id == mutant)
    wrong = write_mutant(described, SOURCE, tmp_path)

    made = run(
        tmp_path, "-m", "sockproof", "repro", CASES[mutant], "--iut", str(wrong), "-o", "repro.py"
    )

    assert made.returncode == 0, made.stderr
    text = (tmp_path / "repro.py").read_text("utf-8")
    assert "sockproof" not in text
    assert ".listen(" not in text or ".bind(" in text
    assert run(tmp_path, "repro.py", str(wrong)).returncode == 1
    assert run(tmp_path, "repro.py").returncode == 0
