"""The command, ``sockproof`` or ``python -m sockproof``."""

from __future__ import annotations

import os
import signal
import sys

from sockproof.errors import HarnessError
from sockproof.run.lifetime import Interrupt, interrupt_by, interrupted
from sockproof.standard_streams import output_fault, take_over

__all__ = ["main"]

_INCOMPLETE = HarnessError.exit_status
_ENDINGS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Run the command line of this process, and exit with its status."""
    status = _INCOMPLETE
    try:
        interrupt_by(*_ENDINGS)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, children leave no status
        take_over()
        # To processes that multiprocessing starts: a socket.py in the current folder is the user's.
        os.environ["PYTHONSAFEPATH"] = "1"
        from sockproof.commands.cli import (
            run_command,  # takes its time: interrupts are heeded before
        )

        status = _printed(_whole(run_command(sys.argv[1:])))
        _decide()
    except Interrupt:
        _decide()
        _say("interrupted")
    except ImportError as error:  # Python's own status for it, 1, would say "a deviation"
        _say(f"cannot be loaded: {error}; install sockproof again")
    sys.exit(status)


def _decide() -> None:
    """Nothing changes any more what it ends with: Python lets a signal kill it while it ends."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def _whole(status: int) -> int:
    """The status, or that of what is incomplete: it was interrupted, and Python told nobody."""
    if status < _INCOMPLETE and interrupted():
        _say("interrupted")
        return _INCOMPLETE
    return status


def _printed(status: int) -> int:
    """The status, or that of what is incomplete: what was printed has not arrived as a whole."""
    fault = output_fault()
    if fault is None:
        return status
    _say(f"cannot write to standard output: {os.strerror(fault.errno or 0)}; send it elsewhere")
    return max(status, _INCOMPLETE)


def _say(text: str) -> None:
    print(f"sockproof: error: {text}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
