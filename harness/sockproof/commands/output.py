"""What a command prints, on consoles that take text as it is, and the files that it writes."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sockproof.errors import UsageError
from sockproof.visible_text import visible

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["NewFile", "examples_file", "free_file", "open_console", "refuse_existing", "warn"]


class NewFile(click.Path):
    """The type of an option that names a file to write: better refused before anything is played
    than after it."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        path = Path(str(super().convert(str(value), param, ctx)))
        folder = path.absolute().parent
        if not folder.is_dir():
            raise UsageError(f"cannot write {path}: no folder {path.parent}", "make it first")
        if not os.access(path if path.exists() else folder, os.W_OK):
            told = f"cannot write {path}: permission denied"
            raise UsageError(told, "name another, or change who may")
        return path


def examples_file(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that writes a file of examples: ``output`` and ``force``."""
    force = click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
    return click.option(
        "-o",
        "--output",
        type=NewFile(),
        default="exchanges.toml",
        show_default=True,
        metavar="FILE",
        help="The file of examples.",
    )(force(command))


def refuse_existing(path: Path, *, force: bool) -> None:
    """Unless it is to be overwritten.

    Raises:
        UsageError: it is there.
    """
    if path.exists() and not force:
        raise UsageError(f"{path} is there already", "name another with -o, or add --force")


def free_file(path: Path) -> Path:
    """The file, or one beside it with a number, if somebody has made it meanwhile."""
    numbers = itertools.count(2)
    found = path
    while found.exists():
        found = path.with_stem(f"{path.stem}-{next(numbers)}")
    return found


def open_console(
    *, stderr: bool = False, soft_wrap: bool = False, width: int | None = None
) -> Console:
    """A console whose text is text, whoever said it; an error needs none."""
    from sockproof.commands.visible_console import VisibleConsole  # rich takes its time

    stream = sys.stderr if stderr else sys.stdout
    return VisibleConsole(stream, soft_wrap=soft_wrap, width=width)


def warn(text: str) -> None:
    """One line on stderr that begins with our name."""
    click.echo(f"sockproof: {visible(' '.join(text.split()))}", err=True)
