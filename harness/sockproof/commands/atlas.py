"""Tells, of records, what changed at which version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sockproof._paths import reference_dir
from sockproof.commands.operands import over_records, read_operands
from sockproof.commands.output import open_console
from sockproof.report.atlas_entries import make_atlas
from sockproof.report.atlas_words import atlas_markdown, print_atlas
from sockproof.report.html.changes_view import atlas_html
from sockproof.run.areas import asked_module
from sockproof.run.run_options import RunOptions
from sockproof.whole_file import write_whole

__all__ = ["atlas_command"]


@click.command("atlas")
@over_records
@click.argument("given", metavar="[RECORD]...", nargs=-1)
@click.option("--from", "first", default="", metavar="VERSION", help="The oldest, such as 3.8.")
@click.option("--to", "last", default="", metavar="VERSION", help="The newest, such as 3.13.")
def atlas_command(
    options: RunOptions,
    given: Sequence[str],
    first: str,
    last: str,
    markdown: Path | None,
    html: Path | None,
    report_dir: Path | None,
) -> None:
    """Tell what changed at which version of Python, in promises, verdicts and observations.

    Each RECORD is a record file, a folder of them, or an implementation, which is played first. The
    default is the records that sockproof ships; with --area socket those of that module.
    """
    shipped = str(reference_dir(asked_module(options.areas)))
    records = read_operands(given or [shipped], options, report_dir)
    atlas = make_atlas(records, first, last)
    print_atlas(atlas, open_console(), index=bool(options.keyword))
    if markdown:
        write_whole(markdown, atlas_markdown(atlas))
    if html:
        write_whole(html, atlas_html(atlas))
