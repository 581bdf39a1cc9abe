"""Writes a stand-alone script that shows what a case found, without sockproof."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from sockproof.commands.check_reproducing import make_check_script
from sockproof.commands.output import NewFile, open_console
from sockproof.commands.reproducing import make_script
from sockproof.commands.stored import Wanted, over_one_case
from sockproof.errors import UsageError
from sockproof.repro.bug_report import bug_report
from sockproof.run.record_header import without_home
from sockproof.whole_file import write_whole

__all__ = ["repro_command"]


@click.command("repro")
@over_one_case
@click.option(
    "-o",
    "--output",
    type=NewFile(),
    metavar="FILE",
    help="The file to write. [default: print the script]",
)
@click.option(
    "--report",
    type=NewFile(),
    metavar="FILE",
    help="Write a bug report, too, in Markdown: promise, what happens, script, its output.",
)
@click.option(
    "--shorten",
    "shorten_s",
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to try what can be left out of it.",
)
def repro_command(
    wanted: Wanted, output: Path | None, report: Path | None, shorten_s: float
) -> None:
    """Write a stand-alone script that shows what a case finds: one file, standard library alone.

    The script ends with 1 while the behaviour is there, and with 0 when it is gone.
    """
    console = open_console(soft_wrap=True)
    if wanted.is_check:
        _write_check_script(wanted, console, output, report)
        return
    written = make_script(wanted, shorten_s)
    if report:
        name = output.name if output else "repro.py"
        text = bug_report(written.text, name, written.about, written.bench)
        write_whole(report, without_home(text))
    if output is None:
        console.out(written.text, end="", highlight=False)
        return
    write_whole(output, written.text)
    console.print(f"  {output}: {len(written.text.splitlines())} lines", markup=False)
    if report:
        console.print(f"  {report}: a bug report, with the script and what it prints", markup=False)
    console.print(f"  it expects {written.expected}", markup=False)


def _write_check_script(
    wanted: Wanted, console: Console, output: Path | None, report: Path | None
) -> None:
    """Of a case of a check, which no other module of Python is held against."""
    if report:
        raise UsageError("--report is of a module", "a check writes findings.json and report.html")
    written = make_check_script(wanted)
    if output is None:
        console.out(written.text, end="", highlight=False)
        return
    write_whole(output, written.text)
    console.print(f"  {output}: {len(written.text.splitlines())} lines", markup=False)
    console.print(f"  {written.tried}", markup=False)
