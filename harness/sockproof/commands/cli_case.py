"""The commands over one case: ``replay``, ``repro``, ``pcap`` and ``bisect``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sockproof.commands.bisect import bisect
from sockproof.commands.output import open_console, warn
from sockproof.commands.pcap import write_pcap
from sockproof.commands.replay import replay
from sockproof.commands.repro import write_script_of
from sockproof.commands.stored import Wanted, wanted_case

__all__ = ["add_case_commands"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_given = click.argument("given", metavar="[FILE] [CASE]", nargs=-1, required=True)
_iut = click.option(
    "--iut",
    default="",
    metavar="IUT",
    help="The implementation, as for run. [default: the record's, or the running Python]",
)
_record = click.option(
    "--record", type=_FILE, metavar="FILE", help="The record to hold it against."
)
_seed = click.option(
    "--seed",
    type=int,
    metavar="N",
    help="Of a case that generates plans: generate them from this seed. [default: play the plan "
    "that failed in the record, else from the record's seed, or 1]",
)
_examples = click.option(
    "--examples",
    type=click.IntRange(1),
    metavar="N",
    help="Of a case that generates plans: how many. [default: the record's, or 15]",
)


def _wanted(given: Sequence[str], record: Path | None, **generating: Any) -> Wanted:
    return dataclasses.replace(wanted_case(given, record), **generating)


@click.command("replay")
@_given
@_iut
@_record
@_seed
@_examples
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1, 1000), metavar="N")
@click.option(
    "-o",
    "--output",
    type=_FILE,
    metavar="FILE",
    help="Keep what is played as a record; in FILE.json, the plan of generated clients.",
)
@click.option(
    "--capture",
    type=_FILE,
    metavar="FILE",
    help="Capture its packets on the loopback interface, as pcapng; takes CAP_NET_RAW.",
)
def _replay(
    given: tuple[str, ...],
    iut: str,
    record: Path | None,
    repeat: int,
    output: Path | None,
    capture: Path | None,
    **generating: Any,
) -> int:
    """Play one case again, and say whether it ends as a record has it, or as promised.

    A case is named by its id, 'area/name[spec,variant]'; FILE is a record, or a plan of generated
    clients. Of a record in which one case deviates, it is that one. The first step that is not as
    stored is marked.
    """
    console = open_console(soft_wrap=True)
    return replay(console, _wanted(given, record, **generating), iut, repeat, output, capture)


@click.command("repro")
@_given
@_iut
@_record
@_seed
@_examples
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
    given: tuple[str, ...],
    iut: str,
    record: Path | None,
    output: Path | None,
    shorten: float,
    **generating: Any,
) -> int:
    """Write a stand-alone script that shows what a case finds: one file, standard library alone.

    It ends with 1 while the behaviour is there, with 0 when it is gone.
    """
    console = open_console(soft_wrap=True)
    write_script_of(console, _wanted(given, record, **generating), iut, output, shorten)
    return 0


@click.command("pcap")
@_given
@_iut
@_record
@_seed
@_examples
@click.option("-o", "--output", type=_FILE, metavar="FILE", required=True, help="The pcapng file.")
def _pcap(
    given: tuple[str, ...], iut: str, record: Path | None, output: Path, **generating: Any
) -> int:
    """Write the transcript of a case as a packet capture for Wireshark, synthesised.

    A case that is not of a record (made with --keep all) is played first.
    """
    count = write_pcap(_wanted(given, record, **generating), iut, output)
    warn(f"{count} packets in {output}, synthesised from the transcript")
    return 0


@click.command("bisect")
@click.argument("case", metavar="CASE")
@click.option("--iut", "iuts", multiple=True, metavar="IUT", help="In this order; repeat it.")
@_seed
@_examples
def _bisect(case: str, iuts: tuple[str, ...], **generating: Any) -> int:
    """Play one case on implementations in order; tell each result, and where it first changed.

    Ends with 1 when something changed.
    """
    return bisect(open_console(soft_wrap=True), _wanted([case], None, **generating), iuts)


def add_case_commands(group: click.Group) -> None:
    """Add the commands to the command line."""
    for command in (_replay, _repro, _pcap, _bisect):
        group.add_command(command)
