"""A program that is started to say something and end; nothing of its group goes on after that."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sockproof.iut.started import take_down
from sockproof.iut.survivor import keep

__all__ = ["ProgramSaid", "said_by"]


@dataclass(frozen=True)
class ProgramSaid:
    """What it said on both of its streams; ``status`` is None where it did not end in time, and
    then it has said nothing."""

    status: int | None
    stdout: str = ""
    stderr: str = ""


def said_by(
    words: Sequence[str], within_s: float, env: Mapping[str, str] | None = None
) -> ProgramSaid:
    """Start it, in a session of its own, and wait for its end.

    Raises:
        OSError: it cannot be started.
    """
    keep()
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=env,
        start_new_session=True,
    ) as process:
        take_down(process)
        try:
            stdout, stderr = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            return ProgramSaid(None)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    return ProgramSaid(process.returncode, stdout, stderr)
