"""What the command has to say beside its output: lines on standard error."""

from __future__ import annotations

from rich.console import Console

__all__ = ["warn"]


def warn(text: str) -> None:
    """One line on stderr that begins with our name."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(f"sockproof: {' '.join(text.split())}")
