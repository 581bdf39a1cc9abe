"""Finding the Python interpreters of this machine, on PATH and among pyenv's versions.

A pyenv shim is a script that runs whichever version the user has chosen, or refuses when that
version has no such command. It is never an implementation under test itself: what it would run is.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sockproof._paths import expanded

__all__ = ["DEADLINE_S", "FoundInterpreter", "discover_interpreters", "find_interpreter"]

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
    for path in _on_path(name):
        found = _behind_shim(path)
        if found is not None:
            return found
    return _in_versions(name)


def discover_interpreters(deadline_s: float = DEADLINE_S) -> list[FoundInterpreter]:
    """Every interpreter on PATH and among pyenv's versions, each real executable once.

    Ordered by implementation, then version; those that do not run come last. Each is started
    once, and may take ``deadline_s`` to answer.
    """
    candidates = list({path.resolve(): path for path in _candidates()})
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        asked = pool.map(lambda path: _ask(path, deadline_s), candidates)
        found = {interpreter.path: interpreter for interpreter in asked}
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
    answer = _run(path, DEADLINE_S)
    return Path(answer.executable) if isinstance(answer, _Answer) else _in_versions(path.name)


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


@dataclass(frozen=True)
class _Answer:
    executable: str
    implementation: str
    version: str


def _candidates() -> Iterator[Path]:
    yield from _interpreters_in(folder for folder in _path_folders() if not _is_shim_folder(folder))
    yield from _interpreters_in(_version_folders())


def _interpreters_in(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            paths = sorted(folder.iterdir())
        except OSError:  # PATH may name what is no folder, or not ours to read
            continue
        for path in paths:
            if _COMMAND_NAME.fullmatch(path.name) and _is_executable(path):
                yield path


def _ask(path: Path, deadline_s: float) -> FoundInterpreter:
    answer = _run(path, deadline_s)
    if isinstance(answer, str):
        return FoundInterpreter(path, "", "", problem=answer)
    real_path = Path(answer.executable).resolve()
    return FoundInterpreter(real_path, answer.implementation, answer.version)


def _run(path: Path, deadline_s: float) -> _Answer | str:
    """What the interpreter says of itself, or one line on why it does not."""
    try:
        process = subprocess.Popen(
            [path, *_OPTIONS, _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return f"cannot be started: {error.strerror}"
    with process:
        try:
            output, _ = process.communicate(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            # The whole group: a script that waits for something else leaves that behind.
            os.killpg(process.pid, signal.SIGKILL)
            return f"gave no answer within {deadline_s:g} s"
    return _read_answer(output.decode(errors="replace"), process.returncode)


def _read_answer(output: str, status: int) -> _Answer | str:
    lines = output.splitlines()
    fields = [line[len(_MARK) :] for line in lines if line.startswith(_MARK)]
    if status == 0 and len(fields) == 3 and fields[0]:
        return _Answer(*fields)
    excerpt = next((line.strip() for line in lines if line.strip()), "nothing")
    what = "is no Python" if status == 0 else f"ended with status {status}"
    return f"{what}: it printed {excerpt[:80]!r}"
