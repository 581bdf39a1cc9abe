"""Finding interpreters, in folders made of links to a real one and of scripts that are none."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sockproof.iut import discovery
from sockproof.iut.discovery import FoundInterpreter, discover_interpreters, find_interpreter

REAL_PYTHON = Path(sys.executable).resolve()
THIS_VERSION = sys.version.split()[0]

MakeFolder = Callable[[str], Path]


@pytest.fixture
def folder_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeFolder:
    """Makes a folder below tmp_path and appends it to a PATH that begins empty; pyenv is empty too.

    ``/bin`` and ``/usr/bin`` are not in that PATH: what is found is what the test has put there.
    """
    folders: list[Path] = []
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", "")

    def make(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        folders.append(folder)
        monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))
        return folder

    return make


def link_python(folder: Path, name: str) -> Path:
    """A link in ``folder`` to the interpreter that runs this test."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.symlink_to(REAL_PYTHON)
    return path


def write_script(folder: Path, name: str, body: str) -> Path:
    """An executable shell script; ``body`` is its second line and those after it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_name_is_found_in_first_folder_of_path(folder_on_path: MakeFolder) -> None:
    """A command name means the first folder of PATH that has it, and links stay as they are."""
    first = link_python(folder_on_path("first"), "python3")
    link_python(folder_on_path("second"), "python3")

    assert find_interpreter("python3") == first


def test_file_that_cannot_be_executed_is_passed_over(folder_on_path: MakeFolder) -> None:
    """A file without the right to execute it, or a folder of that name, is not a command."""
    (folder_on_path("first") / "python3").write_text("")
    (folder_on_path("second") / "python3").mkdir()
    third = link_python(folder_on_path("third"), "python3")

    assert find_interpreter("python3") == third


def test_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is made absolute, and not looked up in PATH."""
    link = link_python(tmp_path, "my python")
    monkeypatch.chdir(tmp_path)

    assert find_interpreter("./my python") == link


@pytest.mark.parametrize("name", ["", "python9.9", "./python9.9", "/nowhere/python3"])
def test_unknown_name_is_none(name: str, folder_on_path: MakeFolder) -> None:
    """What is neither a file, nor on PATH, nor among pyenv's versions, is not found."""
    folder_on_path("bin")

    assert find_interpreter(name) is None


def test_shim_is_asked_what_it_runs(folder_on_path: MakeFolder, tmp_path: Path) -> None:
    """A pyenv shim stands for the interpreter it runs, even where another version is newer."""
    chosen = link_python(tmp_path / "pyenv/versions/3.11.7/bin", "python3")
    link_python(tmp_path / "pyenv/versions/3.13.0/bin", "python3")
    write_script(folder_on_path("pyenv/shims"), "python3", f"exec '{chosen}' \"$@\"")

    assert find_interpreter("python3") == chosen


def test_refusing_shim_leads_to_newest_version(folder_on_path: MakeFolder, tmp_path: Path) -> None:
    """Where a shim refuses, the newest of pyenv's versions that has the command is taken."""
    for version in ("3.9.18", "3.14.0rc1", "3.14.0", "3.13.11", "pypy3.20-8.0", "system-copy"):
        link_python(tmp_path / "pyenv/versions" / version / "bin", "python3")
    (tmp_path / "pyenv/versions/3.15.0/bin").mkdir(parents=True)
    write_script(folder_on_path("pyenv/shims"), "python3", "echo command not found >&2; exit 127")

    assert find_interpreter("python3") == tmp_path / "pyenv/versions/3.14.0/bin/python3"


def test_shim_given_as_path_is_asked_too(folder_on_path: MakeFolder, tmp_path: Path) -> None:
    """The path of a shim is no more an interpreter than its name."""
    chosen = link_python(tmp_path / "elsewhere", "python3")
    shim = write_script(folder_on_path("pyenv/shims"), "python3", f"exec '{chosen}' \"$@\"")

    assert find_interpreter(str(shim)) == chosen


def test_shim_that_leads_nowhere_is_passed_over(folder_on_path: MakeFolder) -> None:
    """After a shim that refuses, with no version to take, the rest of PATH is looked at."""
    write_script(folder_on_path("pyenv/shims"), "python3", "exit 127")
    behind = link_python(folder_on_path("bin"), "python3")

    assert find_interpreter("python3") == behind


def test_version_is_found_without_shims_on_path(folder_on_path: MakeFolder, tmp_path: Path) -> None:
    """pyenv's versions are found where its shims are not on PATH."""
    folder_on_path("bin")
    link = link_python(tmp_path / "pyenv/versions/3.13.0/bin", "python3.13")

    assert find_interpreter("python3.13") == link


def test_folder_named_shims_elsewhere_is_no_pyenv(folder_on_path: MakeFolder) -> None:
    """Only below a pyenv root are the files in a folder called shims taken for shims."""
    link = link_python(folder_on_path("shims"), "python3")

    assert find_interpreter("python3") == link


def test_discovery_lists_each_real_executable_once(
    folder_on_path: MakeFolder, tmp_path: Path
) -> None:
    """Links, several names, a wrapper and a pyenv version of one interpreter are one entry."""
    folder = folder_on_path("bin")
    for name in ("python", "python3", "python3.11", "pypy3"):
        link_python(folder, name)
    write_script(folder, "python3.12", f"exec '{REAL_PYTHON}' \"$@\"")
    link_python(tmp_path / "pyenv/versions/3.11.7/bin", "python3")

    assert [(found.path, found.version, found.problem) for found in discover_interpreters()] == [
        (REAL_PYTHON, THIS_VERSION, "")
    ]


def test_discovery_names_what_it_found(folder_on_path: MakeFolder) -> None:
    """An interpreter is shown as people call it."""
    link_python(folder_on_path("bin"), "python3")

    (found,) = discover_interpreters()

    assert found.implementation == sys.implementation.name
    assert found.name.split() == [found.name.split()[0], THIS_VERSION]
    assert FoundInterpreter(Path("/x"), "pypy", "3.9.16").name == "PyPy 3.9.16"


def test_discovery_ignores_other_commands_and_shims(
    folder_on_path: MakeFolder, tmp_path: Path
) -> None:
    """Only commands named as interpreters are run, and never a shim, which would count twice."""
    trace = tmp_path / "was run"
    folder = folder_on_path("bin")
    for name in ("python3-config", "python-argcomplete", "pypy3compile", "python3.6m", "pythonw"):
        write_script(folder, name, f"touch '{trace}'")
    write_script(folder_on_path("pyenv/shims"), "python3", f"touch '{trace}'")

    assert discover_interpreters() == []
    assert not trace.exists()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("exit 1", "ended with status 1: it printed 'nothing'"),
        ("echo; echo no such version >&2; exit 127", "ended with status 127: it printed 'no such"),
        ("echo garbage", "is no Python: it printed 'garbage'"),
        ("printf '\\377\\376'", "is no Python: it printed"),
        ("echo sockproof:/bin/sh", "is no Python: it printed 'sockproof:/bin/sh'"),
        ("kill -9 $$", "ended with status -9"),
    ],
)
def test_discovery_says_what_is_wrong(body: str, problem: str, folder_on_path: MakeFolder) -> None:
    """What cannot say its version is listed with the reason, after all that can."""
    folder = folder_on_path("bin")
    broken = write_script(folder, "python2.7", body)
    link_python(folder, "python3")

    works, fails = discover_interpreters()

    assert works.path == REAL_PYTHON
    assert (fails.path, fails.name, fails.version) == (broken, "python2.7", "")
    assert fails.problem.startswith(problem)


def test_discovery_says_when_nothing_starts(folder_on_path: MakeFolder) -> None:
    """A file that the system refuses to execute is a problem of that file alone."""
    path = folder_on_path("bin") / "python3"
    path.write_text("#!/nowhere/interpreter\n")
    path.chmod(0o755)

    (found,) = discover_interpreters()

    assert found.problem == "cannot be started: No such file or directory"


@pytest.mark.by_turns(3)
def test_discovery_does_not_wait_longer_than_deadline(
    folder_on_path: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that never answers is given up, and what it started is ended with it."""
    held = tmp_path / "held by the script and its child"
    os.mkfifo(held)
    end = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    body = f"exec 3>'{held}'; /bin/sleep 600; echo garbage"
    write_script(folder_on_path("bin"), "python3", body)
    started = time.monotonic()

    monkeypatch.setattr(discovery, "DEADLINE_S", 3.0)
    (found,) = discover_interpreters()

    assert found.problem == "gave no answer within 3 s"
    assert time.monotonic() - started < 300
    assert select.select([end], [], [], 60)[0], "its child still runs"
    assert os.read(end, 1) == b""
    os.close(end)


def test_discovery_gives_no_input(folder_on_path: MakeFolder) -> None:
    """A script that reads its standard input gets the end of it at once."""
    write_script(folder_on_path("bin"), "python3", 'read line || echo "end of input"')

    (found,) = discover_interpreters()

    assert found.problem == "is no Python: it printed 'end of input'"


def test_discovery_survives_strange_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing folders, files and empty entries in PATH are passed over."""
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "missing"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "missing"), "", str(file)]))

    assert discover_interpreters() == []


def test_current_folder_takes_no_part(
    folder_on_path: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules that lie in the current folder, or on PYTHONPATH, do not change what is found."""
    link_python(folder_on_path("bin"), "python3")
    for module in ("site.py", "json.py", "encodings.py", "usercustomize.py"):
        (tmp_path / module).write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    (found,) = discover_interpreters()

    assert (found.version, found.problem) == (THIS_VERSION, "")


def test_this_machine(tmp_path: Path) -> None:
    """With the environment as it is, what runs this test or its base is among the found, working.

    The interpreter's folder is added to PATH: a test may be run by one that is not on it.
    """
    code = (
        "from sockproof.iut.discovery import discover_interpreters\n"
        "for found in discover_interpreters(): print(found.path, found.problem or 'works')"
    )
    harness = Path(sys.modules[FoundInterpreter.__module__].__file__ or "").parents[2]
    path = os.pathsep.join([str(REAL_PYTHON.parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(harness)}

    output = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert f"{REAL_PYTHON} works" in output.splitlines()
