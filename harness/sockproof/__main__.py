"""The command, ``sockproof`` or ``python -m sockproof``."""

from __future__ import annotations

import os
import signal
import sys

from sockproof.errors import HarnessError
from sockproof.lifetime import Interrupt, interrupt_by
from sockproof.standard_streams import output_fault, take_over

__all__ = ["main"]

_INCOMPLETE = HarnessError.exit_status


def main() -> None:
    """Run the command line of this process, and exit with its status."""
    try:
        interrupt_by(signal.SIGINT)
        take_over()
        from sockproof.cli import run_command  # takes its time: interrupts are heeded before

        status = _printed(run_command(sys.argv[1:]))
        # What it ends with is decided. Python lets a signal kill it while it ends.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    except Interrupt:
        _say("interrupted")
        status = _INCOMPLETE
    sys.exit(status)


def _printed(status: int) -> int:
    """The status, or that of what is incomplete: what was printed has not arrived as a whole."""
    fault = output_fault()
    if fault is None:
        return status
    _say(f"cannot write to standard output: {os.strerror(fault.errno or 0)}; make room for it")
    return max(status, _INCOMPLETE)


def _say(text: str) -> None:
    print(f"sockproof: error: {text}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
