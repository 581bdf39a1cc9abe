"""The commands over one case: ``replay``, ``repro``, ``pcap`` and ``bisect``."""

from __future__ import annotations

from pathlib import Path

import click

from sockproof.commands.bisect import bisect
from sockproof.commands.output import Output, warn
from sockproof.commands.pcap import write_pcap
from sockproof.commands.replay import replay
from sockproof.commands.repro import write_script_of
from sockproof.commands.stored import wanted_case

__all__ = ["add_case_commands"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_given = click.argument("given", metavar="[RECORD] [CASE]", nargs=-1, required=True)
_iut = click.option(
    "--iut",
    default="",
    metavar="IUT",
    help="The implementation, as for run. [default: the record's, or the running Python]",
)
_record = click.option(
    "--record", type=_FILE, metavar="FILE", help="The record to hold it against."
)


@click.command("replay")
@_given
@_iut
@_record
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1, 1000), metavar="N")
@click.option("-o", "--output", type=_FILE, metavar="FILE", help="Keep what is played as a record.")
def _replay(
    given: tuple[str, ...], iut: str, record: Path | None, repeat: int, output: Path | None
) -> int:
    """Play one case again, and say whether it ends as a record has it, or as promised.

    A case is named by its id, 'area/name[spec,variant]'. Of a record in which one case deviates,
    it is that one. The first step that is not as stored is marked.
    """
    console = Output(highlight=False, soft_wrap=True)
    return replay(console, wanted_case(given, record), iut, repeat, output)


@click.command("repro")
@_given
@_iut
@_record
@click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="Where to write it. [default: print it]"
)
@click.option(
    "--shorten",
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to try what can be left out of it.",
)
def _repro(
    given: tuple[str, ...], iut: str, record: Path | None, output: Path | None, shorten: float
) -> int:
    """Write a stand-alone script that shows what a case finds: one file, standard library alone.

    It ends with 1 while the behaviour is there, with 0 when it is gone.
    """
    console = Output(highlight=False, soft_wrap=True)
    write_script_of(console, wanted_case(given, record), iut, output, shorten)
    return 0


@click.command("pcap")
@_given
@_iut
@_record
@click.option("-o", "--output", type=_FILE, metavar="FILE", required=True, help="The pcapng file.")
def _pcap(given: tuple[str, ...], iut: str, record: Path | None, output: Path) -> int:
    """Write the transcript of a case as a packet capture for Wireshark, synthesised.

    A case that is not of a record (made with --keep all) is played first.
    """
    count = write_pcap(wanted_case(given, record), iut, output)
    warn(f"{count} packets in {output}, synthesised from the transcript")
    return 0


@click.command("bisect")
@click.argument("case", metavar="CASE")
@click.option("--iut", "iuts", multiple=True, metavar="IUT", help="In this order; repeat it.")
def _bisect(case: str, iuts: tuple[str, ...]) -> int:
    """Play one case on implementations in order; tell each result, and where it first changed.

    Ends with 1 when something changed.
    """
    return bisect(Output(highlight=False, soft_wrap=True), wanted_case([case]).case, iuts)


def add_case_commands(group: click.Group) -> None:
    """Add the commands to the command line."""
    for command in (_replay, _repro, _pcap, _bisect):
        group.add_command(command)
