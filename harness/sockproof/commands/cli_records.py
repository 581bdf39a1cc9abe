"""The commands over records, ``compare`` and ``atlas``, which may play implementations first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from sockproof.commands.atlas import print_atlas_of
from sockproof.commands.compare import Pages, compare_records
from sockproof.commands.operands import Operands

__all__ = ["add_record_commands"]

_SHARED = ("spec", "keyword", "workers", "expectations")
"""The options of ``run`` that say how an implementation is played, by their parameters' names."""


def _file(name: str, what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option(name, type=kind, metavar="FILE", help=f"Write {what}, too.")


_markdown = _file("--markdown", "it in Markdown, as for a CI page")
_html = _file("--html", "it as a page that works offline")
_report_dir = click.option(
    "--report-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the records of what is played here, numbered. [default: they are not kept]",
)


@click.argument("given", metavar="A B...", nargs=-1, required=True)
@click.option(
    "--gate",
    is_flag=True,
    help="End with 1 on a regression: newly failing, newly unclean, a case at MUST or SHOULD gone; "
    "and with 3 where a record is incomplete, or a case no longer known.",
)
@_markdown
@_html
@_report_dir
def _compare(
    given: tuple[str, ...],
    gate: bool,
    markdown: Path | None,
    html: Path | None,
    report_dir: Path | None,
    **playing: Any,
) -> int:
    """Hold records against the first of them: verdicts, messages, observations.

    Each is a record file, a folder of one, or an implementation as --iut takes it, which is played
    first.
    """
    operands = _operands(report_dir, **playing)
    return compare_records(given, operands, Pages(markdown, html), gate=gate)


@click.argument("given", metavar="[RECORD]...", nargs=-1)
@click.option("--from", "first", default="", metavar="VERSION", help="The oldest, such as 3.8.")
@click.option("--to", "last", default="", metavar="VERSION", help="The newest, such as 3.13.")
@_markdown
@_html
@_report_dir
def _atlas(
    given: tuple[str, ...],
    first: str,
    last: str,
    markdown: Path | None,
    html: Path | None,
    report_dir: Path | None,
    **playing: Any,
) -> None:
    """Tell what changed at which version of Python, in promises, verdicts and observations.

    Of record files, folders of them, and implementations, which are played first; by default of
    the records that sockproof ships.
    """
    pages = Pages(markdown, html)
    print_atlas_of(given, _operands(report_dir, **playing), pages, first, last)


def _operands(
    report_dir: Path | None,
    spec: tuple[str, ...],
    keyword: str,
    workers: int,
    expectations: tuple[Path, ...],
) -> Operands:
    return Operands(spec, keyword, workers, expectations, report_dir)


def add_record_commands(group: click.Group, of_run: Sequence[click.Parameter]) -> None:
    """Add the commands; ``of_run`` are the parameters of ``run``, of which they share some."""
    shared = [parameter for parameter in of_run if parameter.name in _SHARED]
    for name, function in (("compare", _compare), ("atlas", _atlas)):
        group.command(name, params=list(shared))(function)
