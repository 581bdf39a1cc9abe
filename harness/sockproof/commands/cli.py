"""The command line: its options, its errors in one line, its exit statuses.

==  ==========================================================================================
0   every case as expected
1   a deviation: a FAIL at any level, or an unclean teardown, that no expectation knows of
2   a stale expectation: what was expected is no longer so
3   incomplete, or the harness's own fault: a case in ERROR or INCONCLUSIVE, an implementation
    that cannot be started, a worker that died, an interrupt, standard output that cannot be
    written (see standard_streams)
4   bad usage: a wrong option, an unknown id, nothing selected
==  ==========================================================================================

3 before 1 before 2. The status is never a count.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from sockproof import __version__
from sockproof.commands.bench import print_bench
from sockproof.commands.cli_case import add_case_commands
from sockproof.commands.cli_proof import add_proof_command
from sockproof.commands.cli_records import add_record_commands
from sockproof.commands.doctor import print_doctor
from sockproof.commands.expect import expect, prune
from sockproof.commands.listing import LISTS, explain, list_cases
from sockproof.commands.output import open_console, warn
from sockproof.commands.report import report
from sockproof.commands.run import RunSettings, run
from sockproof.errors import HarnessError, UsageError
from sockproof.generate.options import EXAMPLES, SEED, Generating
from sockproof.run.plan import KEEP

__all__ = ["main", "run_command"]

USAGE_STATUS = UsageError.exit_status
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def run_command(arguments: Sequence[str]) -> int:
    """Carry out one command; every error of its user or of the harness is one line on stderr."""
    try:
        _refuse_missing_folder()
        return int(main(list(arguments), prog_name="sockproof", standalone_mode=False) or 0)
    except HarnessError as error:
        return _complain(str(error), error.exit_status)
    except click.ClickException as error:
        return _complain(
            f"{error.format_message().rstrip('.')}; see 'sockproof --help'", USAGE_STATUS
        )
    except (KeyboardInterrupt, click.Abort):
        return _complain("interrupted", HarnessError.exit_status)
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> int:
    """Python's own status for these, 1, would say "a deviation"."""
    if isinstance(error, PermissionError) and error.filename:
        hint = "name another, or change who may"
        return _complain(f"may not use {error.filename}: permission denied; {hint}", USAGE_STATUS)
    traceback.print_exception(error)
    return _complain(f"a fault of sockproof: {error}", HarnessError.exit_status)


def _refuse_missing_folder() -> None:
    """Hardly anything works where the current folder was removed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder no longer exists", "change to another") from None


def _complain(text: str, status: int) -> int:
    warn(f"error: {text}")
    return status


def _workers(_context: click.Context, _option: click.Parameter, value: str) -> int:
    """``auto`` is twice the cores: a case waits more than it computes."""
    if value == "auto":
        return 2 * (os.cpu_count() or 1)
    if value.isdigit() and int(value) <= 64:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither 'auto' nor a number up to 64")


def _shard(_context: click.Context, _option: click.Parameter, value: str) -> tuple[int, int]:
    """``2/5`` is the second of five parts."""
    number, slash, of = value.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of) <= 1000:
        return int(number), int(of)
    raise click.BadParameter(f"{value!r} is not such as 2/5: the second of five parts")


_iut = click.option(
    "--iut",
    multiple=True,
    metavar="IUT",
    help="Implementation under test: an interpreter (python3.12, pypy3, a path, 'ssh host "
    "python3'), a module (mypackage.servers), a file (./my_socketserver.py), either of these under "
    "another interpreter (my.py@python3.8), or a .toml file. Repeat for several. "
    "[default: the running Python]",
)
_spec = click.option(
    "--spec",
    multiple=True,
    metavar="GLOB",
    help="Server specs to play, such as 'Threading*TCP/inet'. Repeat for several. [default: all]",
)
_keyword = click.option(
    "-k",
    "keyword",
    default="",
    metavar="EXPR",
    help="Cases to play, by parts of their id: 'dispatch/', 'forking and not abstract'.",
)


_report_dir = click.option(
    "--report-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("sockproof-report"),
    show_default=True,
    help="Where records and reports are written.",
)
_strict = click.option(
    "--strict",
    is_flag=True,
    help="An observation that differs from the reference record of the level is a deviation.",
)


@click.group(context_settings=_CONTEXT, no_args_is_help=False)
@click.version_option(__version__, prog_name="sockproof")
def main() -> None:
    """Check that a socketserver keeps its promises: real clients, real sockets, any Python."""


@main.command("run")
@_iut
@_spec
@_keyword
@click.option(
    "-n",
    "workers",
    default="auto",
    metavar="N",
    callback=_workers,
    help="Worker processes; 'auto' is twice the cores, 0 plays in this process. [default: auto]",
)
@click.option(
    "--keep",
    type=click.Choice(KEEP),
    default="fail",
    show_default=True,
    help="Of which cases the record keeps transcript and captured output.",
)
@_report_dir
@click.option(
    "--expectations",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Deviations that are known, in TOML. Repeat for several. Those known of the modules of "
    "CPython and PyPy are always there.",
)
@_strict
@click.option(
    "--shard",
    default="1/1",
    metavar="K/N",
    callback=_shard,
    help="Play the K-th of N parts of the cases; 'sockproof report' puts the records together.",
)
@click.option(
    "--seed",
    default=SEED,
    metavar="N",
    show_default=True,
    help="What generated plans of clients are made from: the same seed, the same plans.",
)
@click.option(
    "--examples",
    default=EXAMPLES,
    metavar="N",
    show_default=True,
    help="Generated plans that each case of the area 'generated' plays.",
)
def run_(
    iut: tuple[str, ...],
    spec: tuple[str, ...],
    keyword: str,
    workers: int,
    keep: str,
    report_dir: Path,
    expectations: tuple[Path, ...],
    strict: bool,
    shard: tuple[int, int],
    seed: int,
    examples: int,
) -> int:
    """Play the cases and write the conformance report."""
    iuts = iut or (sys.executable,)
    return run(
        RunSettings(
            iuts,
            spec,
            keyword,
            workers,
            keep,
            report_dir,
            expectations,
            strict,
            shard,
            Generating(seed, examples),
        )
    )


@main.command("report")
@click.argument(
    "records", metavar="RECORD...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@_report_dir
@_strict
def report_(records: tuple[Path, ...], report_dir: Path, strict: bool) -> int:
    """Make the reports of records (files, or folders of them) again; shards become one record."""
    return report(records, report_dir, strict=strict)


@main.command("expect")
@click.argument(
    "records", metavar="RECORD...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Add the entries to this file. [default: print them]",
)
@click.option("--reason", default="", help="The reason of every entry; to be filled in otherwise.")
@click.option(
    "--prune",
    "prune_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Instead, take out of this file what the records no longer bear out.",
)
def expect_(
    records: tuple[Path, ...], output: Path | None, reason: str, prune_file: Path | None
) -> None:
    """Write down as expectations what deviated in records; several tell since when and until."""
    console = open_console(soft_wrap=True)
    if prune_file:
        gone = prune(prune_file, records)
        for case in gone:
            console.print(f"taken out: {case}", markup=False)
        warn(f"{len(gone)} stale expectations taken out of {prune_file}")
    else:
        n_drafts = expect(console, records, output, reason)
        warn(f"{n_drafts} expectations{f' added to {output}' if output else ''}")


@main.command("list")
@click.option(
    "--requirements", "what", flag_value="requirements", default=True, help="The default."
)
@click.option("--specs", "what", flag_value="specs", help="Server specs.")
@click.option("--cases", "what", flag_value="cases", help="Case ids, as -k and --spec select them.")
@click.option("--iuts", "what", flag_value="iuts", help="Interpreters found on this machine.")
@click.option(
    "--untestable", "what", flag_value="untestable", help="Promises without a case, and why."
)
@_spec
@_keyword
def list_(what: str, spec: tuple[str, ...], keyword: str) -> None:
    """List what there is, one a line."""
    if (spec or keyword) and what != "cases":
        option = "--spec" if spec else "-k"
        raise UsageError(f"{option} selects cases, and --{what} lists none", "give --cases as well")
    console = open_console(soft_wrap=True)
    if what == "cases":
        list_cases(console, spec, keyword)
    else:
        LISTS[what](console)


add_record_commands(main, run_.params)
add_proof_command(main, run_.params)
add_case_commands(main)


@main.command("explain")
@click.argument("id_", metavar="ID")
def explain_(id_: str) -> None:
    """Tell about a requirement or a case: promise, source, specs, and where it is checked."""
    explain(open_console(), id_)


@main.command("doctor")
@_iut
def doctor_(iut: tuple[str, ...]) -> None:
    """Tell which interpreters are here, what they can do, and what cannot be tested, and why."""
    width = None if sys.stdout.isatty() else 200  # a file has no width: paths stay whole
    print_doctor(open_console(soft_wrap=True, width=width), iut)


@main.command("bench")
@click.option("--iut", default=sys.executable, metavar="IUT", help="[default: the running Python]")
@click.option("--cases", default=300, show_default=True, help="Cases for each figure.")
@click.option("-n", "workers", default=2, show_default=True, help="Worker processes.")
def bench_(iut: str, cases: int, workers: int) -> None:
    """Measure what a case costs beside an echo over bare sockets."""
    print_bench(open_console(), iut, cases, workers)
