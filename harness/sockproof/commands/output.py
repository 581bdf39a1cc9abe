"""What the command prints. Its reader may go away at any time, as in ``sockproof run | head``."""

from __future__ import annotations

import os

from rich.console import Console

__all__ = ["Output", "warn"]


class Output(Console):
    """A console that goes on without a reader: what is printed never changes how a run ends."""

    def on_broken_pipe(self) -> None:
        """From now on print to nowhere."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


def warn(text: str) -> None:
    """One line on stderr that begins with our name."""
    console = Output(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(f"sockproof: {' '.join(text.split())}")
