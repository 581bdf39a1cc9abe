"""Runs scripts on implementations, finds one that shows a behaviour, and makes it shorter."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from sockproof.iut.implementation import Implementation
from sockproof.own_folder import own_folder
from sockproof.repro.standalone_script import Script

__all__ = ["GONE", "NOT_TOLD", "THERE", "Bench", "ScriptEnd", "Writing", "run_script", "shortened"]

GONE, THERE, NOT_TOLD = 0, 1, 2
DEADLINE_S = 90.0
_START = "sys.excepthook = "
# After so long a thread of a script gives way to another. A script whose outcome is a matter of who
# comes first shows that when they take turns very often, or seldom.
_SWITCHES_S = (None, 0.00001, 0.02)

# Writes the script without some of its parts, with a bound for what hangs.
Writing = Callable[[frozenset[str], float], Script]


@dataclass(frozen=True)
class ScriptEnd:
    """How a script ended, and what it printed."""

    status: int
    printed: str


@dataclass(frozen=True)
class Bench:
    """Where scripts are tried: on what shows a behaviour, and on what does not, if there is one.

    There ``preload``, the lines of a script that change what the interpreter has, are left out.
    """

    wrong: Implementation
    right: Implementation | None
    preload: str = ""

    def statuses(self, text: str) -> tuple[int, int]:
        """How the script ends on the one and on the other, at the same time; where there is no
        other, as it shall."""
        if self.right is None:
            return run_script(text, self.wrong).status, GONE
        with ThreadPoolExecutor(2) as pool:
            right = pool.submit(self.on_the_right, text)
            return run_script(text, self.wrong).status, right.result().status

    def on_the_right(self, text: str) -> ScriptEnd:
        """How the script ends on what does not show the behaviour; where there is none, as it
        shall."""
        if self.right is None:
            return ScriptEnd(GONE, "")
        bare = text.replace(f"\n{self.preload}\n", "\n", 1) if self.preload else text
        return run_script(bare, self.right)

    def may_show(self, text: str) -> bool:
        """Whether it is so twice, one after the other: a trial of many, most of which fail at
        once. Without a step that made the order, it may be so once by luck."""
        return all(
            self.on_the_right(one).status == GONE and run_script(one, self.wrong).status == THERE
            for one in (_switching(text, after_s) for after_s in _SWITCHES_S[-2:])
        )

    def shows(self, text: str, times: int) -> bool:
        """Whether the script says "there" on the one and "gone" on the other, each time; these run
        side by side, for what hangs takes its time."""
        texts = [_switching(text, _SWITCHES_S[n % len(_SWITCHES_S)]) for n in range(times)]
        with ThreadPoolExecutor(times) as pool:
            return all(ended == (THERE, GONE) for ended in pool.map(self.statuses, texts))


def _switching(text: str, after_s: float | None) -> str:
    """The script with its threads taking turns otherwise; Python 2 has them as they are."""
    if after_s is None:
        return text
    how = f'getattr(sys, "setswitchinterval", bool)({after_s:.6f})'
    return text.replace(_START, f"{how}\n{_START}", 1)


def run_script(text: str, implementation: Implementation) -> ScriptEnd:
    """How a script ends with the implementation's interpreter and module.

    A command of several words (``ssh host python3``) gets it over standard input. It runs in a
    folder of its own, for a wrong server may leave files; a dotted module is looked for in ours.
    """
    with own_folder() as place:
        path = place / "repro.py"
        path.write_text(text, "utf-8")
        is_far = len(implementation.argv) > 1
        script = "-" if is_far else str(path)
        module = implementation.module_path or implementation.module
        program, *words = implementation.argv
        if os.sep in program:
            program = str(Path.cwd() / program)
        command = [program, *words, script, *([module] if module else [])]
        is_dotted = bool(implementation.module) and not implementation.module_path
        folder = "." if is_far or is_dotted else str(place)
        return _ended(command, text if is_far else "", implementation, folder)


def _ended(
    command: Sequence[str], text: str, implementation: Implementation, folder: str
) -> ScriptEnd:
    """Python, too, ends with THERE when it cannot read a script, or its module."""
    with TemporaryFile() as told:  # no pipe: who is forked off may hold it
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=subprocess.DEVNULL,
            env={**implementation.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )
        try:
            process.communicate(text.encode(), timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        told.seek(0)
        printed = told.read().decode("utf-8", "replace")
    is_told = process.returncode != THERE or "observed: " in printed
    return ScriptEnd(process.returncode if is_told else NOT_TOLD, printed)


def shortened(
    write: Writing,
    keys: Iterable[str],
    bench: Bench,
    hang_s: float,
    limit_s: float,
    omit: frozenset[str],
) -> list[frozenset[str]]:
    """``omit``, and more and more of the parts without which the script still showed the
    behaviour, found within ``limit_s``: all that may go at once, then each half of them by itself,
    and so on; the last come first."""
    found = [omit]
    until_s = time.monotonic() + limit_s
    pending = [list(dict.fromkeys(keys))]
    while pending and time.monotonic() < until_s:
        part = pending.pop()
        if not part:
            continue
        less = found[-1] | frozenset(part)
        if bench.may_show(write(less, hang_s).text):
            found.append(less)
        elif len(part) > 1:
            pending += [part[: len(part) // 2], part[len(part) // 2 :]]
    return found
