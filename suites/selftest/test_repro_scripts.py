"""Stand-alone scripts: what they show is there on the broken module, and gone on the untouched."""

from __future__ import annotations

import ast
import socketserver
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.mutation.named import load_mutants
from suites.selftest.agents import running_interpreter
from suites.selftest.mutant_files import write_mutant
from suites.selftest.runs import DEADLINE_S, Ended, sockproof_
from suites.selftest.shown_failures import SHOWN

MUTANTS = {mutant.id: mutant for mutant in load_mutants()}
LINES_MAX = 140
"""About a hundred, and some more where a server is let come to rest between requests, and where a
busy machine leaves little time to shorten it."""
LONGER = {"def count": 190, "def end_session": 190, "class Tls": 170}
"""With what a case has its process run to count descriptors, with what finds odd children, or
with TLS by hand and a certificate."""
THERE, GONE, NOT_TOLD = 1, 0, 2
PYTHON_2 = running_interpreter("python2.7")
HURRY = ("--shorten", "8")
QUICK = {"SOCKPROOF_TIMEOUT_SCALE": "0.3"}
"""What hangs here hangs for good."""
PARTS = 48
"""The turns in which all scripts are written and run; each takes several seconds."""


def write_script(folder: Path, iut: str, *given: str, hurry: tuple[str, ...] = HURRY) -> Path:
    """The script that ``sockproof repro`` writes for a case, or what stands for one."""
    script = folder / "repro.py"
    chosen = ("--iut", iut) if iut else ()
    ended = sockproof_(folder, "repro", *given, *chosen, "-o", script.name, *hurry, **QUICK)
    assert ended.status == 0, ended.stderr
    assert not [path for path in folder.iterdir() if path.is_socket()]  # of servers it tried
    return script


def broken(folder: Path, mutant: str) -> str:
    """The module that a mutant is."""
    return str(write_mutant(MUTANTS[mutant], Path(socketserver.__file__), folder))


def run_alone(script: Path, *arguments: str, python: str = sys.executable) -> Ended:
    """Run a script without anything of ours on its path."""
    ended = subprocess.run(
        [python, "-sE", str(script), *arguments],
        cwd=script.parent,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize(("mutant", "case"), SHOWN, ids=[case for _, case in SHOWN])
def test_script_shows_the_behaviour(mutant: str, case: str, tmp_path: Path) -> None:
    """It ends with 1 on the broken module and with 0 on the untouched, and is short and clean."""
    module = broken(tmp_path, mutant)
    assert_shown(write_script(tmp_path, module, case), module)


def assert_shown(script: Path, module: str) -> None:
    """The script shows what is wrong with the module, and nothing wrong with this Python's."""
    with ThreadPoolExecutor(2) as pool:
        wrong, right = pool.map(lambda given: run_alone(script, *given), [(module,), ()])
    assert (wrong.status, right.status) == (THERE, GONE), wrong.stderr + right.stderr
    assert "expected: " in wrong.stdout
    assert "observed: " in wrong.stdout
    text = script.read_text("ascii")
    longer = [most for name, most in LONGER.items() if f"{name}(" in text]
    assert len(text.splitlines()) <= max(longer, default=LINES_MAX)
    assert "sockproof" not in text
    assert imports_of(text) <= sys.stdlib_module_names
    assert PYTHON_2 is None or compiles(script, str(PYTHON_2))


def compiles(script: Path, python: str) -> bool:
    return subprocess.run([python, "-m", "py_compile", str(script)]).returncode == 0


def imports_of(text: str) -> set[str]:
    tree = ast.walk(ast.parse(text))
    return {alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names}


@pytest.mark.by_turns(16)
@pytest.mark.parametrize(
    ("mutant", "case"),
    [
        (
            "forbidden-path-becomes-a-name",
            "unix/directory-without-permission[UnixStream/path,not-searchable]",
        ),
        (
            "datagram-has-a-copy-of-the-socket",
            "resources/datagrams-are-served-without-free-descriptor[UnixDatagram/path]",
        ),
    ],
    ids=["as another user", "without a descriptor"],
)
def test_script_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mutant: str, case: str
) -> None:
    """Whatever it has made of its own process by then."""
    module, scratch = broken(tmp_path, mutant), tmp_path / "scratch"
    script = write_script(tmp_path, module, case)
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))

    ended = [run_alone(script, module).status, run_alone(script).status]

    assert ended == [THERE, GONE]
    assert list(scratch.iterdir()) == []


@pytest.mark.by_turns(16)
def test_request_that_is_forgotten_is_not_closed(tmp_path: Path) -> None:
    """A socket that the server loses stays open: the script keeps it, as the agent does."""
    module = partner("keeps_refused")
    script = write_script(tmp_path, module, "dispatch/refused-request-is-closed[ThreadingTCP/inet]")

    assert_shown(script, module)
    assert "kept.append(request)" in script.read_text("ascii")


@pytest.mark.by_turns(16)
def test_interrupt_meets_what_runs_in_the_main_thread(tmp_path: Path) -> None:
    """Python raises KeyboardInterrupt in no other: there the script calls what is interrupted."""
    module = broken(tmp_path, "with-statement-swallows-exceptions")

    script = write_script(tmp_path, module, "serving/interrupt-leaves-the-with-statement[TCP/inet]")

    assert run_alone(script, module).status == THERE
    assert run_alone(script).status == GONE
    assert ".beside(others)" in script.read_text("ascii")


@pytest.mark.by_turns(16)
@pytest.mark.skipif(PYTHON_2 is None, reason="no python2.7 here")
def test_script_runs_on_python_2(tmp_path: Path) -> None:
    """A broken SocketServer of Python 2.7 is shown by that Python itself."""
    closes = "        else:\n            self.shutdown_request(request)"
    ask = [str(PYTHON_2), "-c", "import SocketServer as s; print(s.__file__.rstrip('c'))"]
    source = Path(subprocess.check_output(ask, text=True).strip()).read_text("utf-8")
    assert source.count(closes) == 1
    module, script = tmp_path / "broken.py", tmp_path / "repro.py"
    module.write_text(source.replace(closes, "        else:\n            self.kept = request"))
    case, iut = "dispatch/refused-request-is-closed[TCP/inet]", f"./broken.py@{PYTHON_2}"

    write_script(tmp_path, iut, case)

    assert run_alone(script, str(module), python=str(PYTHON_2)).status == THERE
    assert run_alone(script, python=str(PYTHON_2)).status == GONE


@pytest.mark.by_turns(16)
def test_behaviour_of_every_version_is_shown(tmp_path: Path) -> None:
    """Where this Python's own module is not right either, the script shows what the case saw."""
    case = "forking/max-children-under-handle-request[ForkingTCP/inet]"

    shown = run_alone(write_script(tmp_path, sys.executable, case))

    assert shown.status == THERE, shown.stderr
    assert shown.stdout.count("'at gate hold'") == 5  # two are promised, three were seen


@pytest.mark.by_turns(5)
def test_script_that_cannot_tell_ends_with_2(tmp_path: Path) -> None:
    """A module of which nothing can be used is neither right nor wrong."""
    case = "construction/context-manager-returns-the-server[TCP/inet]"
    script = write_script(tmp_path, broken(tmp_path, "with-gives-nothing"), case)
    (tmp_path / "empty.py").write_text("")

    assert run_alone(script, "empty.py").status == NOT_TOLD
