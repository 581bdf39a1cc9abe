"""Finding the Python interpreters of this machine, on PATH and among pyenv's versions.

A pyenv shim is a script that runs whichever version the user has chosen, or refuses when that
version has no such command. It is never an implementation under test itself: what it would run is.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sockproof._paths import expanded
from sockproof.iut.started import side_by_side, take_down
from sockproof.iut.survivor import keep

__all__ = [
    "DEADLINE_S",
    "FoundInterpreter",
    "asked_interpreter",
    "discover_interpreters",
    "find_interpreter",
    "is_discovered",
]

# How long an interpreter may take to say what it is; PyPy's first start is the slowest.
DEADLINE_S = 20.0

_COMMAND_NAME = re.compile(r"(python|pypy)(\d(\.\d+t?)?)?")
_DISPLAY_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}

# -S, -E and -s rather than -I, which 2.7 does not have. Nothing but sys is imported, so that no
# file of the current folder can take part.
_OPTIONS = ("-S", "-E", "-s", "-c")
_MARK = "sockproof:"
_PROBE = f"""
import sys
implementation = getattr(sys, "implementation", None)
old_name = "pypy" if hasattr(sys, "pypy_version_info") else "cpython"
name = implementation.name if implementation else old_name
for text in (sys.executable, name, sys.version.split()[0]):
    print("{_MARK}" + text)
"""


@dataclass(frozen=True)
class FoundInterpreter:
    """One interpreter, or one that should be and does not run.

    ``implementation`` is the lower-case name it gives itself (``cpython``, ``pypy``), ``version``
    its Python version (``3.13.0``); both are empty when ``problem`` says, in one line, why it
    could not be asked.
    """

    path: Path
    implementation: str
    version: str
    problem: str = ""

    @property
    def name(self) -> str:
        """For people: ``CPython 3.13.0``; the path's last part where that is not known."""
        if self.problem:
            return self.path.name
        return f"{_DISPLAY_NAMES.get(self.implementation, self.implementation)} {self.version}"


def find_interpreter(name: str) -> Path | None:
    """The interpreter that a path or a command name stands for; None when there is none.

    A command name is looked up in PATH, then among pyenv's versions, the newest first. Where PATH
    leads to a pyenv shim, the shim is asked for the interpreter it runs, and when it refuses,
    pyenv's versions are next.
    """
    if os.sep in name:
        path = _absolute(expanded(name))
        return _behind_shim(path) if _is_executable(path) else None
    found = filter(None, map(_behind_shim, _on_path(name)))
    return next(found, None) or _in_versions(name)


def is_discovered(path: Path) -> bool:
    """Whether it is one of those that are looked for, where they are looked for: by its name, on
    PATH or among pyenv's versions. A folder of PATH that depends on where one is does not count.
    Nothing is started."""
    folders = [Path(entry) for entry in os.get_exec_path() if Path(entry).is_absolute()]
    is_there = path.parent in (*folders, *_version_folders()) and not _is_shim_folder(path.parent)
    return is_there and bool(_COMMAND_NAME.fullmatch(path.name)) and _is_executable(path)


def discover_interpreters() -> list[FoundInterpreter]:
    """Every interpreter on PATH and among pyenv's versions, each real executable once.

    Ordered by implementation, then version; those that do not run come last. Each is started
    once, and may take DEADLINE_S to answer.
    """
    candidates = list({path.resolve(): path for path in _candidates()})
    asked = side_by_side(asked_interpreter, candidates, os.cpu_count() or 1)
    real = (one if one.problem else replace(one, path=one.path.resolve()) for one in asked)
    found = {one.path: one for one in real}
    return sorted(found.values(), key=_order)


def _order(found: FoundInterpreter) -> tuple[bool, str, tuple[int, ...], str]:
    return bool(found.problem), found.implementation, _numbers(found.version), str(found.path)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


def _absolute(path: Path) -> Path:
    # Links are kept: a virtual environment's interpreter is another one than the file it links to.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _is_executable(path: Path) -> bool:
    # Not Path.is_file(), which raises where a folder on PATH may not be entered.
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113


def _path_folders() -> Iterator[Path]:
    return (_absolute(Path(entry)) for entry in os.get_exec_path())


def _on_path(name: str) -> Iterator[Path]:
    return (folder / name for folder in _path_folders() if _is_executable(folder / name))


# pyenv: $PYENV_ROOT/shims/NAME are scripts, $PYENV_ROOT/versions/VERSION/bin/NAME interpreters.


def _pyenv_root() -> Path:
    return _absolute(expanded(os.environ.get("PYENV_ROOT") or "~/.pyenv"))


def _is_shim_folder(folder: Path) -> bool:
    return folder.name == "shims" and _pyenv_root() in folder.parents


def _behind_shim(path: Path) -> Path | None:
    """``path`` itself, or what it runs where it is a shim; None for a shim that runs nothing."""
    if not _is_shim_folder(path.parent):
        return path
    found = asked_interpreter(path)
    return _in_versions(path.name) if found.problem else found.path


def _version_folders() -> list[Path]:
    """The ``bin`` folders of pyenv's versions, newest first, other implementations last."""
    versions = _pyenv_root() / "versions"
    if not os.access(versions, os.R_OK | os.X_OK):
        return []  # none, or those of another user
    return sorted(versions.glob("*/bin"), key=lambda folder: _age(folder.parent.name), reverse=True)


def _age(version: str) -> tuple[bool, tuple[int, ...], bool]:
    """Sorts ``pypy3.10-7.3.12`` < ``3.14.0rc1`` < ``3.14.0``."""
    match = re.match(r"\d+(\.\d+)*", version)
    numbers = match.group() if match else ""
    return bool(match), _numbers(numbers or version), numbers == version


def _in_versions(name: str) -> Path | None:
    paths = (folder / name for folder in _version_folders())
    return next((path for path in paths if _is_executable(path)), None)


# Asking


def _candidates() -> Iterator[Path]:
    on_path = [folder for folder in _path_folders() if not _is_shim_folder(folder)]
    for folder in on_path + _version_folders():
        try:
            paths = sorted(folder.iterdir())
        except OSError:  # PATH may name what is no folder, or not ours to read
            continue
        for path in paths:
            if _COMMAND_NAME.fullmatch(path.name) and _is_executable(path):
                yield path


def asked_interpreter(path: Path) -> FoundInterpreter:
    """What the interpreter says of itself, its path too; or one line on why it does not."""
    silent = FoundInterpreter(path, "", "")
    try:
        keep()
        process = subprocess.Popen(
            [path, *_OPTIONS, _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return replace(silent, problem=f"cannot be started: {error.strerror}")
    take_down(process)
    with process:
        try:
            output, _ = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            # The whole group: a script that waits for something else leaves that behind.
            os.killpg(process.pid, signal.SIGKILL)
            return replace(silent, problem=f"gave no answer within {DEADLINE_S:g} s")
    lines, status = output.decode(errors="replace").splitlines(), process.returncode
    fields = [line[len(_MARK) :] for line in lines if line.startswith(_MARK)]
    if status == 0 and len(fields) == 3 and fields[0]:
        return FoundInterpreter(Path(fields[0]), *fields[1:])
    excerpt = next((line.strip() for line in lines if line.strip()), "nothing")
    what = "is no Python" if status == 0 else f"ended with status {status}"
    return replace(silent, problem=f"{what}: it printed {excerpt[:80]!r}")
