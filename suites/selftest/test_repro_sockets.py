"""Stand-alone scripts of cases with plain sockets need Python alone, and show what is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import suites.socket
from sockproof.mutation.socket_mutants import load_socket_mutants
from sockproof.repro.script_text import modules_for
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
    "failed-files-end-there": "socket/sendfile-tells-of-a-file-that-fails",
    "first-address-alone": "socket/create-connection-goes-on-to-the-next[inet]",
    "given-up-sockets-are-left": "socket/calls-close-what-they-give-up[server-cannot-be]",
    "copy-of-a-shut-socket-is-closed": "socket/walks-go-as-modelled[stream path]",
}
DEADLINE_S = 240
SUITE = next(iter(suites.socket.__path__))


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


# Below Python's own.
LOSING = """
class socket(socket):
    def sendall(self, data, *flags):
        data = bytes(data)
        return super().sendall(data[:-90] + b"?" + data[-89:] if len(data) > 600 else data, *flags)
"""


@pytest.mark.by_turns(12)
def test_script_tells_long_values_from_where_they_differ(tmp_path: Path) -> None:
    """Not twelve million octets of which one is wrong."""
    (tmp_path / "losing.py").write_text(SOURCE.read_text("utf-8") + LOSING, "utf-8")
    case = "socket/sendall-sends-all-of-it[timeout]"

    words = ("repro", case, "--iut", "losing.py", "--shorten", "1", "-o", "repro.py")
    made = run(tmp_path, "-m", "sockproof", *words)
    shown = run(tmp_path, "repro.py", "losing.py")

    assert made.returncode == 0, made.stderr
    assert shown.returncode == 1
    expected, observed = shown.stdout.splitlines()
    assert (expected.count("?"), observed.count("?")) == (0, 1)
    assert expected.endswith(" characters)")
    assert len(shown.stdout) < 2000


@pytest.mark.by_turns(3)
def test_copy_under_another_name_tells_the_same(tmp_path: Path) -> None:
    """Python's own module in a file of one's own differs in no observation."""
    (tmp_path / "copied.py").write_text(SOURCE.read_text("utf-8"), "utf-8")
    words = ("run", "--area", "socket", "--iut", "copied.py", "--strict", "-k", "text-of")

    played = run(tmp_path, "-m", "sockproof", *words)

    assert played.returncode == 0, played.stdout + played.stderr


def test_script_imports_every_library_of_steps() -> None:
    """That any case of sockets calls something of."""
    cases = "\n".join(path.read_text("utf-8") for path in Path(SUITE).glob("*.py"))
    libraries = set(re.findall(r"library\(\"([\w.]+)\"\)", cases))

    assert {"os", "operator"} <= libraries
    assert [name for name in libraries if modules_for([f"{name}.call()"]) != [name]] == []
