"""The command, ``sockproof`` or ``python -m sockproof``."""

from __future__ import annotations

import signal
import sys

from sockproof.cli import run_command
from sockproof.lifetime import interrupt_by

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process, and exit with its status."""
    interrupt_by(signal.SIGINT)
    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
