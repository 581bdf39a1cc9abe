"""What the command prints: on consoles that take text as it is, and lines on standard error."""

from __future__ import annotations

from rich.console import Console

__all__ = ["open_console", "warn"]


def open_console(
    *, stderr: bool = False, soft_wrap: bool = False, width: int | None = None
) -> Console:
    """A console whose text is text: no path and no message is taken for markup or emoji."""
    return Console(
        stderr=stderr,
        soft_wrap=soft_wrap,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
    )


def warn(text: str) -> None:
    """One line on stderr that begins with our name."""
    open_console(stderr=True, soft_wrap=True).print(f"sockproof: {' '.join(text.split())}")
