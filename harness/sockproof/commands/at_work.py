"""On a terminal: what a command is at, and for how long. In pipes and files nothing: only what is
found is told there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.control import Control
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import ControlType

from sockproof.commands.output import open_console

__all__ = ["at_work", "say_first"]

_EMPTIED = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))


@contextmanager
def at_work(what: str) -> Iterator[Callable[[str], None] | None]:
    """For the length of the block a line that moves, on standard error, and a function that tells
    anew what it is at; None where there is no terminal. Nothing else is printed meanwhile."""
    console = open_console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Bar(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as bar:
        task = bar.add_task(what)
        yield lambda told: bar.update(task, description=told)


@contextmanager
def say_first(what: str) -> Iterator[None]:
    """A line that stands still, for what must have one thread alone."""
    console = open_console(stderr=True)
    if not console.is_terminal:
        yield
        return
    console.print(f"  {what} ...", end="")
    try:
        yield
    finally:
        console.control(_EMPTIED)
