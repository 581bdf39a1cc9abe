"""Runs the command as its user does, in a process of its own, and tells what became of it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sockproof
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow

__all__ = [
    "AS_IN_A_TERMINAL",
    "DEADLINE_S",
    "HANDLED",
    "HARNESS",
    "REFUSED",
    "REPORTS",
    "SPEC",
    "Ended",
    "Mark",
    "case_of",
    "command",
    "environment",
    "in_terminal",
    "living",
    "parent_of",
    "play",
    "records_in",
    "sockproof_",
    "started",
    "started_command",
    "started_into",
    "wait_until",
]

HARNESS = Path(sockproof.__file__).parents[1]
DEADLINE_S = 150
"""No run here takes a tenth of this where nobody else computes."""

SPEC = "ThreadingTCP/inet"
"""What the partners break; the smoke exchange is played over another."""
HANDLED = "threading/threads-share-the-server"
REFUSED = "dispatch/refused-request-is-closed"
"""A requirement whose case needs handlers, and one whose case never comes to one."""
REPORTS = {"report.html", "summary.md", "junit.xml", "badge.json"}


@dataclass(frozen=True)
class Ended:
    """A command that has ended: exit status, and what it wrote."""

    status: int
    stdout: str
    stderr: str

    @property
    def error(self) -> str:
        """The one line it has to say; fails if there is another, or a traceback."""
        assert "Traceback" not in self.stderr, self.stderr
        (line,) = self.stderr.splitlines()
        assert line.startswith("sockproof: error: ")
        return line.removeprefix("sockproof: error: ")


def command(*arguments: str) -> list[str]:
    """What a shell would start."""
    return [sys.executable, "-m", "sockproof", *arguments]


AS_IN_A_TERMINAL = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # nohup has it ignored
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Heeds Ctrl-C and a hang-up, also where we were told to ignore them: by ``nohup`` or ``run &``."""


def environment(**variables: str) -> dict[str, str]:
    """The environment of a user's shell: nothing of the run of pytest that we are part of."""
    dropped = ("PYTEST_", "SOCKPROOF_", "COLUMNS")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "PYTHONPATH": str(HARNESS), **variables}


def sockproof_(folder: Path, *arguments: str, **variables: str) -> Ended:
    """Run ``sockproof ARGUMENTS`` in ``folder``, with these environment variables."""
    ended = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def play(
    folder: Path,
    iuts: Sequence[str],
    *requirements: str,
    options: Sequence[str] = ("-n", "2", "--spec", SPEC),
    **variables: str,
) -> Ended:
    """``sockproof run`` of these requirements; the records are in ``folder/out``."""
    chosen = [f"--iut={iut}" for iut in iuts or [sys.executable]]
    keyword = " or ".join(requirements or (HANDLED, REFUSED))
    return sockproof_(
        folder, "run", *chosen, "-k", keyword, "--report-dir", "out", *options, **variables
    )


def started(
    folder: Path, iuts: Sequence[str], *options: str, **variables: str
) -> subprocess.Popen[bytes]:
    """The same as :func:`play`, left running as :func:`started_command` does."""
    chosen = [f"--iut={iut}" for iut in iuts]
    selection = ["-k", f"{HANDLED} or {REFUSED}", "--spec", SPEC, "--report-dir", "out"]
    return started_command(
        folder, "run", *chosen, *selection, *(options or ("-n", "2")), **variables
    )


def started_command(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    """``sockproof ARGUMENTS``, left running, in a session of its own as a terminal gives one.

    What it prints goes to ``folder/printed``.
    """
    return _started(folder, arguments, variables, subprocess.STDOUT)


def started_into(
    output: int, folder: Path, *arguments: str, **variables: str
) -> subprocess.Popen[bytes]:
    """The same as :func:`started_command`; its standard output goes to this descriptor."""
    return _started(folder, arguments, variables, output)


class _Started(subprocess.Popen[bytes]):
    """Is not waited for by a test that has failed."""

    def __exit__(self, kind: type[BaseException] | None, *more: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, *more)


def _started(
    folder: Path, arguments: Sequence[str], variables: Mapping[str, str], output: int
) -> subprocess.Popen[bytes]:
    with (folder / "printed").open("wb") as printed:
        return _Started(
            [sys.executable, "-c", AS_IN_A_TERMINAL, *command(*arguments)],
            cwd=folder,
            env=environment(**variables),
            stdout=printed if output == subprocess.STDOUT else output,
            stderr=printed,
            start_new_session=True,
        )


def in_terminal(command: Sequence[str], columns: int, **started: Any) -> Ended:
    """Run a command, started as Popen is told, whose whole output is a terminal of that width."""
    controlling, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, **started) as process:
        os.close(terminal)
        printed = b"".join(iter(lambda: _read(controlling), b""))
        status = process.wait(DEADLINE_S)
    os.close(controlling)
    return Ended(status, printed.decode("utf-8", "replace"), "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody has the other side open any more
        return b""


def wait_until(condition: Callable[[], object]) -> None:
    """Look again and again; fails past the deadline."""
    pause, limit_s = threading.Event(), time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < limit_s, "it never came to pass"
        pause.wait(0.02)


def records_in(folder: Path) -> Mapping[str, Record]:
    """The records of ``folder/out`` by the id of their implementation."""
    found = [read_record(path) for path in sorted((folder / "out").glob("*.jsonl"))]
    return {record.iut_id: record for record in found}


def case_of(record: Record, requirement: str, spec: str = SPEC) -> CaseRow:
    """The case of a requirement, which must have been recorded."""
    row = record.case(f"{requirement}[{spec}]")
    assert row is not None, f"{requirement} is not in {record.path}"
    return row


@dataclass(frozen=True)
class Mark:
    """A variable in the environment of a run, by which everything that it started is found."""

    value: str

    @classmethod
    def new(cls) -> Mark:
        return cls(uuid.uuid4().hex)

    @property
    def variables(self) -> dict[str, str]:
        return {"SELFTEST_MARK": self.value}


def living(mark: Mark) -> Iterator[int]:
    """The processes that carry a mark; those that have ended and were not yet reaped carry none."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.value.encode("ascii") in (folder / "environ").read_bytes():
                yield int(folder.name)


def parent_of(pid: int) -> int:
    """The process id of a living process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
