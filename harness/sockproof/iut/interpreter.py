"""Starts the interpreter of an implementation, in a session of its own."""

from __future__ import annotations

import os
import select
import subprocess
import time
from typing import IO

from sockproof.errors import IutUnavailable
from sockproof.iut.bundle import first_command
from sockproof.iut.implementation import Implementation
from sockproof.iut.started import take_down
from sockproof.iut.survivor import keep

__all__ = ["start_interpreter", "write_all"]


def start_interpreter(
    implementation: Implementation, *, stderr: int, **variables: str
) -> subprocess.Popen[bytes]:
    """It reads its program from the standard input; ``stderr`` is as :class:`subprocess.Popen` has
    it, ``variables`` are added to its environment.

    Raises:
        IutUnavailable: the command does not start.
    """
    command = first_command(implementation.argv)
    try:
        keep()
        process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**implementation.environment(), **variables},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # a NUL in a word or a variable
        why = error.strerror if isinstance(error, OSError) else error
        raise IutUnavailable(
            f"{implementation.given}: cannot start {command[0]}: {why}",
            "give a command that runs a Python",
        ) from None
    take_down(process)
    return process


def write_all(stdin: IO[bytes], data: bytes, bound_s: float) -> None:
    """All of it to the standard input, which has no buffer, but may be full: not every command
    that a user names reads it.

    Raises:
        TimeoutError: nobody has taken all of it within ``bound_s``. OSError: nobody reads any more.
    """
    os.set_blocking(stdin.fileno(), False)
    limit_s = time.monotonic() + bound_s
    view = memoryview(data)
    while view := view[stdin.write(view) or 0 :]:
        waits_s = max(0.0, limit_s - time.monotonic())
        if not select.select([], [stdin], [], waits_s)[1]:
            raise TimeoutError(f"{len(view)} octets not taken within {bound_s:g} s")
